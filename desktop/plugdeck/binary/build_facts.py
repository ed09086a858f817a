"""How a file was built: hardening, toolchain, debug information, sizes. Read on demand, never in a scan.

Most of it is in section headers, which no loader looks at: where these are missing or damaged, ``problem`` says so,
and the rest is told all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from plugdeck.binary.dynamic import read_dynamic_table
from plugdeck.binary.elf import ElfFile, is_elf, read_elf
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.hardening import Hardening, LinkedFile, judge_hardening
from plugdeck.binary.layout import Layout
from plugdeck.binary.search_risks import search_risks
from plugdeck.binary.sections import (
    SHF_EXECINSTR,
    SHF_WRITE,
    SHT_NOBITS,
    SHT_SYMTAB,
    Section,
    SectionContents,
    read_sections,
)
from plugdeck.binary.segments import PT_LOAD, LoadMap, ProgramHeader, read_program_headers
from plugdeck.binary.source import ByteSource, open_source
from plugdeck.binary.toolchain import Toolchain, read_toolchain
from plugdeck.errors import BinaryFormatError

_MAX_LINK_BYTES = 4096
_PF_W = 2


class DebugInfo(StrEnum):
    """Where the debug information is."""

    INCLUDED = "included"
    SEPARATE = "separate"
    """In a file of its own, which ``debug_file`` names."""
    NAMES_ONLY = "names only"
    """``.gnu_debugdata``: a packed table of function names, for traces."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes, as ``size`` counts them: code with constants, variables with values, variables that begin as zero."""

    file_bytes: int
    text_bytes: int
    data_bytes: int
    bss_bytes: int
    debug_bytes: int
    """Of the file; debuggers only read it."""


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """How one ELF file was built, as it tells itself."""

    hardening: Hardening
    toolchain: Toolchain
    build_id: str | None
    """Hexadecimal, from the GNU note."""
    debug: DebugInfo
    debug_file: str
    """The file name in ``.gnu_debuglink``; empty without."""
    is_stripped: bool
    """Its own symbol table, which only debuggers need, is gone."""
    sizes: Sizes
    problem: str = ""
    """A sentence on what could not be read; empty when nothing is missing here."""


def read_build_facts(path: Path) -> BuildFacts:
    """How the ELF file at ``path`` was built; nothing of it is executed.

    Raises:
        BinaryFormatError: It cannot be read, is no ELF file, or is damaged where a loader looks.
    """
    with open_source(path) as source:
        if not is_elf(source.head):
            raise BinaryFormatError("It is not an ELF file", remedy="Choose a .so file.")
        facts = _build_facts(source, path)
        source.check_unchanged()
        return facts


def _build_facts(source: ByteSource, path: Path) -> BuildFacts:
    elf = read_elf(source, symbols=True, linking=False)
    header = ElfHeader.read(source)
    segments = read_program_headers(source, header) if header.has_segments else ()
    try:
        sections, problem = read_sections(source, header.layout), ""
    except BinaryFormatError as error:
        sections, problem = (), f"{error}."
    toolchain = read_toolchain(source, sections, elf.facts.notes, header.layout, is_linked=header.has_segments)
    names = {section.name for section in sections if section.type != SHT_NOBITS and section.size_bytes}
    debug_file = _debug_file(source, sections, header.layout)
    return BuildFacts(
        hardening=_hardening(source, elf, segments, toolchain, path),
        toolchain=toolchain,
        build_id=elf.facts.build_id,
        debug=_debug_info(names, debug_file),
        debug_file=debug_file,
        is_stripped=not any(section.type == SHT_SYMTAB for section in sections),
        sizes=_sizes(source, sections, segments),
        problem=problem or toolchain.problem,
    )


def _hardening(
    source: ByteSource, elf: ElfFile, segments: tuple[ProgramHeader, ...], toolchain: Toolchain, path: Path
) -> Hardening:
    header = ElfHeader.read(source)
    table = read_dynamic_table(source, segments, LoadMap(segments, source.size_bytes), header.layout)
    facts = elf.facts
    file = LinkedFile(
        machine=header.machine,
        layout=header.layout,
        segments=segments,
        dynamic=table.values if table else {},
        notes=facts.notes,
        imports=elf.symbols.imports if elf.symbols else None,
        producers=toolchain.producers,
    )
    return judge_hardening(
        file,
        executable_stack=facts.executable_stack,
        text_relocations=facts.text_relocations,
        search_risks=tuple(risk.sentence for risk in search_risks(facts, path)),
    )


def _debug_file(source: ByteSource, sections: Sequence[Section], layout: Layout) -> str:
    """The name in ``.gnu_debuglink``, which a checksum follows."""
    for section in sections:
        if section.name == ".gnu_debuglink":
            try:
                return SectionContents(source, section, layout).text(0, _MAX_LINK_BYTES)
            except BinaryFormatError:
                return ""
    return ""


def _debug_info(names: set[str], debug_file: str) -> DebugInfo:
    if names & {".debug_info", ".zdebug_info"}:
        return DebugInfo.INCLUDED
    if debug_file:
        return DebugInfo.SEPARATE
    return DebugInfo.NAMES_ONLY if ".gnu_debugdata" in names else DebugInfo.NONE


def _sizes(source: ByteSource, sections: Sequence[Section], segments: Sequence[ProgramHeader]) -> Sizes:
    if not sections:
        return _sizes_of_segments(source, segments)
    text = data = bss = debug = 0
    for section in sections:
        if section.is_debug:
            debug += section.size_bytes
        elif not section.is_loaded:
            continue
        elif section.flags & SHF_EXECINSTR or not section.flags & SHF_WRITE:
            text += section.size_bytes
        elif section.type == SHT_NOBITS:
            bss += section.size_bytes
        else:
            data += section.size_bytes
    return Sizes(source.size_bytes, text, data, bss, debug)


def _sizes_of_segments(source: ByteSource, segments: Sequence[ProgramHeader]) -> Sizes:
    """Without section headers: what is mapped writable is data, and the rest is text."""
    text = data = bss = 0
    for segment in segments:
        if segment.type == PT_LOAD and segment.flags & _PF_W:
            data += segment.file_bytes
            bss += segment.memory_bytes - segment.file_bytes
        elif segment.type == PT_LOAD:
            text += segment.file_bytes
    return Sizes(source.size_bytes, text, data, bss, 0)
