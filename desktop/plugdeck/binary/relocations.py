"""Relocations: which symbols the dynamic loader has to find before a file can run (gABI, chapter 5; the psABIs).

Only a symbol that a relocation names is looked for. The tables are read in pieces and reduced to what differs, since
a large library has a million entries, most of which name no symbol.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from plugdeck.binary.dynamic import (
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELASZ,
    DT_RELCOUNT,
    DT_RELSZ,
    DynamicTable,
)
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import LoadMap
from plugdeck.binary.source import ByteSource

_PIECE_BYTES = 3 * 8 * 40_000  # a whole number of entries of every kind


class RelocationKinds(NamedTuple):
    """What the types of one machine mean; ``known`` are those that glibc's loader carries out."""

    known: frozenset[int]
    without_symbol: frozenset[int]
    """Those that are carried out without looking at their symbol."""
    static_tls: frozenset[int]
    """Those that need the thread-local block at a fixed distance from the thread pointer (initial-exec)."""


_KINDS = {
    3: RelocationKinds(  # i386 psABI
        frozenset({0, 1, 2, 5, 6, 7, 8, 14, 35, 36, 37, 38, 41, 42}), frozenset({0, 8}), frozenset({14, 37})
    ),
    62: RelocationKinds(  # x86-64 psABI
        frozenset({0, 1, 2, 5, 6, 7, 8, 10, 16, 17, 18, 24, 32, 33, 36, 37, 38}), frozenset({0, 8, 38}), frozenset({18})
    ),
    183: RelocationKinds(  # AArch64 psABI
        frozenset({0, 256, 257, 258, 261, 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032}),
        frozenset({0, 256, 1027}),
        frozenset({1030}),
    ),
}
_UNKNOWN_MACHINE = RelocationKinds(frozenset(), frozenset(), frozenset())


class Relocations(NamedTuple):
    """All relocations of one file, reduced to pairs of symbol number and type."""

    symbols: frozenset[int]
    """Numbers in the symbol table, without 0."""
    static_tls: frozenset[int]
    """Of the symbols whose place is needed as a fixed distance; 0 is the file's own block."""
    unknown_types: tuple[int, ...]
    """Types that the loader refuses; none is claimed for machines that this reader does not know."""


def read_relocations(
    source: ByteSource, table: DynamicTable, loads: LoadMap, header: ElfHeader, infos: set[int] | None = None
) -> Relocations:
    """What DT_RELA, DT_REL and DT_JMPREL ask for; all of them are carried out under ``RTLD_NOW``.

    DT_RELR is left out: it holds addresses, and names no symbol. ``infos`` is every ``r_info`` of them, if known.
    """
    layout, machine, pairs = header.layout, header.machine, infos or set()
    for address, size, words, counted in relocation_tables(table, layout) if infos is None else ():
        skipped = counted * words * layout.bits // 8
        if size > skipped:
            place = loads.place_of(address + skipped, size - skipped, "the relocation table")
            _add_infos(pairs, source, (place, size - skipped, words), layout)
    kinds = _KINDS.get(machine, _UNKNOWN_MACHINE)
    shift, mask = (32, 0xFFFF_FFFF) if layout.bits == 64 else (8, 0xFF)
    types = {pair & mask for pair in pairs}
    unknown = types - kinds.known if kinds.known else set()
    if types & kinds.without_symbol:
        named = {pair >> shift for pair in pairs if pair & mask not in kinds.without_symbol}
    else:
        named = {pair >> shift for pair in pairs}
    static = {pair >> shift for pair in pairs if pair & mask in kinds.static_tls} if types & kinds.static_tls else set()
    return Relocations(frozenset(named - {0}), frozenset(static), tuple(sorted(unknown)))


def relocation_tables(table: DynamicTable, layout: Layout) -> Iterator[tuple[int, int, int, int]]:
    """Address, size, words an entry, and the number of entries at the beginning that are counted as relative."""
    values = table.values
    for tag, size_tag, count_tag, words in ((DT_RELA, DT_RELASZ, DT_RELACOUNT, 3), (DT_REL, DT_RELSZ, DT_RELCOUNT, 2)):
        if size := values.get(size_tag, 0):
            yield values.get(tag, 0), size, words, values.get(count_tag, 0)
    if size := values.get(DT_PLTRELSZ, 0):
        yield values.get(DT_JMPREL, 0), size, 3 if values.get(DT_PLTREL) == DT_RELA else 2, 0


def _add_infos(infos: set[int], source: ByteSource, part: tuple[int, int, int], layout: Layout) -> None:
    """Adds ``r_info`` of every entry, piece by piece."""
    place, size, words = part
    for start in range(0, size, _PIECE_BYTES):
        data = source.read(place + start, min(_PIECE_BYTES, size - start), "the relocation table")
        values = array("Q" if layout.bits == 64 else "I", data)
        if layout.byte_order != sys.byteorder:
            values.byteswap()
        infos.update(values[1::words])
