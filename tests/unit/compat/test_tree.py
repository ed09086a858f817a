"""The tree of dependencies: rules, problems where they are, and its lines of text."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.binary import read
from plugdeck.compat.host import Host
from plugdeck.compat.library import Library
from plugdeck.compat.search import Search
from plugdeck.compat.tree import IN_THE_HOST, Dependency, dependency_tree
from plugdeck.compat.tree_text import tree_lines

RUNPATH = "-Wl,--enable-new-dtags,-rpath,$ORIGIN/libs"
RPATH = "-Wl,--disable-new-dtags,-rpath,$ORIGIN/libs"


def tree_of(path: Path) -> Dependency:
    tree = dependency_tree(read(path), Host.default())
    assert tree
    return tree


def all_of(tree: Dependency) -> Iterator[Dependency]:
    yield tree
    for child in tree.children:
        yield from all_of(child)


def named(tree: Dependency, name: str) -> list[Dependency]:
    return [each for each in all_of(tree) if each.name == name]


def test_each_library_stands_where_it_was_met_with_the_rule_that_found_it(libraries):
    deep = libraries("libs/libdeep.so")
    middle = libraries("libs/libmiddle.so", needs=[deep])
    plugin = libraries("plugin.so", needs=[middle, deep], flags=[RPATH])
    tree = tree_of(plugin)
    assert (tree.name, tree.path, tree.rule, tree.problem) == ("plugin.so", os.fspath(plugin), "", "")
    (first,), (met, again) = named(tree, "libmiddle.so"), named(tree, "libdeep.so")
    assert first.rule == met.rule == again.rule == "RPATH of plugin.so"
    assert Path(first.path or "").samefile(middle)
    assert first in tree.children
    assert sorted([met.is_repeated, again.is_repeated]) == [False, True]
    assert not any(each.problem for each in all_of(tree))


def test_library_of_the_host_is_there_already_without_children(libraries):
    (libc,) = [each for each in tree_of(libraries("plugin.so")).children if each.name == "libc.so.6"]
    assert (libc.rule, libc.children, libc.problem) == (IN_THE_HOST, (), "")
    assert libc.path


def test_runpath_is_named_with_its_owner(libraries):
    middle = libraries("libs/libmiddle.so", needs=[libraries("libs/libdeep.so")])
    tree = tree_of(libraries("plugin.so", needs=[middle], flags=[RUNPATH]))
    (found,), (lost,) = named(tree, "libmiddle.so"), named(tree, "libdeep.so")
    assert found.rule == "RUNPATH of plugin.so"
    assert (lost.path, lost.rule, lost.problem) == (None, "", "It was not found.")
    assert lost in found.children


def test_library_for_another_machine_is_a_problem_at_its_place(libraries, tmp_path):
    wanted = libraries("libs/libother.so")
    plugin = libraries("plugin.so", needs=[wanted], flags=[RUNPATH])
    content = bytearray(wanted.read_bytes())
    content[18:20] = (183).to_bytes(2, "little")  # e_machine: AArch64
    wanted.write_bytes(content)
    (node,) = named(tree_of(plugin), "libother.so")
    assert (node.path, node.rule) == (os.fspath(wanted), "RUNPATH of plugin.so")
    assert node.problem == "It cannot be used: it is for AArch64."


def test_missing_version_is_a_problem_of_the_library_that_lacks_it(libraries, tmp_path):
    script = tmp_path / "versions.map"
    script.write_text("V_2 { global: *; };")
    newer = libraries(
        "build/libv.so.1", "int versioned(void) { return 2; }\n", flags=[f"-Wl,--version-script={script}"]
    )
    source = "int versioned(void); int Call(void) { return versioned(); }\n"
    plugin = libraries("plugin.so", source, needs=[newer], flags=[RUNPATH])
    script.write_text("V_1 { global: *; };")
    libraries("libs/libv.so.1", "int versioned(void) { return 1; }\n", flags=[f"-Wl,--version-script={script}"])
    (node,) = named(tree_of(plugin), "libv.so.1")
    assert node.problem == "It does not have V_2, which plugin.so needs."


def test_missing_symbols_are_a_problem_of_the_library_that_asks(libraries):
    below = libraries(
        "libs/libbelow.so", "int absent(void); int other(void); int b(void) { return absent() + other(); }"
    )
    tree = tree_of(libraries("plugin.so", needs=[below], flags=[RUNPATH]))
    (node,) = named(tree, "libbelow.so")
    assert node.problem == "It asks for 2 symbols that nothing defines: absent, other."
    assert tree.problem == ""


def test_circles_end(libraries):
    first = libraries("libs/libfirst.so")
    second = libraries("libs/libsecond.so", needs=[first], flags=["-Wl,-rpath,$ORIGIN"])
    libraries("libs/libfirst.so", needs=[second], flags=["-Wl,-rpath,$ORIGIN"])
    tree = tree_of(libraries("plugin.so", needs=[first], flags=[RUNPATH]))
    assert [each.is_repeated for each in named(tree, "libfirst.so")] == [False, True]


def test_file_for_another_machine_has_its_problem_at_the_root_and_nothing_below(libraries):
    facts = read(libraries("plugin.so", needs=[libraries("libs/libx.so")]))
    assert facts.elf
    foreign = replace(facts, elf=replace(facts.elf, machine=183, machine_name="AArch64"))
    tree = dependency_tree(foreign, Host.default())
    assert tree
    assert tree.children == ()
    assert tree.problem.startswith("It is built for AArch64")


def test_what_is_not_elf_has_no_tree(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("notes\n")
    assert dependency_tree(read(text), Host.default()) is None


def test_long_chains_and_wide_lists_are_bounded(libraries):
    below = [libraries(f"libs/libx{number}.so") for number in range(30)]
    plugin = libraries("plugin.so", needs=below, flags=[RUNPATH])
    chain = libraries("libs/libchain0.so")
    for number in range(1, 60):
        chain = libraries(f"libs/libchain{number}.so", needs=[chain], flags=["-Wl,-rpath,$ORIGIN"])
    long = libraries("long.so", needs=[chain], flags=[RUNPATH])
    assert len(tree_of(plugin).children) >= 30
    depth, node = 0, tree_of(long)
    while node.children:
        depth, node = depth + 1, node.children[0]
    assert (depth, node.problem, node.is_repeated) == (40, "Deeper libraries are not shown.", False)


def test_library_whose_needs_are_too_many_says_that_more_are_not_shown(libraries):
    stub = libraries("libs/libx0000.so", flags=["-nostdlib"])
    for number in range(1, 1001):
        (stub.parent / f"libx{number:04}.so").write_bytes(
            stub.read_bytes().replace(b"libx0000.so", b"libx%04d.so" % number)
        )
    below = [stub.parent / f"libx{number:04}.so" for number in range(1001)]
    first = libraries("libs/libfirst.so", needs=below, flags=["-Wl,-rpath,$ORIGIN", "-nostdlib"])
    second = libraries("libs/libsecond.so", needs=below, flags=["-Wl,-rpath,$ORIGIN", "-nostdlib"])
    tree = tree_of(libraries("plugin.so", needs=[first, second], flags=[RUNPATH, "-nostdlib"]))
    whole, cut = tree.children
    assert (len(whole.children), whole.problem) == (1001, "")
    assert (len(cut.children), cut.problem) == (997, "Deeper libraries are not shown.")


def test_names_that_the_verdict_did_not_come_to_are_not_searched_for(libraries, monkeypatch: pytest.MonkeyPatch):
    below = [libraries("libs/libx000.so", flags=["-nostdlib"])]
    for number in range(1, 300):
        below.append(below[0].with_name(f"libx{number:03}.so"))
        below[-1].write_bytes(below[0].read_bytes().replace(b"libx000.so", b"libx%03d.so" % number))
    plugin = libraries("plugin.so", needs=below, flags=["-nostdlib"])
    searched = list[str]()
    find = Search.find

    def noted(self: Search, name: str, loader: Library) -> Library | None:
        searched.append(name)
        return find(self, name, loader)

    monkeypatch.setattr(Search, "find", noted)
    tree = tree_of(plugin)
    assert len(tree.children) == 300
    assert tree.children[-1].problem == "It was not looked for."
    assert 0 < len({name for name in searched if name.startswith("libx")}) <= 50


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler: c++ is not on PATH")
def test_symbols_of_cpp_are_shown_as_people_write_them(build_plugin):
    path = build_plugin("namespace deck { int draw(int); } int Call() { return deck::draw(1); }", language="c++")
    assert "a symbol that nothing defines: deck::draw(int)." in tree_of(path).problem


def test_lines_draw_branches_with_rules_and_problems():
    held = Dependency("libc.so.6", "/lib/libc.so.6", IN_THE_HOST)
    deep = Dependency("libdeep.so", None, "", "It was not found.")
    middle = Dependency("libmiddle.so", "/x/libmiddle.so", "RUNPATH of plugin.so", "", (deep, held))
    again = Dependency("libmiddle.so", "/x/libmiddle.so", "RUNPATH of plugin.so", is_repeated=True)
    assert tree_lines(Dependency("plugin.so", "/p/plugin.so", "", "", (middle, again))) == (
        "plugin.so => /p/plugin.so",
        "├── libmiddle.so => /x/libmiddle.so [RUNPATH of plugin.so]",
        "│   ├── libdeep.so !! It was not found.",
        "│   └── already in the host: libc.so.6",
        "└── libmiddle.so => /x/libmiddle.so [RUNPATH of plugin.so] (listed above)",
    )


def test_lines_show_untrusted_names_harmlessly():
    (line,) = tree_lines(Dependency("a\n\u202eb", None, "", "It was not found."))
    assert line == "a␊⟨U+202E⟩b !! It was not found."
