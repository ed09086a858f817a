"""How a file was built, in rows of words: hardening, toolchain, debug information, sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from plugdeck.binary.build_facts import BuildFacts, DebugInfo, Sizes
from plugdeck.binary.hardening import Hardening, Relro, Use
from plugdeck.binary.toolchain import Toolchain, ToolKind
from plugdeck.ui.visible_text import visible_text

Line = tuple[str, str]

_RELRO = {
    Relro.FULL: "full: everything that the loader fills in is read-only afterwards",
    Relro.PARTIAL: "partial: the addresses of functions stay writable",
    Relro.NONE: "none: what the loader fills in stays writable",
}
_CANARY = {
    Use.YES: "used",
    Use.NO: "not used",
    Use.NOT_KNOWN: "not known: no check is imported, and perhaps no function needed one",
}
_DEBUG = {
    DebugInfo.INCLUDED: "included",
    DebugInfo.SEPARATE: "in a file of its own",
    DebugInfo.NAMES_ONLY: "names of functions only",
    DebugInfo.NONE: "none",
}
_MOST_NAMES = 6


def build_lines(facts: BuildFacts) -> Iterator[Line]:
    """Every row, fit to be shown; lines within a value are kept."""
    for name, value in _lines(facts):
        yield name, visible_text(value, keep_lines=True)


def _lines(facts: BuildFacts) -> Iterator[Line]:
    yield from _toolchain_lines(facts.toolchain)
    yield from _hardening_lines(facts.hardening)
    yield "Build id", facts.build_id or "none"
    file = f": {facts.debug_file}" if facts.debug_file else ""
    yield "Debug information", f"{_DEBUG[facts.debug]}{visible_text(file)}"
    yield "Stripped", "yes: its own symbol table is gone" if facts.is_stripped else "no"
    yield "Sizes", _size_words(facts.sizes)
    if facts.problem:
        yield "Not everything could be read", visible_text(facts.problem)


def _toolchain_lines(toolchain: Toolchain) -> Iterator[Line]:
    for kind in ToolKind:
        tools = [f"{visible_text(tool.label)} (from the {tool.witness})" for tool in toolchain.of(kind)]
        if tools or kind is ToolKind.COMPILER:
            yield str(kind).capitalize(), "\n".join(tools) or "not named in the file"


def _hardening_lines(hardening: Hardening) -> Iterator[Line]:
    yield "RELRO", _RELRO[hardening.relro]
    yield "Binding", "all at load (BIND_NOW)" if hardening.binds_now else "lazy: each function at its first call"
    yield "Stack", "executable: data on it can be run" if hardening.executable_stack else "not executable (NX)"
    yield "Stack canary", _CANARY[hardening.stack_canary]
    yield "FORTIFY", _fortify_words(hardening)
    yield "Text relocations", "yes: its code is changed while it is loaded" if hardening.text_relocations else "none"
    if hardening.writable_code:
        yield "Writable code", "yes: a segment can be written and run"
    yield "Branch protection", ", ".join(hardening.branch_protection) or "none"
    yield "Search path risks", "\n".join(visible_text(risk) for risk in hardening.search_risks) or "none"


def _fortify_words(hardening: Hardening) -> str:
    if hardening.fortified:
        return f"used: {_some(hardening.fortified)}"
    if hardening.fortifiable:
        return f"not used, though it could be for {_some(hardening.fortifiable)}"
    return "nothing to check: it calls no function that has a checked form"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return visible_text(", ".join(names[:_MOST_NAMES]) + more)


def _size_words(sizes: Sizes) -> str:
    debug = f", debug {sizes.debug_bytes:,}" if sizes.debug_bytes else ""
    parts = f"text {sizes.text_bytes:,}, data {sizes.data_bytes:,}, bss {sizes.bss_bytes:,}{debug}"
    return f"file {sizes.file_bytes:,} bytes: {parts}"
