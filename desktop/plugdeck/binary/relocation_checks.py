"""Where relocations write and where constructors lead: the loader follows both without looking, and dies of both.

Tables are taken in pieces and as columns of numbers, since a large library has a million entries.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from operator import sub

from plugdeck.binary.dynamic import (
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_PLTREL,
    DT_RELR,
    DT_RELRSZ,
    DynamicTable,
)
from plugdeck.binary.layout import Layout
from plugdeck.binary.relocation_types import TYPE_ROLES, TypeRoles
from plugdeck.binary.relocations import relocation_tables
from plugdeck.binary.segments import PF_W, LoadMap
from plugdeck.binary.source import ByteSource, damaged

_PIECE_ENTRIES = 40_000
_MOST_BYTES, _MOST_PACKED_BYTES = 96 * 1024 * 1024, 1024 * 1024
"""Of one table: four million relocations of the long kind, and as many of the packed one."""
_MOST_ADDED = 1 << 30
"""To the place of a thread-local variable of any file, forwards or backwards."""


def check_relocations(
    source: ByteSource, table: DynamicTable, loads: LoadMap, layout: Layout, machine: int
) -> set[int] | None:
    """Raises unless every relocation writes into writable memory, and every constructor lies in code afterwards.

    Returns:
        What ``read_relocations`` takes, since reading the tables takes longest; None where nothing was looked at.
    """
    kinds = TYPE_ROLES.get(machine)
    if kinds is None:
        return None
    check = _Check(source, loads, layout, kinds, loads.ranges(0 if table.has_text_relocations else PF_W))
    check.word, check.mask = layout.bits // 8, 0xFFFF_FFFF if layout.bits == 64 else 0xFF
    check.constructors = _constructors(table, layout)
    if table.values.get(DT_PLTREL, kinds.plt_table) != kinds.plt_table:
        raise damaged("The relocations of the PLT are of a kind that this processor does not use")
    for tables in relocation_tables(table, layout):
        check.table(*tables)
    if size := table.values.get(DT_RELRSZ, 0):
        check.packed(table.values.get(DT_RELR, 0), size)
    check.all_constructors_found()
    return check.infos


def _constructors(table: DynamicTable, layout: Layout) -> range:
    start = table.values.get(DT_INIT_ARRAY, 0)
    size = table.values.get(DT_INIT_ARRAYSZ, 0) if start else 0
    return range(start, start + size, layout.bits // 8)


@dataclass(slots=True, eq=False, repr=False)
class _Check:
    source: ByteSource
    loads: LoadMap
    layout: Layout
    kinds: TypeRoles
    writable: Sequence[tuple[int, int]]
    constructors: range = range(0)
    found: set[int] = field(default_factory=set)
    """Places in the table of constructors that a relocation fills."""

    infos: set[int] = field(default_factory=set)
    """``r_info`` of all that are not counted as relative."""
    word: int = 8
    mask: int = 0xFFFF_FFFF
    """What of ``r_info`` is the type; the symbol's number is above it."""

    def table(self, address: int, size: int, words: int, counted: int) -> None:
        """One table of DT_RELA's or DT_REL's kind."""
        if size > _MOST_BYTES:
            raise damaged(f"{size:,} bytes of relocations are more than any file has")
        place = self.loads.place_of(address, size, "the relocation table")
        piece = _PIECE_ENTRIES * words * self.word
        for start in range(0, size, piece):
            values = self._words(place + start, min(piece, size - start))
            relative = max(0, counted - start // (words * self.word))
            self._columns(values[::words], values[1::words], values[2::words] if words == 3 else None, relative)

    def _columns(self, offsets: array[int], infos: array[int], addends: array[int] | None, counted: int) -> None:
        self._check_counted(infos[:counted])
        different = set(infos[counted:])
        self.infos |= different
        types = {info & self.mask for info in different}
        is_apart = is_ascending(offsets, counted, self.word)
        ordered = offsets if is_apart else sorted(offsets)
        self._check_writable(ordered)
        if not (is_apart or types & self.kinds.small) and min(map(sub, ordered[1:], ordered)) < self.word:
            raise damaged("Two relocations write to one place")
        self._take_constructors(ordered, offsets, infos, addends)
        if any(info <= self.mask and info in self.kinds.slots for info in different):
            raise damaged("A relocation for a symbol's address names no symbol")
        if types & self.kinds.thread_local and not self.loads.thread_local_bytes:
            self._check_own_block(different)
        if addends is not None:
            self._check_addends(infos[counted:], addends[counted:], types)

    def _check_counted(self, infos: array[int]) -> None:
        plain = array(infos.typecode, (self.kinds.relative,))
        if infos != plain * len(infos) and any(info & self.mask != self.kinds.relative for info in set(infos)):
            raise damaged("A relocation is counted as relative and is not")

    def _check_writable(self, ordered: Sequence[int]) -> None:
        lowest, highest = ordered[0], ordered[-1] + self.word
        if any(start <= lowest and highest <= end for start, end in self.writable):
            return
        inside = sum(
            max(0, bisect_left(ordered, end - self.word + 1) - bisect_left(ordered, start))
            for start, end in self.writable
        )
        if inside < len(ordered):
            raise damaged("A relocation writes to a place that is not in a writable segment")

    def _take_constructors(
        self, ordered: Sequence[int], offsets: array[int], infos: array[int], addends: array[int] | None
    ) -> None:
        wanted = self.constructors
        places = ordered[bisect_left(ordered, wanted.start) : bisect_left(ordered, wanted.stop)]
        for index in _indices(offsets, places):
            self.found.add(offsets[index])
            if infos[index] & self.mask == self.kinds.relative:
                self._check_code(addends[index] if addends is not None else self._word_at(offsets[index]))

    def _check_own_block(self, different: set[int]) -> None:
        if any(info <= self.mask and info in self.kinds.thread_local for info in different):
            raise damaged("A relocation asks for thread-local data, and the file has none")

    def _check_addends(self, infos: array[int], addends: array[int], types: set[int]) -> None:
        """What is added where nothing is to be added, or leads out of where it belongs."""
        kinds, mask, most = self.kinds, self.mask, self.loads.thread_local_bytes
        if not types & (kinds.slots | kinds.thread_local | {kinds.indirect}) or not any(addends):
            return
        rows = zip(infos, addends, strict=True)
        for info, addend in rows if kinds.indirect in types else compress(rows, addends):
            kind = info & mask
            if addend and kind in kinds.slots:
                raise damaged("A relocation adds to a symbol's address")
            if kind == kinds.indirect:
                self._check_code(addend)
            limit = most if info <= mask else _MOST_ADDED
            if kind in kinds.thread_local and limit < addend < (1 << self.layout.bits) - _MOST_ADDED:
                raise damaged("A relocation leads out of the thread-local data")

    def packed(self, address: int, size: int) -> None:
        """DT_RELR: an even word is an address, an odd one a bitmap of the words that follow the last place."""
        if size > _MOST_PACKED_BYTES:
            raise damaged(f"{size:,} bytes of packed relocations are more than any file has")
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


def is_ascending(offsets: array[int], counted: int, step: int) -> bool:
    """Whether each place is at least a step behind the one before; not as well where that is unlikely.

    All are subtracted as one number with a word for each place, which takes a third of the time of sorting them.
    """
    most, bits = len(offsets) - 1, 8 * offsets.itemsize
    if not 0 < most < _PIECE_ENTRIES or (0 < counted <= most and offsets[counted - 1] >= offsets[counted]):
        return most == 0
    beyond = bits * (_PIECE_ENTRIES - most)
    highest, too_high, least = (number >> beyond for number in _in_each_word(offsets.itemsize, step))
    places = int.from_bytes(offsets, sys.byteorder)
    following, before = places >> bits, places & (1 << bits * most) - 1
    if (following | before) & too_high:
        return False  # no address that programs have; then one difference could reach into the next
    return (following + least - before) & highest == highest


@lru_cache(maxsize=4)
def _in_each_word(size: int, step: int) -> tuple[int, int, int]:
    """The highest bit, the two highest bits, and what makes differences of a step and more reach the highest bit."""
    highest = 1 << 8 * size - 1
    words = (number.to_bytes(size, "little") for number in (highest, highest | highest >> 1, highest - step))
    first, second, third = (int.from_bytes(word * _PIECE_ENTRIES, "little") for word in words)
    return first, second, third


def _indices(offsets: array[int], places: Sequence[int]) -> Sequence[int]:
    """Where in the table the places are, which are in ascending order, and mostly one behind the other."""
    if not places:
        return ()
    first = offsets.index(places[0])
    likely = range(first, first + len(places))
    if list(offsets[first : likely.stop]) == list(places):
        return likely
    return [index for index, offset in enumerate(offsets) if places[0] <= offset <= places[-1]]


def _lowest_bit(number: int) -> int:
    return (number & -number).bit_length() - 1
