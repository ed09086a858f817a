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
    assert rows["Symbol table"] == "kept"
    assert rows["Debug information"].startswith("included")
    assert rows["FORTIFY"] == "nothing to check is called"
    assert rows["Compiler"]


def test_what_a_file_does_not_have_takes_no_row(build_plugin: Callable[..., Path]):
    rows = dict(build_rows(read_build_facts(build_plugin(SOURCE, flags=("-Wl,--build-id=none",)))))
    assert not {"Build id", "Text relocations", "Writable code", "Search path", "Not read"} & set(rows)


def test_every_text_of_the_file_is_safe_to_show(build_plugin: Callable[..., Path]):
    build = read_build_facts(build_plugin(SOURCE))
    evil = Tool(ToolKind.COMPILER, "evil\x1b[31m", "1\n2", Witness.COMMENT)
    build = replace(
        build, toolchain=Toolchain((evil,)), debug=DebugInfo.SEPARATE, debug_file="a\u202eb", problem="Odd\x07."
    )
    text = "".join(value for _label, value in build_rows(build))
    assert not {"\x1b", "\n", "\x07", "\u202e"} & set(text)
