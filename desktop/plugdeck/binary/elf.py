"""One ELF file: its parts read in the order in which each leads to the next."""

from __future__ import annotations

from typing import NamedTuple

from plugdeck.binary.dynamic import (
    DF_SYMBOLIC,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_RELR,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    DT_SYMBOLIC,
    DynamicTable,
    folders_of,
    read_dynamic_table,
    read_string_table,
    text_of,
)
from plugdeck.binary.elf_header import ET_CORE, ET_DYN, ET_EXEC, ET_REL, MAGIC, ElfHeader
from plugdeck.binary.facts import ORDINARY, ElfFacts, LoadDetails, ThreadLocal
from plugdeck.binary.linking import Linking, read_linking
from plugdeck.binary.loading_checks import check_loading
from plugdeck.binary.notes import build_id_of, read_notes, x86_isa_needed
from plugdeck.binary.relocation_checks import check_relocations
from plugdeck.binary.segments import (
    PT_TLS,
    LoadMap,
    ProgramHeader,
    read_interpreter,
    read_program_headers,
    wants_executable_stack,
)
from plugdeck.binary.source import ByteSource
from plugdeck.binary.strings import StringTable
from plugdeck.binary.symbols import SymbolReader, Symbols
from plugdeck.binary.versions import Versions, read_versions

_TYPES = {ET_REL: "object file, not linked yet", ET_EXEC: "program", ET_DYN: "shared object", ET_CORE: "core dump"}


class ElfFile(NamedTuple):
    """What reading one ELF file gives; what was not asked for, or is too large, is None."""

    facts: ElfFacts
    symbols: Symbols | None = None
    linking: Linking | None = None

    @property
    def description(self) -> str:
        """One phrase for people: ``64-bit ELF shared object, x86-64``."""
        facts = self.facts
        kind = _TYPES.get(facts.type, f"file of type {facts.type:#x}")
        if facts.type == ET_DYN and facts.is_executable:
            kind = "program (position-independent)"
        order = "big-endian " if facts.byte_order == "big" else ""
        return f"{facts.bits}-bit {order}ELF {kind}, {facts.machine_name}"


def is_elf(head: bytes) -> bool:
    """Whether a file that begins like this claims to be an ELF file."""
    return head.startswith(MAGIC)


def read_elf(source: ByteSource, *, symbols: bool, linking: bool) -> ElfFile:
    """The facts of an ELF file, with its symbols and with what the loader does with them when asked for.

    Raises:
        BinaryFormatError: A part of it contradicts the format, the rest of the file, or the limits.
    """
    header = ElfHeader.read(source)
    segments = read_program_headers(source, header) if header.has_segments else ()
    loads = LoadMap(segments, source.size_bytes)
    table = read_dynamic_table(source, segments, loads, header.layout)
    if table is None:
        return ElfFile(_facts(source, header, segments), Symbols())
    check_loading(table.values, header, segments, loads)
    dynamic = _read_dynamic(source, table, loads, header)
    facts = _facts(source, header, segments, dynamic)
    strings, versions = dynamic.strings, dynamic.versions
    reader = SymbolReader(source, table, loads, header.layout)
    listed = reader.read(strings, versions.names) if symbols else None
    infos = None
    if linking and header.type == ET_DYN:
        infos = check_relocations(source, table, loads, header.layout, header.machine)
    links = read_linking(source, header, (table, loads), (strings, versions), infos) if linking else None
    return ElfFile(facts, listed, links)


class _Dynamic(NamedTuple):
    """What the dynamic table leads to, apart from symbols."""

    table: DynamicTable
    strings: StringTable
    versions: Versions


def _read_dynamic(source: ByteSource, table: DynamicTable, loads: LoadMap, header: ElfHeader) -> _Dynamic:
    strings = read_string_table(source, table, loads)
    return _Dynamic(table, strings, read_versions(source, table, loads, strings, header.layout))


def _facts(
    source: ByteSource, header: ElfHeader, segments: tuple[ProgramHeader, ...], dynamic: _Dynamic | None = None
) -> ElfFacts:
    known = dynamic or _Dynamic(DynamicTable({}, ()), StringTable(source, 0, 0), Versions((), (), {}, {}))
    table, strings, versions = known.table, known.strings, known.versions
    notes = read_notes(source, segments, header.layout)
    return ElfFacts(
        bits=header.layout.bits,
        byte_order=header.layout.byte_order,
        os_abi=header.os_abi,
        type=header.type,
        machine=header.machine,
        machine_name=header.machine_name,
        interpreter=read_interpreter(source, segments),
        soname=text_of(table, DT_SONAME, strings),
        needed=tuple(strings.text(position) for position in table.needed),
        rpath=folders_of(table, DT_RPATH, strings),
        runpath=folders_of(table, DT_RUNPATH, strings),
        flags=table.values.get(DT_FLAGS, 0) | (DF_SYMBOLIC if DT_SYMBOLIC in table.values else 0),
        flags_1=table.values.get(DT_FLAGS_1, 0),
        version_needs=versions.needs,
        version_definitions=versions.definitions,
        notes=notes,
        build_id=build_id_of(notes),
        has_dynamic=dynamic is not None,
        executable_stack=wants_executable_stack(segments, header.machine),
        text_relocations=table.has_text_relocations,
        details=_details(header, segments, known, x86_isa_needed(notes, header.layout)),
    )


def _details(header: ElfHeader, segments: tuple[ProgramHeader, ...], dynamic: _Dynamic, isa_needed: int) -> LoadDetails:
    table, strings = dynamic.table, dynamic.strings
    details = LoadDetails(
        abi_version=header.abi_version,
        thread_local=_thread_local(segments),
        filters=tuple(strings.text(position) for position in table.filters),
        auxiliaries=tuple(strings.text(position) for position in table.auxiliaries),
        base_version=dynamic.versions.base,
        x86_isa_needed=isa_needed,
        has_relr=DT_RELR in table.values,
    )
    return ORDINARY if details == ORDINARY else details


def _thread_local(segments: tuple[ProgramHeader, ...]) -> ThreadLocal | None:
    """The block of the last PT_TLS that is not empty, as the loader takes it."""
    found = None
    for segment in segments:
        if segment.type == PT_TLS and segment.memory_bytes:
            alignment = segment.alignment
            found = ThreadLocal(segment.memory_bytes, alignment, segment.address % alignment if alignment else 0)
    return found
