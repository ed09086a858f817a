"""How a file was built, in words: label and value, row by row, for the window and the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plugdeck.binary.build_facts import BuildFacts, DebugInfo, Sizes
from plugdeck.binary.hardening import Hardening, Relro, Use
from plugdeck.binary.toolchain import Toolchain, ToolKind
from plugdeck.text import visible

Row = tuple[str, str]

_MOST_NAMES = 6
_RELRO = {
    Relro.FULL: "full: everything that the loader fills in is read-only afterwards",
    Relro.PARTIAL: "partial: the addresses of functions stay writable",
    Relro.NONE: "none: what the loader fills in stays writable",
}
_CANARY = {
    Use.YES: "used",
    Use.NO: "not used: the compiler was not asked for it",
    Use.NOT_KNOWN: "not known: no check was seen, and perhaps no function needed one",
}
_DEBUG = {
    DebugInfo.INCLUDED: "included",
    DebugInfo.SEPARATE: "in a file of its own: ",
    DebugInfo.NAMES_ONLY: "names of functions only",
    DebugInfo.NONE: "none",
}


def build_rows(build: BuildFacts) -> tuple[Row, ...]:
    """Every row, fit to be shown; a value may have several lines."""
    rows = (*_toolchain_rows(build.toolchain), *_hardening_rows(build.hardening), *_content_rows(build))
    return tuple((label, "\n".join(map(visible, lines))) for label, *lines in rows)


def _toolchain_rows(toolchain: Toolchain) -> Iterator[Sequence[str]]:
    for kind in ToolKind:
        tools = [f"{tool.label} (from the {tool.witness})" for tool in toolchain.of(kind)]
        if tools or kind is ToolKind.COMPILER:
            yield str(kind).capitalize(), *(tools or ["not named in the file"])


def _hardening_rows(hardening: Hardening) -> Iterator[Sequence[str]]:
    yield "RELRO", _RELRO[hardening.relro]
    yield "Binding", "all at load (BIND_NOW)" if hardening.binds_now else "lazy: each function at its first call"
    yield "Stack", "executable: data on it can be run" if hardening.executable_stack else "not executable (NX)"
    yield "Stack canary", _CANARY[hardening.stack_canary]
    yield "FORTIFY", _fortify_words(hardening)
    yield "Text relocations", "yes: its code is changed while it is loaded" if hardening.text_relocations else "none"
    if hardening.writable_code:
        yield "Writable code", "yes: a segment can be written and run"
    yield "Branch protection", ", ".join(hardening.branch_protection) or "none"
    yield "Search path risks", *(hardening.search_risks or ["none"])


def _content_rows(build: BuildFacts) -> Iterator[Sequence[str]]:
    yield "Build id", build.build_id or "none"
    yield "Debug information", f"{_DEBUG[build.debug]}{build.debug_file if build.debug is DebugInfo.SEPARATE else ''}"
    yield "Stripped", "yes: its own symbol table is gone" if build.is_stripped else "no"
    yield "Sizes", _size_words(build.sizes)
    if build.problem:
        yield "Not everything could be read", build.problem


def _fortify_words(hardening: Hardening) -> str:
    if not hardening.knows_imports:
        return "not known: the file has too many symbols to be listed"
    if hardening.fortified:
        return f"used: {_some(hardening.fortified)}"
    if hardening.fortifiable:
        return f"not used, though it could be for {_some(hardening.fortifiable)}"
    return "nothing to check: it calls no function that has a checked form"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _size_words(sizes: Sizes) -> str:
    debug = f", debug {sizes.debug_bytes:,}" if sizes.debug_bytes else ""
    parts = f"text {sizes.text_bytes:,}, data {sizes.data_bytes:,}, bss {sizes.bss_bytes:,}{debug}"
    return f"file {sizes.file_bytes:,} bytes: {parts}"
