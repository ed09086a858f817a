"""The dynamic table: what the dynamic loader is told (gABI, chapter 5, "Dynamic Section")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import PT_DYNAMIC, LoadMap, ProgramHeader
from plugdeck.binary.source import ByteSource, damaged
from plugdeck.binary.strings import StringTable
from plugdeck.errors import BinaryFormatError

DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ = 0, 1, 2, 4, 5, 6, 7, 8
DT_RELAENT, DT_STRSZ, DT_SYMENT, DT_INIT, DT_FINI, DT_SONAME, DT_RPATH = 9, 10, 11, 12, 13, 14, 15
DT_SYMBOLIC, DT_REL, DT_RELSZ, DT_RELENT, DT_PLTREL, DT_TEXTREL, DT_JMPREL = 16, 17, 18, 19, 20, 22, 23
DT_INIT_ARRAY, DT_FINI_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ = 25, 26, 27, 28
DT_RUNPATH, DT_FLAGS, DT_RELRSZ, DT_RELR, DT_RELRENT = 29, 30, 35, 36, 37
DT_GNU_HASH, DT_VERSYM, DT_RELACOUNT, DT_RELCOUNT = 0x6FFF_FEF5, 0x6FFF_FFF0, 0x6FFF_FFF9, 0x6FFF_FFFA
DT_FLAGS_1, DT_VERDEF, DT_VERDEFNUM = 0x6FFF_FFFB, 0x6FFF_FFFC, 0x6FFF_FFFD
DT_VERNEED, DT_VERNEEDNUM = 0x6FFF_FFFE, 0x6FFF_FFFF
DT_AUXILIARY, DT_FILTER = 0x7FFF_FFFD, 0x7FFF_FFFF
DF_SYMBOLIC, DF_TEXTREL = 2, 4

MAX_DYNAMIC_BYTES = 1024 * 1024

TABLE_ADDRESSES = frozenset(
    {DT_HASH, DT_GNU_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_REL, DT_JMPREL, DT_RELR, DT_VERSYM, DT_VERDEF, DT_VERNEED}
)
"""Tags whose values are addresses of tables in the file."""


class DynamicTable(NamedTuple):
    """The entries of PT_DYNAMIC up to DT_NULL, as the loader keeps them: of a repeated tag, the last."""

    values: dict[int, int]
    needed: tuple[int, ...]
    """String offsets of DT_NEEDED, in file order."""
    filters: tuple[int, ...] = ()
    """String offsets of DT_FILTER: libraries that have to be there, and stand before this one."""
    auxiliaries: tuple[int, ...] = ()
    """String offsets of DT_AUXILIARY: libraries that stand before this one where they are there."""

    @classmethod
    def parse(cls, data: bytes, layout: Layout) -> DynamicTable:
        """The table from its bytes; it has to have a DT_NULL."""
        values: dict[int, int] = {}
        lists: dict[int, list[int]] = {DT_NEEDED: [], DT_FILTER: [], DT_AUXILIARY: []}
        usable = len(data) - len(data) % layout.dynamic_entry.size
        for tag, value in layout.dynamic_entry.iter_unpack(data[:usable]):
            if tag == DT_NULL:
                return cls(values, *map(tuple, lists.values()))
            if tag in lists:
                lists[tag].append(value)
            values[tag] = value
        raise damaged("The dynamic table does not end")

    @property
    def has_text_relocations(self) -> bool:
        """Whether the loader has to make code writable to relocate it."""
        return DT_TEXTREL in self.values or bool(self.values.get(DT_FLAGS, 0) & DF_TEXTREL)


def read_dynamic_table(
    source: ByteSource, headers: Sequence[ProgramHeader], loads: LoadMap, layout: Layout
) -> DynamicTable | None:
    """The dynamic table where PT_DYNAMIC says it is, or None for a file without one."""
    header = next((header for header in headers if header.type == PT_DYNAMIC), None)
    if header is None:
        return None
    if not header.file_bytes:
        raise BinaryFormatError(
            "The file has no dynamic table where it says, as a file of debug information",
            offset=header.offset,
            remedy="Choose the library itself, not the file with its debug information.",
        )
    if header.file_bytes > MAX_DYNAMIC_BYTES:
        raise damaged(f"The dynamic table is {header.file_bytes:,} bytes long", header.offset)
    place = loads.place_of(header.address, header.file_bytes, "the dynamic table")
    if place != header.offset:
        raise damaged("The dynamic table's address and its place in the file disagree", header.offset)
    return DynamicTable.parse(source.read(place, header.file_bytes, "the dynamic table"), layout)


def read_string_table(source: ByteSource, table: DynamicTable, loads: LoadMap) -> StringTable:
    """The table that DT_STRTAB and DT_STRSZ name; ``check_loading`` has seen that there is one."""
    size = table.values.get(DT_STRSZ, 0)
    return StringTable(source, loads.place_of(table.values[DT_STRTAB], size, "the string table"), size)


def text_of(table: DynamicTable, tag: int, strings: StringTable) -> str | None:
    """The string that a tag such as DT_SONAME names, or None without the tag."""
    return strings.text(table.values[tag]) if tag in table.values else None


def folders_of(table: DynamicTable, tag: int, strings: StringTable) -> tuple[str, ...]:
    """The folders of DT_RPATH or DT_RUNPATH, split at colons, not expanded."""
    text = text_of(table, tag, strings)
    return tuple(text.split(":")) if text else ()
