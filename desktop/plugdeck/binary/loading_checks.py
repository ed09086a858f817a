"""What the dynamic loader follows without looking: it kills its process where these lead astray.

glibc takes addresses and sizes of the dynamic table as they are. Reading a file's facts does not need all of them;
judging whether it is whole does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plugdeck.binary.dynamic import (
    DT_FINI,
    DT_FINI_ARRAY,
    DT_FINI_ARRAYSZ,
    DT_INIT,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELAENT,
    DT_RELASZ,
    DT_RELCOUNT,
    DT_RELENT,
    DT_RELR,
    DT_RELRENT,
    DT_RELRSZ,
    DT_RELSZ,
    DT_STRTAB,
    DT_SYMENT,
    DT_SYMTAB,
    DT_VERDEF,
    DT_VERDEFNUM,
    DT_VERNEED,
    DT_VERNEEDNUM,
    DT_VERSYM,
)
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import (
    PF_W,
    PF_X,
    PT_GNU_EH_FRAME,
    PT_GNU_PROPERTY,
    PT_GNU_RELRO,
    PT_LOAD,
    PT_NOTE,
    PT_TLS,
    LoadMap,
    ProgramHeader,
)
from plugdeck.binary.source import damaged, sentence

# Machines whose function addresses are of code, not of a descriptor: x86, ARM, x86-64, AArch64, RISC-V, LoongArch.
_PLAIN_FUNCTIONS = {3, 40, 62, 183, 243, 258}

_PARTNERS = {
    DT_RELA: (DT_RELASZ, DT_RELAENT),
    DT_REL: (DT_RELSZ, DT_RELENT),
    DT_RELR: (DT_RELRSZ, DT_RELRENT),
    DT_PLTREL: (DT_PLTRELSZ, DT_JMPREL),
    DT_INIT_ARRAY: (DT_INIT_ARRAYSZ,),
    DT_FINI_ARRAY: (DT_FINI_ARRAYSZ,),
    DT_VERDEF: (DT_VERDEFNUM,),
    DT_VERNEED: (DT_VERNEEDNUM,),
}

_SMALL_PAGES = {3, 62}  # i386, x86-64: pages of 4 KiB
_LARGEST_PAGE = 64 * 1024
_MOST_THREAD_LOCAL = 1024 * 1024 * 1024
"""In bytes, for their alignment too."""

# Tags of address, size, entry size, and count of entries without a symbol; then the words of one entry.
_RELOCATIONS = (
    (DT_RELA, DT_RELASZ, DT_RELAENT, DT_RELACOUNT, 3, "the relocation table"),
    (DT_REL, DT_RELSZ, DT_RELENT, DT_RELCOUNT, 2, "the relocation table"),
    (DT_RELR, DT_RELRSZ, DT_RELRENT, None, 1, "the table of relative relocations"),
)


def check_loading(
    values: Mapping[int, int], header: ElfHeader, segments: Sequence[ProgramHeader], loads: LoadMap
) -> None:
    """Raises unless what a loader follows in the dynamic table and the segments lies where it can be read.

    Args:
        values: The dynamic table's entries by tag.
        header: For the machine and the sizes of records.
        segments: All program headers.
        loads: The loaded ones of them.
    """
    _check_partners(values)
    _check_segments(segments, loads, 4096 if header.machine in _SMALL_PAGES else _LARGEST_PAGE)
    _check_symbols(values, header.layout, loads)
    _check_relocations(values, header.layout, loads)
    _check_functions(values, header, loads)


def _check_partners(values: Mapping[int, int]) -> None:
    """Sizes are taken without asking whether they are there."""
    for tag, partners in _PARTNERS.items():
        if tag in values and any(partner not in values for partner in partners):
            raise damaged(f"The dynamic table has an entry {tag:#x} without the size that belongs to it")


def _check_segments(segments: Sequence[ProgramHeader], loads: LoadMap, page_bytes: int) -> None:
    """Notes and the first contents of thread-local variables are read from memory, so they have to be loaded."""
    for segment in segments:
        if segment.type == PT_TLS:
            _check_thread_local(segment)
        is_code = segment.type == PT_LOAD and segment.flags & (PF_X | PF_W) == PF_X
        if is_code and segment.file_bytes < segment.memory_bytes:
            raise damaged("A segment of code is larger in memory than in the file", segment.offset)
        if segment.type in {PT_GNU_RELRO, PT_GNU_EH_FRAME} and segment.memory_bytes:
            _check_enclosed(segment, loads, page_bytes)
        if segment.type in {PT_NOTE, PT_GNU_PROPERTY, PT_TLS} and segment.file_bytes:
            what = "the thread-local data" if segment.type == PT_TLS else "the notes"
            if loads.place_of(segment.address, segment.file_bytes, what) != segment.offset:
                raise damaged(f"The address of {what} and their place in the file disagree", segment.offset)
            if segment.memory_bytes < segment.file_bytes:
                raise damaged("A segment is larger in the file than in memory", segment.offset)


def _check_thread_local(segment: ProgramHeader) -> None:
    if segment.alignment & (segment.alignment - 1):
        raise damaged("The thread-local data are not aligned as they say", segment.offset)
    if max(segment.alignment, segment.memory_bytes) > _MOST_THREAD_LOCAL:
        raise damaged("The thread-local data take more room than any thread has", segment.offset)


def _check_enclosed(segment: ProgramHeader, loads: LoadMap, page_bytes: int) -> None:
    """Raises unless it lies in one loaded segment; linkers let RELRO end with the last page of its segment."""
    start, end = segment.address, segment.address + segment.memory_bytes
    page = page_bytes if segment.type == PT_GNU_RELRO else 1
    if not any(low <= start < high and end <= high + -high % page for low, high in loads.ranges(0)):
        raise damaged("A segment that belongs to a loaded one lies outside of all of them", segment.offset)


def _check_symbols(values: Mapping[int, int], layout: Layout, loads: LoadMap) -> None:
    for tag, what in ((DT_STRTAB, "string table"), (DT_SYMTAB, "symbol table")):
        if tag not in values:
            raise damaged(f"The dynamic table does not say where the {what} is")
    if DT_VERSYM not in values and (DT_VERNEED in values or DT_VERDEF in values):
        raise damaged("The file has versions, but its symbols have none")
    if DT_VERSYM in values and not (DT_VERNEED in values or DT_VERDEF in values):
        raise damaged("The symbols have versions, and the file has none")
    loads.place_of(values[DT_SYMTAB], layout.symbol.size, "the symbol table")
    _check_aligned(values[DT_SYMTAB], layout.bits // 8, "the symbol table")
    if values.get(DT_SYMENT, layout.symbol.size) != layout.symbol.size:
        raise damaged(f"Symbols of {values[DT_SYMENT]} bytes do not exist")
    _check_aligned(values.get(DT_VERSYM, 0), 2, "the symbols' version table")


def _check_relocations(values: Mapping[int, int], layout: Layout, loads: LoadMap) -> None:
    word = layout.bits // 8
    for address_tag, size_tag, entry_tag, count_tag, words, what in _RELOCATIONS:
        if size := values.get(size_tag, 0):
            _check_table(values.get(address_tag, 0), size, (words, word), loads, what)
            if values.get(entry_tag, words * word) != words * word:
                raise damaged(f"Relocations of {values[entry_tag]} bytes do not exist")
            if count_tag and values.get(count_tag, 0) * words * word > size:
                raise damaged("More relocations are counted than there are")
    if size := values.get(DT_PLTRELSZ, 0):
        kind = values.get(DT_PLTREL)
        if kind not in {DT_REL, DT_RELA}:
            raise damaged(f"The relocations of the PLT are of kind {kind}")
        words = 3 if kind == DT_RELA else 2
        _check_table(values.get(DT_JMPREL, 0), size, (words, word), loads, "the relocation table of the PLT")


def _check_functions(values: Mapping[int, int], header: ElfHeader, loads: LoadMap) -> None:
    """Constructors and destructors: the tables of them, and the two single ones."""
    word = header.layout.bits // 8
    for address_tag, size_tag, what in (
        (DT_INIT_ARRAY, DT_INIT_ARRAYSZ, "the table of constructors"),
        (DT_FINI_ARRAY, DT_FINI_ARRAYSZ, "the table of destructors"),
    ):
        if size := values.get(size_tag, 0):
            _check_table(values.get(address_tag, 0), size, (1, word), loads, what)
    is_code = header.machine in _PLAIN_FUNCTIONS
    for tag in (DT_INIT, DT_FINI):
        if address := values.get(tag, 0):
            loads.check_in_memory(address, 1, "a constructor or destructor", executable=is_code)


def _check_table(address: int, size: int, entry: tuple[int, int], loads: LoadMap, what: str) -> None:
    """Checks a table whose entries are ``entry[0]`` words of ``entry[1]`` bytes."""
    words, word = entry
    loads.check_in_memory(address, size, what)
    if size % (words * word):
        raise damaged(f"{size:,} bytes are no whole number of entries for {what}")
    _check_aligned(address, word, what)


def _check_aligned(address: int, alignment: int, what: str) -> None:
    if address % alignment:
        raise damaged(f"{sentence(what)} at address {address:#x} is not aligned")
