"""What made a file: compilers, linkers and their versions, as far as these left their names in it.

Every claim is the file's own. What start files of the C library bring along counts too: most files name the GCC
that built those, whatever compiled the rest; the debug information comes first for that reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plugdeck.binary.dwarf_producer import MAX_PRODUCER_BYTES, read_producers
from plugdeck.binary.facts import Note
from plugdeck.binary.layout import Layout
from plugdeck.binary.sections import Section, SectionContents
from plugdeck.binary.source import ByteSource
from plugdeck.errors import BinaryFormatError

MAX_COMMENT_BYTES = 64 * 1024
MAX_TOOLS = 16
MAX_PRODUCERS = 8

_MAX_GO_BYTES = 128
_MAX_UNKNOWN_NAME = 80
_MAX_CONSTANTS_BYTES = 4 * 1024 * 1024
GO_BUILD_INFO = ".go.buildinfo"
_GO_MAGIC = b"\xff Go buildinf:"
_GO_STRINGS_FOLLOW = 2
_NT_GOLD_VERSION, _NT_GO_BUILD_ID = 4, 4
_DWARF_SECTIONS = (".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_str_offsets")


class Witness(StrEnum):
    """Where a tool left its name; the order is from what tells most to what tells least."""

    GO_BUILD_INFO = "Go build information"
    DEBUG_INFO = "debug information"
    COMMENT = ".comment section"
    NOTE = "note"
    CONSTANTS = "text in its constants"


class ToolKind(StrEnum):
    """What a tool does."""

    COMPILER = "compiler"
    ASSEMBLER = "assembler"
    LINKER = "linker"


@dataclass(frozen=True, slots=True)
class Tool:
    """One compiler, assembler or linker; ``version`` is empty where only its name is known."""

    kind: ToolKind
    name: str
    version: str
    witness: Witness

    @property
    def label(self) -> str:
        """``GCC 12.2.0``."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The tools that are named in a file, each once, from the best witness."""

    tools: tuple[Tool, ...] = ()
    producers: tuple[str, ...] = ()
    """The debug information's own words (DW_AT_producer), with the options where the compiler tells them."""
    has_go_build_info: bool = False
    problem: str = ""
    """A sentence on what could not be read of it."""

    def of(self, kind: ToolKind) -> tuple[Tool, ...]:
        """The tools of one kind."""
        return tuple(tool for tool in self.tools if tool.kind is kind)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A file with the places where tools leave their names."""

    source: ByteSource
    sections: Mapping[str, Section]
    notes: Sequence[Note]
    layout: Layout
    is_linked: bool
    producers: list[str]
    """What reading the debug information adds to."""

    def contents(self, name: str) -> SectionContents | None:
        """What is in a section, packed as ``.zdebug_…`` or not; None without it."""
        section = self.sections.get(name) or self.sections.get(name.replace(".debug", ".zdebug"))
        return SectionContents(self.source, section, self.layout) if section else None


def read_toolchain(
    source: ByteSource, sections: Sequence[Section], notes: Sequence[Note], layout: Layout, *, is_linked: bool
) -> Toolchain:
    """The toolchain of a file; what is damaged is told in ``problem`` rather than raised.

    Args:
        source: The open file.
        sections: All its sections.
        notes: The notes that are loaded with it.
        layout: Its class and byte order.
        is_linked: Whether it is linked: the debug information of an object file is not complete yet.
    """
    file = _Marked(source, {section.name: section for section in sections}, notes, layout, is_linked, [])
    tools: list[Tool] = []
    problem = ""
    for witness in (_go_tools, _debug_tools, _comment_tools, _note_tools, _constants_tools):
        if witness is _constants_tools and any(tool.name == "rustc" for tool in tools):
            break  # they know less than that, and are much to read
        try:
            tools.extend(witness(file))
        except BinaryFormatError as error:
            problem = problem or f"{error}."
    once = {(tool.kind, tool.name, tool.version): tool for tool in reversed(tools)}
    known = tuple([tool for tool in tools if once[tool.kind, tool.name, tool.version] is tool][:MAX_TOOLS])
    return Toolchain(known, tuple(file.producers), GO_BUILD_INFO in file.sections, problem)


def _go_tools(file: _Marked) -> Iterator[Tool]:
    """Go's build information: magic, pointer size, flags, and since Go 1.18 the version as a string in place."""
    contents = file.contents(GO_BUILD_INFO)
    head = contents.read(0, 33 + _MAX_GO_BYTES) if contents else b""
    if not head.startswith(_GO_MAGIC) or len(head) < 33 or not head[15] & _GO_STRINGS_FOLLOW:
        return  # before 1.18 there are two pointers, which the linker relocates
    length, text = head[32], head[33:]
    if length < 0x80:  # one byte of a varint
        version = text[:length].decode("utf-8", "surrogateescape")
        yield Tool(ToolKind.COMPILER, "Go", version.removeprefix("go"), Witness.GO_BUILD_INFO)


def _debug_tools(file: _Marked) -> Iterator[Tool]:
    if not file.is_linked:
        return
    contents = {name: found for name in _DWARF_SECTIONS if (found := file.contents(name))}
    if ".debug_info" not in contents or ".debug_abbrev" not in contents:
        return
    for producer in read_producers(contents, file.layout):
        if producer in file.producers:
            continue
        file.producers.append(producer)
        yield parse_tool(producer, Witness.DEBUG_INFO)
        if len(file.producers) >= MAX_PRODUCERS:
            return


def _comment_tools(file: _Marked) -> Iterator[Tool]:
    contents = file.contents(".comment")
    text = contents.read(0, MAX_COMMENT_BYTES) if contents else b""
    for line in dict.fromkeys(text.split(b"\0")):
        if line:
            yield parse_tool(line[:MAX_PRODUCER_BYTES].decode("utf-8", "surrogateescape"), Witness.COMMENT)


def _note_tools(file: _Marked) -> Iterator[Tool]:
    for note in file.notes:
        text = note.description.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        if note.owner == "GNU" and note.type == _NT_GOLD_VERSION:
            yield parse_tool(text, Witness.NOTE)
        elif note.owner == "Go" and note.type == _NT_GO_BUILD_ID and GO_BUILD_INFO not in file.sections:
            yield Tool(ToolKind.COMPILER, "Go", "", Witness.NOTE)


def _constants_tools(file: _Marked) -> Iterator[Tool]:
    """Rust's standard library names the paths of its own source, by commit or version, in the texts of its panics."""
    contents = file.contents(".rodata")
    text = contents.read(0, _MAX_CONSTANTS_BYTES) if contents else b""
    if found := re.search(rb"/rustc/([0-9a-f]{9})[0-9a-f]{31}/library/", text):
        yield Tool(ToolKind.COMPILER, "rustc", f"(commit {found[1].decode()})", Witness.CONSTANTS)
    elif found := re.search(rb"/rustc-(\d+\.\d+\.\d+)[^/\s]*/library/", text):  # as Debian builds it
        yield Tool(ToolKind.COMPILER, "rustc", found[1].decode(), Witness.CONSTANTS)


_PATTERNS = (
    (ToolKind.COMPILER, "rustc", re.compile(r"rustc version ([^\s()]+)")),
    (ToolKind.COMPILER, "Go", re.compile(r"Go cmd/compile (?:go)?([^\s;]+)")),
    (ToolKind.ASSEMBLER, "GNU as", re.compile(r"GNU AS (\d[\w.]*)")),
    (
        ToolKind.COMPILER,
        "GCC",
        re.compile(r"GNU (?:C|C\+\+|GIMPLE|Fortran|Ada|D|Go|Objective-C\S*|Modula-2)\S* (\d\S*)"),
    ),
    (ToolKind.COMPILER, "GCC", re.compile(r"GCC: (?:\(.*\) )?(\d[\w.]*)")),
    (ToolKind.LINKER, "LLD", re.compile(r"Linker:.*\bLLD (\S+)")),
    (ToolKind.LINKER, "mold", re.compile(r"mold (\d\S*)")),
    (ToolKind.LINKER, "gold", re.compile(r"gold (\d\S*)")),
    (ToolKind.LINKER, "wild", re.compile(r"Linker: [Ww]ild(?: version)? (\S+)")),
    (ToolKind.COMPILER, "Zig", re.compile(r"zig (\d\S*)")),
    (ToolKind.COMPILER, "Clang", re.compile(r"clang version (\d\S*)")),
    (ToolKind.COMPILER, "Intel C++", re.compile(r"Intel.*Compiler.*Version (\d\S*)")),
)


def parse_tool(text: str, witness: Witness) -> Tool:
    """The tool that a text of its own names: ``GCC: (Debian 12.2.0-14) 12.2.0``, ``clang version 14.0.6``."""
    for kind, name, pattern in _PATTERNS:
        if found := pattern.search(text):
            return Tool(kind, name, found[1], witness)
    return Tool(ToolKind.COMPILER, text.strip()[:_MAX_UNKNOWN_NAME], "", witness)
