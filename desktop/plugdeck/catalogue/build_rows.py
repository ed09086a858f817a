"""How a file was built, in words: label and value, line by line, for the window and the command line."""

from __future__ import annotations

from collections.abc import Iterator

from plugdeck.binary.build_facts import BuildFacts, DebugInfo
from plugdeck.binary.hardening import Hardening, Relro, Use
from plugdeck.binary.toolchain import Tool, ToolKind
from plugdeck.text import visible

Row = tuple[str, str]

_MOST_NAMES = 6
_RELRO = {
    Relro.FULL: "full: read-only after loading, all functions are looked up at once",
    Relro.PARTIAL: "partial: addresses of functions stay writable",
    Relro.NONE: "none: what the loader fills in stays writable",
}
_CANARY = {
    Use.YES: "used",
    Use.NO: "not used: the compiler's options do not ask for it",
    Use.NOT_KNOWN: "not known: no check is imported, perhaps since no function needs one",
}


def build_rows(build: BuildFacts) -> tuple[Row, ...]:
    """Everything to show of it, in order; lines without a value are left out, and all text is safe to show."""
    rows = (*_toolchain_rows(build), *_hardening_rows(build.hardening), *_content_rows(build))
    return tuple((label, visible(value)) for label, value in rows if value)


def _toolchain_rows(build: BuildFacts) -> Iterator[Row]:
    toolchain = build.toolchain
    yield "Compiler", _tools(toolchain.of(ToolKind.COMPILER))
    yield "Assembler", _tools(toolchain.of(ToolKind.ASSEMBLER))
    yield "Linker", _tools(toolchain.of(ToolKind.LINKER))
    yield "Build id", build.build_id or ""


def _hardening_rows(hardening: Hardening) -> Iterator[Row]:
    yield "RELRO", _RELRO[hardening.relro]
    yield "Stack", "executable, which makes attacks easier" if hardening.executable_stack else "not executable (NX)"
    yield "Stack protector", _CANARY[hardening.stack_canary]
    yield "FORTIFY", _fortify(hardening)
    yield "Branch protection", ", ".join(hardening.branch_protection) or "none"
    yield "Text relocations", "yes: code is changed while it is loaded" if hardening.text_relocations else ""
    yield "Writable code", "yes: a segment is writable and executable" if hardening.writable_code else ""
    yield "Search path", " ".join(hardening.search_risks)


def _content_rows(build: BuildFacts) -> Iterator[Row]:
    sizes = build.sizes
    debug = {
        DebugInfo.INCLUDED: f"included, {sizes.debug_bytes:,} bytes",
        DebugInfo.SEPARATE: f"in a file of its own, {build.debug_file}",
        DebugInfo.NAMES_ONLY: "names of functions only",
        DebugInfo.NONE: "none",
    }
    yield "Debug information", debug[build.debug]
    yield "Symbol table", "stripped" if build.is_stripped else "kept"
    yield "Code", f"{sizes.text_bytes:,} bytes with constants"
    yield "Data", f"{sizes.data_bytes:,} bytes, and {sizes.bss_bytes:,} that begin as zero"
    yield "Not read", build.problem


def _tools(tools: tuple[Tool, ...]) -> str:
    """``GCC 12.2.0 (debug information), rustc 1.80.0 (.comment section)``."""
    return ", ".join(f"{tool.label} ({tool.witness})" for tool in tools)


def _fortify(hardening: Hardening) -> str:
    used, plain = len(hardening.fortified), len(hardening.fortifiable)
    if not used and not plain:
        return "nothing to check is called"
    names = ", ".join(hardening.fortified[:_MOST_NAMES]) + (", …" if used > _MOST_NAMES else "")
    said = f"{used} checked functions ({names})" if used else "no checked functions"
    return f"{said}, {plain} that could be"
