"""How a file was built, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from plugdeck.binary.build_facts import DebugInfo, read_build_facts
from plugdeck.binary.toolchain import Tool, Toolchain, ToolKind, Witness
from plugdeck.catalogue.build_rows import build_rows

SOURCE = "int counter; int answer(void) { return counter; }"


def test_rows_name_compiler_hardening_and_sizes(build_plugin: Callable[..., Path]):
    rows = dict(build_rows(read_build_facts(build_plugin(SOURCE, flags=("-g", "-Wl,-z,relro", "-Wl,-z,now")))))
    assert rows["RELRO"].startswith("full")
    assert rows["Stack"] == "not executable (NX)"
    assert rows["Stripped"] == "no"
    assert rows["Debug information"] == "included"
    assert rows["FORTIFY"].startswith("nothing to check")
    assert rows["Compiler"]


def test_what_is_out_of_the_ordinary_takes_a_row_only_where_it_is(build_plugin: Callable[..., Path]):
    rows = dict(build_rows(read_build_facts(build_plugin(SOURCE, flags=("-Wl,--build-id=none",)))))
    assert rows["Build id"] == rows["Search path risks"] == "none"
    assert not {"Linker", "Writable code", "Not everything could be read"} & set(rows)


def test_each_risk_of_the_search_path_is_a_line(build_plugin: Callable[..., Path]):
    rows = dict(build_rows(read_build_facts(build_plugin(SOURCE, flags=("-Wl,-rpath,first:second",)))))
    first, second = rows["Search path risks"].splitlines()
    assert "'first'" in first
    assert "'second'" in second


def test_functions_that_were_not_listed_are_no_claim(build_plugin: Callable[..., Path]):
    build = read_build_facts(build_plugin(SOURCE))
    build = replace(build, hardening=replace(build.hardening, knows_imports=False))
    assert dict(build_rows(build))["FORTIFY"].startswith("not known")


def test_every_text_of_the_file_is_safe_to_show(build_plugin: Callable[..., Path]):
    build = read_build_facts(build_plugin(SOURCE))
    evil = Tool(ToolKind.COMPILER, "evil\x1b[31m", "1\n2", Witness.COMMENT)
    build = replace(
        build, toolchain=Toolchain((evil,)), debug=DebugInfo.SEPARATE, debug_file="a\u202eb", problem="Odd\x07."
    )
    text = "".join(value for _label, value in build_rows(build))
    assert not {"\x1b", "\n", "\x07", "\u202e"} & set(text)
