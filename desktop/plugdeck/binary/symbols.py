"""The dynamic symbol table: what a file offers, and what it asks of others (gABI, chapter 4, "Symbol Table").

The table has no length of its own. It follows from a hash table, as the dynamic loader uses it; where the hash
table is empty (a file that only imports), from where the next table begins.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from plugdeck.binary.dynamic import DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM, TABLE_ADDRESSES, DynamicTable
from plugdeck.binary.facts import BinarySymbol, Binding, SymbolKind, Visibility
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import LoadMap
from plugdeck.binary.source import ByteSource, damaged
from plugdeck.binary.strings import StringTable
from plugdeck.binary.versions import MAX_VERSIONS

MAX_SYMBOLS = 100_000
"""More are not listed: the file is read without its symbols. Ten times what the largest common libraries have."""

MAX_SYMBOL_TEXT_BYTES = 12 * 1024 * 1024
"""As above, for the names together."""

SHN_ABS = 0xFFF1  # SHN_UNDEF, an import, is 0
HIDDEN_VERSION = 0x8000

# st_info's low and high half, st_other's low two bits. Local symbols (binding 0) are nobody else's business.
_KINDS = {
    1: SymbolKind.VARIABLE,
    2: SymbolKind.FUNCTION,
    5: SymbolKind.VARIABLE,
    6: SymbolKind.THREAD_LOCAL,
    10: SymbolKind.INDIRECT_FUNCTION,
}
_BINDINGS = {1: Binding.GLOBAL, 2: Binding.WEAK, 10: Binding.UNIQUE}
_INFOS = {
    info: (_KINDS.get(info & 15, SymbolKind.OTHER), _BINDINGS[info >> 4])
    for info in range(256)
    if info >> 4 in _BINDINGS
}
_VISIBILITIES = (Visibility.DEFAULT, Visibility.INTERNAL, Visibility.HIDDEN, Visibility.PROTECTED)


class Symbols(NamedTuple):
    """The exported (defined) and imported (undefined) symbols, in file order."""

    exports: tuple[BinarySymbol, ...] = ()
    imports: tuple[BinarySymbol, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SymbolReader:
    """What it takes to read the symbols of one file."""

    source: ByteSource
    table: DynamicTable
    loads: LoadMap
    layout: Layout
    most_symbols: int = MAX_SYMBOLS
    """What ``count`` does not go beyond."""

    def read(self, strings: StringTable, version_names: dict[int, str]) -> Symbols | None:
        """The symbols; None when there are too many to list (``MAX_SYMBOLS``, ``MAX_SYMBOL_TEXT_BYTES``)."""
        count = self.count()
        if count > MAX_SYMBOLS or strings.size > MAX_SYMBOL_TEXT_BYTES:
            return None
        rows = self.read_table(DT_SYMTAB, count * self.layout.symbol.size, "the symbol table")
        versions = self.read_versions(count)
        if any(rows[: self.layout.symbol.size]) or (count and versions[0]):
            raise damaged("The symbol table or its version table does not begin with an empty entry")
        return _parse(rows, self.layout, strings, versions, version_names)

    def count(self) -> int:
        """How many symbols there are, the first (empty) one included; ``most_symbols`` + 1 stands for any more."""
        if DT_HASH in self.table.values:
            place, rest = self.loads.span_of(self.table.values[DT_HASH], 8, "the hash table")
            buckets, chains = self.layout.hash_head.unpack(self.source.read(place, 8, "the hash table"))
            if 8 + 4 * (buckets + chains) > rest:
                raise damaged("The hash table leads out of its segment", place)
            return min(int(chains), self.most_symbols + 1)
        if DT_GNU_HASH in self.table.values:
            return self._count_by_gnu_hash()
        return 0  # no hash table: the loader finds no symbol in the file

    def _count_by_gnu_hash(self) -> int:
        address = self.table.values[DT_GNU_HASH]
        head = self.layout.gnu_hash_head
        place, rest = self.loads.span_of(address, head.size, "the hash table")
        buckets, first, words, _shift = head.unpack(self.source.read(place, head.size, "the hash table"))
        if not buckets or not words or words & (words - 1):
            raise damaged(f"A hash table of {buckets:,} buckets and {words:,} filter words does not exist", place)
        buckets_at = head.size + words * self.layout.bloom_word_bytes
        chains_at = buckets_at + 4 * buckets
        if chains_at > rest:
            raise damaged("The hash table leads out of its segment", place)
        if buckets > self.most_symbols:
            return self.most_symbols + 1
        last = max(self._words(place + buckets_at, buckets))
        if last < first:
            return self._count_by_neighbour()
        self.loads.place_of(self.table.values[DT_SYMTAB], (last + 1) * self.layout.symbol.size, "the symbol table")
        return self._end_of_chain(place + chains_at, (rest - chains_at) // 4, last, first)

    def _end_of_chain(self, chains: int, available: int, last: int, first: int) -> int:
        """One more than the index of the last symbol: the chain's last word has its lowest bit set."""
        if last - first >= available:
            raise damaged("The hash table leads out of its segment", chains)
        index = last
        step = 64
        while index < min(first + available, self.most_symbols):
            size = min(step, first + available - index)
            for number, word in enumerate(self._words(chains + 4 * (index - first), size)):
                if word & 1:
                    return index + number + 1
            index += size
            step = 4096
        if index >= self.most_symbols:
            return self.most_symbols + 1
        raise damaged("The hash table's last chain does not end", chains)

    def _count_by_neighbour(self) -> int:
        """Nothing is hashed, so the symbols, all imported, end where the next table begins."""
        start = self.table.values[DT_SYMTAB]
        values = (value for tag, value in self.table.values.items() if tag in TABLE_ADDRESSES and value > start)
        end = min(values, default=start)
        return min((end - start) // self.layout.symbol.size, self.most_symbols + 1)

    def read_table(self, tag: int, size: int, what: str) -> bytes:
        """The first bytes of the table that this tag leads to."""
        return self.source.read(self.loads.place_of(self.table.values[tag], size, what), size, what)

    def _words(self, offset: int, count: int) -> array[int]:
        return self._array("I", self.source.read(offset, 4 * count, "the hash table"))

    def read_versions(self, count: int) -> array[int]:
        """Each symbol's entry of DT_VERSYM; zeros in a file without it."""
        if DT_VERSYM not in self.table.values:
            return array("H", bytes(2 * count))
        return self._array("H", self.read_table(DT_VERSYM, 2 * count, "the symbols' version table"))

    def _array(self, code: str, data: bytes) -> array[int]:
        values = array(code, data)
        if self.layout.byte_order != sys.byteorder:
            values.byteswap()
        return values


def _parse(
    rows: bytes, layout: Layout, strings: StringTable, versions: Sequence[int], version_names: Mapping[int, str]
) -> Symbols | None:
    """The symbols of a whole table; None when their names add up to too much.

    The inner loop of a scan, so it is one loop: a folder of libraries has a million symbols.
    """
    text = strings.read_all().decode("latin-1")  # so that offsets stay what they are
    is_ascii = text.isascii()
    names: dict[int, str | None] = {**version_names, 0: None, 1: None}
    exports: list[BinarySymbol] = []
    imports: list[BinarySymbol] = []
    budget = MAX_SYMBOL_TEXT_BYTES
    for (start, info, other, section, address, size), version in zip(_fields(rows, layout), versions, strict=True):
        if info not in _INFOS:
            continue
        end = text.find("\0", start)
        if end < 0:
            raise damaged(f"A symbol's name at {start:#x} does not end inside the string table", strings.offset)
        budget -= end - start
        if budget < 0:
            return None
        name = text[start:end] if is_ascii else text[start:end].encode("latin-1").decode("utf-8", "surrogateescape")
        index = version & MAX_VERSIONS
        if index not in names:
            raise damaged(f"A symbol is of version {index}, which the file does not name", strings.offset + start)
        kind, binding = _INFOS[info]
        if not section:
            imports.append(BinarySymbol(name, kind, binding, _VISIBILITIES[other & 3], 0, size, names[index]))
            continue
        if section == SHN_ABS:
            kind = SymbolKind.OTHER  # a number, not a place: linkers make one for each version that is defined
        is_default = 1 < version < HIDDEN_VERSION
        exports.append(
            BinarySymbol(name, kind, binding, _VISIBILITIES[other & 3], address, size, names[index], is_default)
        )
    return Symbols(tuple(exports), tuple(imports))


def _fields(rows: bytes, layout: Layout) -> Iterator[tuple[int, ...]]:
    """``Elf_Sym``: name, info, other, section, address, size; the two classes order them differently."""
    if layout.bits == 64:
        return layout.symbol.iter_unpack(rows)
    return (
        (name, info, other, section, address, size)
        for name, address, size, info, other, section in layout.symbol.iter_unpack(rows)
    )
