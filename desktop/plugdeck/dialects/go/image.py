"""A Go file as it lies in memory: bytes by address, pointers as the dynamic loader would leave them."""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Collection, Iterator
from itertools import compress, islice
from struct import Struct

from plugdeck.binary.dynamic import (
    DT_REL,
    DT_RELA,
    DT_RELASZ,
    DT_RELSZ,
    DT_SYMTAB,
    DynamicTable,
    read_dynamic_table,
    read_string_table,
)
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.sections import Section, read_sections
from plugdeck.binary.segments import PF_W, LoadMap, read_program_headers
from plugdeck.binary.source import MAX_READ_BYTES, ByteSource, damaged
from plugdeck.binary.symbols import SymbolReader
from plugdeck.errors import BinaryFormatError

MAX_TEXT_BYTES = 64 * 1024
"""Of one string."""

MAX_NAMED_BYTES = 4 * 1024 * 1024
"""Of all names of one file: crafted tables lead to the same long ones again and again."""

_LEAST_COST_BYTES = 64
"""What reading the shortest name is counted for, since it takes time all the same."""

_MOST_RELOCATIONS, _MOST_PLACES = 1_000_000, 50_000
_PIECE_BYTES = 3 * 8 * 40_000  # a whole number of entries of both kinds
_SEARCHED_BYTES = 1024 * 1024


class GoImage:
    """Reads an ELF file by address. Made for one open file; every read is bounded by it."""

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self.header = ElfHeader.read(source)
        self.layout = self.header.layout
        segments = read_program_headers(source, self.header) if self.header.has_segments else ()
        self.loads = LoadMap(segments, source.size_bytes)
        self.table = read_dynamic_table(source, segments, self.loads, self.layout)
        self.word_bytes = self.layout.bits // 8
        self._order = self.layout.word.format[0]
        self.word_code = "Q" if self.word_bytes == 8 else "I"
        """Of a word, as for ``struct``."""
        self._word = Struct(self._order + self.word_code)
        self.rows = b""
        """Dynamic symbols, as they are in the file."""
        self.names = b""
        """Of those, one behind the other, each ended by NUL."""
        self._name_places: array[int] = array("I")
        """Where the name of each dynamic symbol begins."""
        self._budget = MAX_NAMED_BYTES
        if self.table is not None:
            self._read_symbols(self.table)

    def _read_symbols(self, table: DynamicTable) -> None:
        most = MAX_READ_BYTES // self.layout.symbol.size
        count = SymbolReader(self.source, table, self.loads, self.layout, most_symbols=most).count()
        if not count:
            return
        if count > most:
            raise damaged(f"{count:,} symbols are too many")
        size = count * self.layout.symbol.size
        what = "the symbol table"
        self.rows = self.source.read(self.loads.place_of(table.values[DT_SYMTAB], size, what), size, what)
        self.names = read_string_table(self.source, table, self.loads).read_all()
        self._name_places = self._array("I", self.rows)[:: self.layout.symbol.size // 4]

    def sections(self) -> tuple[Section, ...]:
        """All sections; none where they are gone or damaged, which no loader minds."""
        try:
            return read_sections(self.source, self.layout)
        except BinaryFormatError:
            return ()

    def symbol(self, number: int) -> tuple[int, int, int]:
        """Type, address and size of a dynamic symbol; the address is 0 where it is not defined here."""
        size = self.layout.symbol.size
        if not 0 <= number * size < len(self.rows):
            raise damaged(f"There is no symbol {number:,}")
        fields = self.layout.symbol.unpack_from(self.rows, number * size)
        _, info, _, section, address, length = fields if self.word_bytes == 8 else _as_wide(fields)
        return info & 15, address if section else 0, length

    def find_symbols(self, pattern: re.Pattern[bytes], most: int) -> dict[bytes, int]:
        """The numbers of dynamic symbols by what the pattern's first group is in their names, in the names' order.

        The pattern ends with the NUL of a name, and begins anywhere: linkers let names end in others.
        """
        places = {match.start(): match[1] for match in islice(pattern.finditer(self.names), most)}
        numbers = {place: number for number, place in enumerate(self._name_places) if place in places}
        return {text: numbers[place] for place, text in places.items() if place in numbers}

    def read(self, address: int, size: int, what: str) -> bytes:
        """The bytes in the file at an address, without relocations."""
        return self.source.read(self.loads.place_of(address, size, what), size, what)

    def read_up_to(self, address: int, most: int, what: str) -> bytes:
        """As ``read``, and fewer where the segment ends."""
        place, rest = self.loads.span_of(address, 1, what)
        return self.source.read(place, min(most, rest), what)

    def unpack(self, code: str, address: int, what: str) -> tuple[int, ...]:
        """Numbers in the file's byte order at an address; ``code`` is as for ``struct``."""
        record = Struct(self._order + code)
        return record.unpack(self.read(address, record.size, what))

    def words(self, address: int, count: int, what: str) -> list[int]:
        """Pointers and lengths at an address, relocated as if the file were loaded at 0 and met no other."""
        end = address + count * self.word_bytes
        found = self.pointers(range(address, end, self.word_bytes), self.read(address, end - address, what))
        return [found[place] for place in range(address, end, self.word_bytes)]

    def pointers(self, places: Collection[int], data: bytes = b"") -> dict[int, int]:
        """As ``words``, of many places that lie apart, by place; ``data`` is what is in the file there, if known."""
        read = data or b"".join([self.read(place, self.word_bytes, "a pointer") for place in places])
        values = dict(zip(places, (each[0] for each in self._word.iter_unpack(read)), strict=True))
        wanted = places if isinstance(places, range) else frozenset(places)
        for relocations, words in self._relocation_pieces():
            offsets = relocations[::words]
            for index in [index for index, offset in enumerate(offsets) if offset in wanted]:
                place, info, *addends = relocations[index * words : (index + 1) * words]
                symbol, added = info >> self._symbol_shift, addends[0] if addends else values[place]
                values[place] = (self.symbol(symbol)[1] if symbol else 0) + added & (1 << self.layout.bits) - 1
        return values

    def spend(self, size: int) -> None:
        """Counts a name or a type that was asked for; raises when a file has more of them than any real one."""
        self._budget -= max(size, _LEAST_COST_BYTES)
        if self._budget < 0:
            raise damaged(f"The names add up to more than {MAX_NAMED_BYTES:,} bytes")

    def text(self, address: int, size: int, what: str) -> str:
        """A string of this many bytes, which must be UTF-8."""
        if size > MAX_TEXT_BYTES:
            raise damaged(f"{size:,} bytes are too many for {what}")
        self.spend(size)
        try:
            return self.read(address, size, what).decode() if size else ""
        except UnicodeDecodeError as error:
            raise damaged(f"The bytes of {what} are no text") from error

    def places_naming(self, symbols: frozenset[int]) -> list[int]:
        """The addresses that the loader fills with one of these symbols, in ascending order."""
        shift, found = self._symbol_shift, list[int]()
        for values, words in self._relocation_pieces():
            infos = values[1::words]
            named = [info >> shift in symbols for info in infos]
            found.extend(compress(values[::words], named))
            if len(found) > _MOST_PLACES:
                raise damaged("Too many relocations name the hashes of packages")
        return sorted(found)

    def places_of_pointer(self, target: int) -> Iterator[int]:
        """The addresses of writable memory that hold this address once the file is relocated."""
        for values, words in self._relocation_pieces():
            if words == 3:
                start = 0
                addends, offsets = values[2::3], values[::3]
                for _ in range(addends.count(target)):
                    start = addends.index(target, start) + 1
                    yield offsets[start - 1]
        yield from self.places_of_bytes(self._word.pack(target), self.word_bytes)

    def places_of_bytes(self, pattern: bytes, alignment: int) -> Iterator[int]:
        """Where these bytes are in the file's part of writable memory, at addresses of this alignment."""
        left = 2 * MAX_READ_BYTES
        for start, end in self.loads.ranges(PF_W):
            try:
                place, size = self.loads.span_of(start, 1, "writable memory")
            except BinaryFormatError:  # all of it begins as zeros
                continue
            size = min(size, end - start, left)
            left -= size
            for piece in range(0, size, _SEARCHED_BYTES):
                data = self.source.read(place + piece, min(_SEARCHED_BYTES + len(pattern), size - piece), "the data")
                found = data.find(pattern)
                while found >= 0:
                    if (start + piece + found) % alignment == 0:
                        yield start + piece + found
                    found = data.find(pattern, found + 1)

    @property
    def _symbol_shift(self) -> int:
        return 32 if self.layout.bits == 64 else 8

    def _relocation_pieces(self) -> Iterator[tuple[array[int], int]]:
        """DT_RELA and DT_REL as numbers, piece by piece, with the numbers that make an entry."""
        for tag, size_tag, words in ((DT_RELA, DT_RELASZ, 3), (DT_REL, DT_RELSZ, 2)):
            size = self.table.values.get(size_tag, 0) if self.table else 0
            entry = words * self.word_bytes
            size -= size % entry
            if not size or self.table is None:
                continue
            if size > _MOST_RELOCATIONS * entry:
                raise damaged(f"{size // entry:,} relocations are too many")
            place = self.loads.place_of(self.table.values.get(tag, 0), size, "the relocation table")
            for start in range(0, size, _PIECE_BYTES):
                data = self.source.read(place + start, min(_PIECE_BYTES, size - start), "the relocation table")
                yield self._array(self.word_code, data), words

    def _array(self, code: str, data: bytes) -> array[int]:
        values = array(code, data)
        if self.layout.byte_order != sys.byteorder:
            values.byteswap()
        return values


def _as_wide(fields: tuple[int, ...]) -> tuple[int, ...]:
    """``Elf32_Sym`` in the order of ``Elf64_Sym``."""
    name, address, size, info, other, section = fields
    return name, info, other, section, address, size
