"""Names, kinds and types of a loaded plugin's symbols."""

import threading

import pytest

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.opening import manifest_of, open_plugin
from plugdeck.errors import PlugdeckError, SymbolNotFoundError, SymbolTypeError
from plugdeck.runtime.native import ffi

SOURCE = """
#include "plugdeck.h"
#include <string.h>
PD_PLUGIN("symbols", "1.0.0", "test", "MIT", "Symbols of every kind.")
PD_FUNCTION(int, Add, (int left, int right))
PD_FUNCTION(void, Bump, (void))
PD_FUNCTION(pd_image, Resize, (pd_image image, double factor))
PD_FUNCTION(uint32_t, Half, (uint32_t value))
PD_FUNCTION(struct tm *, Strange, (void))
PD_VARIABLE(int, Count)
int Add(int left, int right) { return left + right; }
int Count = 5;
void Bump(void) { Count++; }
uint32_t Half(uint32_t value) { return value / 2; }
struct tm *Strange(void) { return 0; }
pd_image Resize(pd_image image, double factor) {
  image.width = (int32_t)(image.width * factor);
  image.scale = factor;
  return image;
}
PD_EXPORT int Undeclared(int value) { return value * 2; }
PD_EXPORT double Plain = 1.5;
PD_EXPORT __thread int PerThread = 3;
int Hidden(void) { return 0; }
"""


@pytest.fixture
def plugin(plugin_file):
    return open_plugin(plugin_file(SOURCE))


def test_symbols_are_the_exported_ones_by_name(plugin):
    assert [symbol.name for symbol in plugin.symbols] == [
        *("Add", "Bump", "Count", "Half", "PerThread", "Plain", "Resize", "Strange", "Undeclared")
    ]


def test_a_symbol_knows_its_kind_and_its_declared_type(plugin):
    add, count, undeclared = map(plugin.lookup, ("Add", "Count", "Undeclared"))
    assert (add.kind, add.c_type) == (SymbolKind.FUNCTION, "int(int left, int right)")
    assert (count.kind, count.c_type) == (SymbolKind.VARIABLE, "int")
    assert (undeclared.kind, undeclared.c_type) == (SymbolKind.FUNCTION, None)
    assert add.address and plugin.lookup("Add") is add


def test_a_missing_name_is_named_with_its_plugin_and_with_what_was_meant(plugin):
    with pytest.raises(SymbolNotFoundError, match=r"^symbol Ad not found in plugin plugin\.so$") as caught:
        plugin.lookup("Ad")
    assert caught.value.remedy == "Did you mean Add?"
    with pytest.raises(LookupError) as caught:
        plugin.lookup("bump")
    assert caught.value.remedy == "Did you mean Bump?"


@pytest.mark.parametrize("name", ["Hidden", "printf", "strlen", "", "Add\0", "nothing like it", "Ünïcode"])
def test_what_the_plugin_itself_does_not_export_is_not_found(plugin, name):
    """The loader would find ``printf`` in a library that the plugin needs."""
    with pytest.raises(SymbolNotFoundError):
        plugin.lookup(name)


def test_an_expected_function_can_be_called(plugin):
    assert plugin.lookup("Add").expect("int(int, int)")(2, 3) == 5
    assert plugin.lookup("Half").expect("unsigned(unsigned)")(9) == 4


def test_arguments_of_the_wrong_type_are_refused(plugin):
    add = plugin.lookup("Add").expect("int(int, int)")
    for arguments in ((1,), (1, 2, 3), (1, "2"), (1, 2.5)):
        with pytest.raises(TypeError):
            add(*arguments)
    with pytest.raises(OverflowError):
        add(1, 2**31)


def test_structures_pass_by_value(plugin):
    resize = plugin.lookup("Resize").expect("pd_image(pd_image, double)")
    image = ffi.new("pd_image *", {"width": 10, "height": 7})
    result = resize(image[0], 0.5)
    assert (result.width, result.height, result.scale) == (5, 7, 0.5)
    assert image.width == 10


@pytest.mark.parametrize("c_type", ["int(int)", "int(int, unsigned)", "void(int, int)", "int", "int(*)(int, int)"])
def test_another_type_is_refused_with_both_types_named(plugin, c_type):
    with pytest.raises(SymbolTypeError) as caught:
        plugin.lookup("Add").expect(c_type)
    assert str(caught.value) == (
        f"symbol Add of plugin plugin.so is declared as int(int left, int right); expected {c_type}"
    )
    assert caught.value.expected == c_type
    assert caught.value.declared == "int(int left, int right)"
    assert isinstance(caught.value, TypeError)


def test_a_symbol_without_a_declared_type_is_not_asserted_but_can_be_assumed(plugin):
    undeclared = plugin.lookup("Undeclared")
    with pytest.raises(SymbolTypeError, match="has no declared type"):
        undeclared.expect("int(int)")
    assert undeclared.assume("int(int)")(21) == 42
    assert plugin.lookup("Plain").assume("double").value == 1.5


@pytest.mark.parametrize(
    ("name", "c_type", "reason"),
    [
        ("Undeclared", "int", "is a function"),
        ("Plain", "double(void)", "is a variable"),
        ("Plain", "double[2]", "has 8 bytes"),
        ("Plain", "pd_image", "has 8 bytes"),
        ("Plain", "no_such_type", "undefined type name"),
        ("PerThread", "int", "thread-local"),
        ("Plain", "void", "has no size"),
    ],
)
def test_an_assumption_that_cannot_be_true_is_refused(plugin, name, c_type, reason):
    with pytest.raises(SymbolTypeError, match=reason):
        plugin.lookup(name).assume(c_type)


def test_a_declared_type_that_is_not_known_here_is_refused(plugin):
    with pytest.raises(SymbolTypeError, match=r"cannot be used as struct tm \*\(void\), which is not known here"):
        plugin.lookup("Strange").expect("int(void)")


def test_what_is_made_once_is_made_once(plugin):
    made = []
    start = threading.Barrier(8)

    def ask():
        start.wait()
        plugin.once("key", lambda: made.append(1))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_a_library_without_plugin_data_opens_and_declares_nothing(plugin_file):
    plugin = open_plugin(plugin_file('__attribute__((visibility("default"))) int f(void) { return 4; }'))
    assert manifest_of(plugin).symbols == ()
    assert plugin.lookup("f").c_type is None
    assert plugin.lookup("f").assume("int(void)")() == 4


def test_a_plugin_that_breaks_its_own_contract_is_refused_before_its_code_runs(plugin_file, constructor_runs):
    source = """
        #include "plugdeck.h"
        PD_PLUGIN("broken", "1.0.0", "test", "MIT", "Declares what it does not have.")
        PD_FUNCTION(int, Missing, (void))
    """
    with pytest.raises(PlugdeckError, match="declares the function Missing, but does not export it") as caught:
        open_plugin(plugin_file(source))
    assert caught.value.remedy


def test_a_manifest_is_that_of_the_loaded_code(plugin, open_plain, plugin_file):
    assert manifest_of(plugin).name == "symbols"
    with pytest.raises(TypeError, match="was not opened by open_plugin"):
        manifest_of(open_plain(plugin_file(SOURCE, name="other.so")))


def test_of_several_versions_of_a_name_the_default_one_is_found(plugin_file, tmp_path):
    script = tmp_path / "versions.map"
    script.write_text("V1 { global: f; }; V2 { global: f; } V1;")
    source = """
        __asm__(".symver f_old, f@V1");
        __asm__(".symver f_new, f@@V2");
        __attribute__((visibility("default"))) int f_old(void) { return 1; }
        __attribute__((visibility("default"))) int f_new(void) { return 2; }
    """
    plugin = open_plugin(plugin_file(source, flags=(f"-Wl,--version-script={script}",)))
    assert plugin.lookup("f").assume("int(void)")() == 2
    assert "f" in {symbol.name for symbol in plugin.symbols}


def test_an_indirect_function_is_a_function(plugin_file):
    source = """
        static int chosen(void) { return 8; }
        static int (*choose(void))(void) { return chosen; }
        __attribute__((visibility("default"), ifunc("choose"))) int Fast(void);
    """
    fast = open_plugin(plugin_file(source)).lookup("Fast")
    assert fast.kind is SymbolKind.FUNCTION
    assert fast.assume("int(void)")() == 8
