"""What differs between two real builds, and what that means for the callers of the old one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.binary.build_facts import read_build_facts
from plugdeck.catalogue.change import Change, ChangeKind, Effect
from plugdeck.catalogue.difference import Difference, compare
from plugdeck.catalogue.examine import examine

EXPORTED = '__attribute__((visibility("default")))'
PLUGIN = """
#include "plugdeck.h"
PD_PLUGIN("tint", "1.0.0", "", "MIT", "")
PD_IMAGE_TRANSFORM(20, "pointwise")
PD_REAL(amount, "Amount", 0, 10, 2, "px")
PD_CHOICE(mode, "Mode", "Low|High", 1)
PD_FUNCTION(int, Count, (const char *text))
int Count(const char *text) { return !!text; }
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""


@pytest.fixture
def difference(build_plugin: Callable[..., Path]) -> Callable[..., Difference]:
    """``difference(old, new)`` of two C texts, each with ``EXPORTED`` for ``API``."""

    def differ(old: str, new: str, *, language: str = "c", flags: tuple[tuple[str, ...], ...] = ((), ())) -> Difference:
        texts = (text.replace("API ", f"{EXPORTED} ") for text in (old, new))
        paths = [build_plugin(text, language=language, flags=some) for text, some in zip(texts, flags, strict=True)]
        return compare(*map(examine, paths), builds=tuple(map(read_build_facts, paths)))

    return differ


def the(difference: Difference, kind: ChangeKind) -> Change:
    """The only change of this kind."""
    (found,) = [change for change in difference.changes if change.kind is kind]
    return found


def test_the_same_file_has_no_changes_and_can_replace_itself(difference):
    same = difference("API int f(void) { return 1; }", "API int f(void) { return 1; }")
    assert same.changes == ()
    assert same.can_replace
    assert "Nothing differs" in same.lines()[-1]


def test_two_builds_of_which_neither_loads_cannot_replace_each_other(difference):
    source = "int gone(void);\nint Call(void) { return gone(); }\n"
    found = difference(source, source)
    assert not found.can_replace
    assert "neither of them loads" in found.summary


def test_removed_function_breaks_and_added_one_does_not(difference):
    changes = difference("API int f(void) { return 1; }", "API int g(void) { return 1; }")
    assert [(change.kind, change.name, change.effect) for change in changes.changes[:2]] == [
        (ChangeKind.FUNCTION, "f", Effect.BREAKS),
        (ChangeKind.FUNCTION, "g", Effect.ADDS),
    ]
    assert not changes.can_replace


def test_added_function_alone_lets_the_new_one_replace_the_old_one(difference):
    changes = difference("API int f(void) { return 1; }", "API int f(void) { return 1; } API int g(void) { return 2; }")
    assert changes.can_replace
    assert the(changes, ChangeKind.FUNCTION).effect is Effect.ADDS


def test_other_code_in_the_same_function_is_no_change_of_the_interface(difference):
    assert difference("API int f(void) { return 1; }", "API int f(void) { return 22222; }").can_replace


def test_size_of_a_variable_breaks_programs_that_copy_it(difference):
    change = the(difference("API int table[4] = {1};", "API int table[8] = {1};"), ChangeKind.VARIABLE_SIZE)
    assert (change.name, change.old, change.new) == ("table", "16 bytes", "32 bytes")
    assert change.effect is Effect.BREAKS


def test_variable_that_became_a_function_is_another_thing(difference):
    change = the(difference("API int f = 1;", "API int f(void) { return 1; }"), ChangeKind.SYMBOL_KIND)
    assert change.message == "f was a variable and is a function."
    assert change.effect is Effect.BREAKS


def test_variable_that_became_thread_local_is_another_thing(difference):
    assert not difference("API int f = 1;", "API __thread int f = 1;").can_replace


def test_symbol_of_assembly_code_that_does_not_say_what_it_is_counts_too(difference):
    assembly = '__asm__(".globl entry\\nentry: nop");'
    (gone,) = difference(assembly, "int x;").of(Effect.BREAKS)
    assert (gone.kind, gone.message) == (ChangeKind.SYMBOL, "The symbol entry is gone.")
    assert difference(assembly, "API void entry(void) {}").can_replace


def test_cpp_names_are_told_as_their_author_wrote_them(difference):
    old = "namespace deck { API int turn(double angle) { return angle > 1; } }"
    new = "namespace deck { API int turn(float angle) { return angle > 1; } }"
    changes = difference(old, new, language="c++")
    assert "The function deck::turn(double) is gone." in [change.message for change in changes.of(Effect.BREAKS)]
    assert "The function deck::turn(float) is new." in [change.message for change in changes.of(Effect.ADDS)]


def test_copies_of_the_standard_librarys_templates_are_not_missed(difference):
    old = """
    #include <vector>
    API int f(int n) { std::vector<int> some; for (int i = 0; i < n; i++) some.push_back(i); return some.size(); }
    """
    flags = ("-O0", "-fvisibility=default")
    changes = difference(old, "API int f(int n) { return n; }", language="c++", flags=(flags, flags))
    templates = [change for change in changes.changes if change.name.startswith("_ZNSt")]
    assert templates
    assert {change.effect for change in templates} == {Effect.DIFFERS}


def test_symbol_of_another_version_is_gone_and_of_a_second_one_is_not(build_plugin, tmp_path: Path):
    def build(name: str, versions: str) -> Path:
        script = tmp_path / f"{name}.map"
        script.write_text(versions)
        text = '__attribute__((visibility("default"))) int f(void) { return 1; }'
        return build_plugin(text, name=f"{name}.so", flags=(f"-Wl,--version-script={script}",))

    one = examine(build("one", "V1 { global: f; };"))
    two = examine(build("two", "V2 { global: f; };"))
    (gone,) = compare(one, two).of(Effect.BREAKS)
    assert (gone.name, gone.old, gone.message) == ("f", "f@V1", "The function f (V1) is gone.")


def test_unversioned_symbol_that_gets_a_version_is_still_found_by_its_callers(build_plugin, tmp_path: Path):
    text = '__attribute__((visibility("default"))) int f(void) { return 1; }'
    script = tmp_path / "versions.map"
    script.write_text("V1 { global: f; };")
    plain, versioned = build_plugin(text), build_plugin(text, flags=(f"-Wl,--version-script={script}",))
    assert compare(examine(plain), examine(versioned)).can_replace


def test_changed_type_and_lost_promise_of_the_sdk_notes_break(difference):
    new = PLUGIN.replace("Count, (const char *text)", "Count, (int number)").replace(
        "Count(const char *text) { return !!text; }", "Count(int number) { return number; }"
    )
    change = the(difference(PLUGIN, new), ChangeKind.TYPE)
    assert change.effect is Effect.BREAKS
    assert (change.name, change.old, change.new) == ("Count", "int(const char *text)", "int(int number)")


def test_type_that_is_only_spelled_otherwise_is_the_same(difference):
    new = PLUGIN.replace("PD_FUNCTION(int, Count, (const char *text))", "PD_FUNCTION(int, Count, (char const*))")
    assert not [change for change in difference(PLUGIN, new).changes if change.kind is ChangeKind.TYPE]


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("0, 10, 2", "0, 20, 2", Effect.DIFFERS),
        ("0, 10, 2", "0, 5, 2", Effect.BREAKS),
        ("0, 10, 2", "1, 10, 2", Effect.BREAKS),
        ("0, 10, 2", "0, 10, 3", Effect.DIFFERS),
        ('2, "px"', '2, "%"', Effect.BREAKS),
        ("Low|High", "Low|High|Highest", Effect.DIFFERS),
        ("Low|High", "High|Low", Effect.BREAKS),
    ],
)
def test_parameter_that_takes_less_or_means_another_thing_breaks(difference, old: str, new: str, effect: Effect):
    change = the(difference(PLUGIN, PLUGIN.replace(old, new)), ChangeKind.PARAMETER)
    assert change.effect is effect


def test_removed_parameter_breaks_and_added_one_does_not(difference):
    more = PLUGIN.replace("PD_CHOICE", 'PD_SWITCH(flip, "Flip", 0)\nPD_CHOICE')
    assert the(difference(more, PLUGIN), ChangeKind.PARAMETER).effect is Effect.BREAKS
    assert the(difference(PLUGIN, more), ChangeKind.PARAMETER).effect is Effect.ADDS
    assert difference(PLUGIN, more).can_replace


def test_plugin_that_becomes_a_plain_library_breaks(difference):
    changes = difference(PLUGIN, "API int Transform(void) { return 0; } API int Priority = 20;")
    assert the(changes, ChangeKind.DIALECT).effect is Effect.BREAKS
    assert the(changes, ChangeKind.STATUS).new == "not-a-plugin"


def test_version_of_the_plugin_is_told_and_breaks_nothing(difference):
    changes = difference(PLUGIN, PLUGIN.replace('"1.0.0"', '"2.0.0"'))
    assert the(changes, ChangeKind.PLUGIN).message == "The plugin's version was 1.0.0 and is 2.0.0."
    assert changes.can_replace


def test_new_library_and_newer_version_are_what_the_new_one_asks_for(difference):
    old = "API int f(void) { return 1; }"
    new = "#include <math.h>\nAPI double f(double x) { return pow(x, x); }"
    changes = difference(old, new, flags=((), ("-Wl,--no-as-needed",)))
    asked = {(change.kind, change.name) for change in changes.of(Effect.ASKS)}
    assert (ChangeKind.DEPENDENCY, "libm.so.6") in asked
    assert changes.can_replace
    assert "asks for more" in changes.summary


def test_newest_version_of_a_library_is_told_once(build_plugin, tmp_path: Path):
    def library(name: str, version: str) -> Path:
        script = tmp_path / f"{name}.map"
        script.write_text(f"DECK_1.0 {{ global: f; }};\n{version} {{ global: g; }};")
        text = '__attribute__((visibility("default"))) int f(void) { return 1; }\n'
        text += '__attribute__((visibility("default"))) int g(void) { return 1; }'
        flags = (f"-Wl,--version-script={script}", "-Wl,-soname,libdeck.so")
        return build_plugin(text, name="libdeck.so", flags=flags)

    def user(version: str) -> Path:
        made = library(version, version)
        text = 'int g(void); __attribute__((visibility("default"))) int h(void) { return g(); }'
        return build_plugin(text, name="user.so", flags=(f"-L{made.parent}", "-ldeck", f"-Wl,-rpath,{made.parent}"))

    changes = compare(*map(examine, (user("DECK_1.9"), user("DECK_1.10"))))
    change = the(changes, ChangeKind.NEWEST_VERSION)
    assert change.message == "It needs DECK_1.10 of libdeck.so now, and needed DECK_1.9."
    assert change.effect is Effect.ASKS


@pytest.mark.parametrize(("flag", "effect"), [("-Wl,-soname,libdeck.so.2", Effect.BREAKS), ("", Effect.BREAKS)])
def test_other_soname_is_not_found_by_linked_callers(difference, flag: str, effect: Effect):
    old = "API int f(void) { return 1; }"
    changes = difference(old, old, flags=(("-Wl,-soname,libdeck.so.1",), (flag,) if flag else ()))
    assert the(changes, ChangeKind.SONAME).effect is effect


def test_new_build_that_does_not_load_breaks_and_says_why(difference):
    old, new = "API int f(void) { return 1; }", "int absent(void); API int f(void) { return absent(); }"
    change = the(difference(old, new), ChangeKind.LOADS)
    assert change.effect is Effect.BREAKS
    assert "absent" in change.message


def test_hardening_that_is_lost_is_told(difference):
    text = "API int f(void) { return 1; }"
    flags = (("-Wl,-z,relro", "-Wl,-z,now"), ("-Wl,-z,norelro", "-Wl,-z,lazy"))
    change = the(difference(text, text, flags=flags), ChangeKind.HARDENING)
    assert change.message == "RELRO was full and is none."


@pytest.mark.parametrize("broken", ["absent", "text"])
def test_what_is_no_elf_file_cannot_be_compared(build_plugin, tmp_path: Path, broken: str):
    path = tmp_path / "broken.so"
    if broken == "text":
        path.write_text("not a plugin")
    good, bad = examine(build_plugin("int x;")), examine(path)
    for old, new in ((good, bad), (bad, good)):
        changes = compare(old, new)
        assert changes.gaps
        assert not changes.can_replace
        assert "could not be compared" in changes.summary


def test_names_that_would_turn_the_text_around_them_are_spelled_out(difference):
    evil = 'API int f(void) __asm__("evil\u202e"); int f(void) { return 1; }'
    text = "\n".join(difference(evil, "API int g(void) { return 1; }").lines())
    assert "\u202e" not in text
    assert "evil⟨U+202E⟩" in text


def test_system_libraries_can_replace_themselves():
    for path in sorted(Path("/usr/lib").glob("*/lib*.so.?"))[:40]:
        if path.is_file():
            report = examine(path)
            assert report.facts is None or report.facts.exports is None or compare(report, report).changes == ()


@pytest.mark.skipif(not shutil.which("nm"), reason="nm is not installed")
def test_every_function_of_a_library_that_is_replaced_by_an_empty_one_is_gone(build_plugin):
    library = next(iter(sorted(Path("/usr/lib").glob("*/libz.so.1"))), None)
    if library is None:
        pytest.skip("libz is not installed")
    words = ["nm", "-D", "--defined-only", os.fspath(library)]
    lines = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    functions = {line.split()[2].partition("@")[0] for line in lines if line.split()[1] in "TWi"}
    changes = compare(examine(library), examine(build_plugin("int x;")))
    gone = {change.name for change in changes.of(Effect.BREAKS) if change.kind is ChangeKind.FUNCTION}
    assert gone == functions - {"_init", "_fini"}
