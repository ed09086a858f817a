"""Where relocations write and where constructors lead: the loader follows both without looking, and dies of both.

Tables are taken in pieces and as columns of numbers, since a large library has a million entries.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from plugdeck.binary.dynamic import (
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELASZ,
    DT_RELCOUNT,
    DT_RELR,
    DT_RELRSZ,
    DT_RELSZ,
    DynamicTable,
)
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import PF_W, LoadMap
from plugdeck.binary.source import ByteSource, damaged

_PIECE_ENTRIES = 40_000
_FEW_ENTRIES = 20_000
"""So many are looked at one by one; of larger tables the order is used that linkers give them."""


@dataclass(frozen=True, slots=True)
class _Kinds:
    """The relocation types that matter here, by the names of the x86-64 psABI."""

    relative: int
    indirect: int
    """R_X86_64_IRELATIVE: the loader calls what the addend leads to."""
    slots: frozenset[int]
    """R_X86_64_GLOB_DAT and R_X86_64_JUMP_SLOT: a symbol's address and nothing more."""
    plt_table: int


_KINDS = {
    3: _Kinds(8, 42, frozenset({6, 7}), DT_REL),
    62: _Kinds(8, 37, frozenset({6, 7}), DT_RELA),
    183: _Kinds(1027, 1032, frozenset({1025, 1026}), DT_RELA),
}
"""For i386, x86-64 and AArch64, by ``e_machine``; nothing is claimed for others."""


def check_relocations(source: ByteSource, table: DynamicTable, loads: LoadMap, layout: Layout, machine: int) -> None:
    """Raises unless every relocation writes into writable memory, and every constructor lies in code afterwards."""
    kinds = _KINDS.get(machine)
    if kinds is None:
        return
    check = _Check(source, loads, layout, kinds, loads.ranges(0 if table.has_text_relocations else PF_W))
    check.constructors = _constructors(table, layout)
    if table.values.get(DT_PLTREL, kinds.plt_table) != kinds.plt_table:
        raise damaged("The relocations of the PLT are of a kind that this processor does not use")
    for tables in _tables(table, layout):
        check.table(*tables)
    if size := table.values.get(DT_RELRSZ, 0):
        check.packed(table.values.get(DT_RELR, 0), size)
    check.all_constructors_found()


def _constructors(table: DynamicTable, layout: Layout) -> range:
    start = table.values.get(DT_INIT_ARRAY, 0)
    size = table.values.get(DT_INIT_ARRAYSZ, 0) if start else 0
    return range(start, start + size, layout.bits // 8)


def _tables(table: DynamicTable, layout: Layout) -> Iterator[tuple[int, int, int, int]]:
    """Address, size, words an entry, and the number of entries at the beginning that are counted as relative."""
    values = table.values
    for tag, size_tag, count_tag, words in ((DT_RELA, DT_RELASZ, DT_RELACOUNT, 3), (DT_REL, DT_RELSZ, DT_RELCOUNT, 2)):
        if size := values.get(size_tag, 0):
            yield values.get(tag, 0), size, words, values.get(count_tag, 0)
    if size := values.get(DT_PLTRELSZ, 0):
        yield values.get(DT_JMPREL, 0), size, 3 if values.get(DT_PLTREL) == DT_RELA else 2, 0


@dataclass(slots=True)
class _Check:
    source: ByteSource
    loads: LoadMap
    layout: Layout
    kinds: _Kinds
    writable: Sequence[tuple[int, int]]
    constructors: range = range(0)
    found: set[int] = field(default_factory=set)
    """Places in the table of constructors that a relocation fills."""

    @property
    def word(self) -> int:
        return self.layout.bits // 8

    def table(self, address: int, size: int, words: int, counted: int) -> None:
        """One table of DT_RELA's or DT_REL's kind."""
        place = self.loads.place_of(address, size, "the relocation table")
        piece = _PIECE_ENTRIES * words * self.word
        for start in range(0, size, piece):
            values = self._words(place + start, min(piece, size - start))
            relative = max(0, counted - start // (words * self.word))
            self._columns(values[::words], values[1::words], values[2::words] if words == 3 else None, relative)

    def _columns(self, offsets: array[int], infos: array[int], addends: array[int] | None, counted: int) -> None:
        mask = 0xFFFF_FFFF if self.layout.bits == 64 else 0xFF
        if any(info & mask != self.kinds.relative for info in set(infos[:counted])):
            raise damaged("A relocation is counted as relative and is not")
        self._check_writable(offsets)
        self._take_constructors(offsets, infos, addends, counted)
        if addends is not None:
            self._check_addends(infos[counted:], addends[counted:], mask)

    def _check_writable(self, offsets: array[int]) -> None:
        lowest, highest = min(offsets), max(offsets) + self.word
        if any(start <= lowest and highest <= end for start, end in self.writable):
            return
        ordered = sorted(offsets)
        inside = sum(
            max(0, bisect_left(ordered, end - self.word + 1) - bisect_left(ordered, start))
            for start, end in self.writable
        )
        if inside < len(ordered):
            raise damaged("A relocation writes to a place that is not in a writable segment")

    def _take_constructors(
        self, offsets: array[int], infos: array[int], addends: array[int] | None, counted: int
    ) -> None:
        wanted = self.constructors
        for index in _indices(offsets, wanted, min(counted, len(offsets))) if wanted else ():
            self.found.add(offsets[index])
            if infos[index] == self.kinds.relative:
                self._check_code(addends[index] if addends is not None else self._word_at(offsets[index]))

    def _check_addends(self, infos: array[int], addends: array[int], mask: int) -> None:
        kinds = {info & mask for info in set(infos)}
        if self.kinds.indirect in kinds:
            for info, addend in zip(infos, addends, strict=True):
                if info & mask == self.kinds.indirect:
                    self._check_code(addend)
        if kinds & self.kinds.slots and any(addends):
            slots = self.kinds.slots
            if any(addend and info & mask in slots for info, addend in zip(infos, addends, strict=True)):
                raise damaged("A relocation adds to the address of a function")

    def packed(self, address: int, size: int) -> None:
        """DT_RELR: an even word is an address, an odd one a bitmap of the words that follow the last place."""
        word, bits, next_place = self.word, self.layout.bits - 1, 0
        for entry in self._words(self.loads.place_of(address, size, "the table of relative relocations"), size):
            if entry & 1:
                start = next_place
                offsets: Iterator[int] = (bit * word for bit in range(bits) if entry >> bit + 1 & 1)
                span = range(_lowest_bit(entry >> 1) * word, (entry.bit_length() - 1) * word) if entry > 1 else range(0)
                next_place += bits * word
            else:
                start, offsets, span = entry, iter((0,)), range(word)
                next_place = entry + word
            self._packed_entry(start, span, offsets)

    def _packed_entry(self, start: int, span: range, offsets: Iterator[int]) -> None:
        first, end = start + span.start, start + span.stop
        if span and not any(low <= first and end <= high for low, high in self.writable):
            raise damaged("A relative relocation writes to a place that is not in a writable segment")
        if span and first < self.constructors.stop and end > self.constructors.start:
            for place in filter(self.constructors.__contains__, (start + offset for offset in offsets)):
                self.found.add(place)
                self._check_code(self._word_at(place))

    def all_constructors_found(self) -> None:
        """Raises where the loader would call an address that nothing relocated."""
        if len(self.found) < len(self.constructors):
            raise damaged("A constructor's address is not relocated")

    def _check_code(self, address: int) -> None:
        self.loads.check_in_memory(address, 1, "a constructor or resolver", executable=True)

    def _word_at(self, address: int) -> int:
        return self._words(self.loads.place_of(address, self.word, "a constructor's address"), self.word)[0]

    def _words(self, offset: int, size: int) -> array[int]:
        values = array("Q" if self.word == 8 else "I", self.source.read(offset, size, "the relocation table"))
        if self.layout.byte_order != sys.byteorder:
            values.byteswap()
        return values


def _indices(offsets: array[int], wanted: range, counted: int) -> Sequence[int]:
    """Which entries write into the wanted places."""
    if len(offsets) > _FEW_ENTRIES:
        first = bisect_left(offsets, wanted.start, 0, counted)
        likely = range(first, min(first + len(wanted), counted))
        if offsets[likely.start : likely.stop].tolist() == list(wanted):
            return likely
    return [index for index, offset in enumerate(offsets) if wanted.start <= offset < wanted.stop]


def _lowest_bit(number: int) -> int:
    return (number & -number).bit_length() - 1
