"""What loading must not do to the process."""

DENORMAL = """
import sys
from plugdeck.dialects.opening import open_plugin
plugin = open_plugin(sys.argv[1])
smallest = 5e-324
print(smallest * 1 > 0, plugin.symbols != ())
"""


def test_a_library_built_for_fast_arithmetic_leaves_ours_alone(plugin_file, run_python):
    """gcc links a constructor into -Ofast libraries that flushes small numbers to zero for the whole thread."""
    source = '__attribute__((visibility("default"))) double Half(double x) { return x / 2; }'
    fast = plugin_file(source, flags=("-Ofast",))
    spoilt = """
import ctypes, sys
ctypes.CDLL(sys.argv[1])
print(5e-324 * 1 > 0)
"""
    assert run_python(DENORMAL, fast) == "True True"
    assert run_python(spoilt, fast) == "False", "the compiler no longer does this; the test shows nothing"


def test_a_constructor_that_sets_the_locale_leaves_ours_alone(plugin_file, run_python):
    """C.UTF-8 is on every Linux; what counts is that the name of the locale is as it was."""
    file = plugin_file(
        "#include <locale.h>\n"
        '__attribute__((visibility("default"))) int Changed;'
        '__attribute__((constructor)) static void set(void) { Changed = setlocale(LC_ALL, "C.UTF-8") != 0; }'
    )
    code = """
import locale, sys
from plugdeck.dialects.opening import open_plugin
locale.setlocale(locale.LC_ALL, "C")
print(open_plugin(sys.argv[1]).lookup("Changed").assume("int").value, locale.setlocale(locale.LC_ALL))
"""
    assert run_python(code, file) == "1 C"


def test_opening_parses_no_c_declarations(counting, run_python):
    code = """
import sys
from plugdeck.dialects.opening import open_plugin
from plugdeck.dialects.sdk.bind import bind
open_plugin(sys.argv[1]).lookup("Generation").expect("int(void)")()
print(*[name for name in ("cffi", "pycparser", "ctypes", "PySide6") if name in sys.modules])
"""
    assert run_python(code, counting()) == ""
