"""What a file defines, as the dynamic loader finds it: through the hash table alone (glibc ``elf/dl-lookup.c``).

A symbol that the table of symbols has and the hash table does not lead to is no definition. The tables stay bytes:
a lookup costs microseconds, and nobody looks up all names of a library.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, repeat
from operator import and_, or_
from struct import Struct
from typing import NamedTuple

from plugdeck.binary.strings import sysv_hash
from plugdeck.binary.versions import SymbolVersion

SHN_UNDEF, SHN_ABS = 0, 0xFFF1
STT_TLS, STT_GNU_IFUNC = 6, 10
DEFINING_TYPES = frozenset({0, 1, 2, 5, STT_TLS, STT_GNU_IFUNC})  # none, object, function, common
BINDINGS = frozenset({1, 2, 10})  # global, weak, unique
_HIDDEN_VERSION = 0x8000
_HIDDEN_VISIBILITIES = frozenset({1, 2})  # internal, hidden
_MOST_STEPS = 200_000
"""Of one chain; a crafted one leads in a circle."""

_DIGITS = b"0123456789abcdefghijklmnopqrstuvw"
_UPPER_DIGITS = bytes([_DIGITS[byte >> 5] for byte in range(256)])
_LOWER_DIGITS = bytes([_DIGITS[byte & 31] for byte in range(256)])
WIDE_ROW_BYTES = 24
"""Of ``Elf64_Sym``, whose fields are in another order than those of ``Elf32_Sym``."""
_MOST_DIGITS = 1023
_STARTS = list(accumulate(repeat(33, _MOST_DIGITS), lambda value, base: value * base & 0xFFFF_FFFF, initial=5381))
"""What the hash begins with, for names of each length; longer ones are rare, and ``int`` takes no more digits."""


class Row(NamedTuple):
    """``Elf_Sym``, in one order for both classes."""

    name: int
    info: int
    other: int
    section: int
    value: int
    size: int


def gnu_hash(name: bytes) -> int:
    """The hash of DT_GNU_HASH: multiply by 33 and add, from 5381, in 32 bits.

    That is reading the bytes as digits of a number to the base 33, which ``int`` does three times as fast as a sum
    over them: once for the upper three bits of each byte, and once for the others.
    """
    length = len(name)
    if not 0 < length <= _MOST_DIGITS:
        value = 5381
        for byte in name:
            value = (value * 33 + byte) & 0xFFFF_FFFF
        return value
    upper, lower = int(name.translate(_UPPER_DIGITS), 33), int(name.translate(_LOWER_DIGITS), 33)
    return (upper << 5) + lower + _STARTS[length] & 0xFFFF_FFFF


class GnuHash(NamedTuple):
    """DT_GNU_HASH: a filter, buckets, and chains that begin at the first symbol that is hashed."""

    bloom: Sequence[int]
    word_bits: int
    shift: int
    buckets: Sequence[int]
    first: int
    chains: Sequence[int]

    def candidates(self, name: bytes, value: int) -> Iterator[int]:
        """The symbols that may have this name, in the loader's order; ``value`` is its ``gnu_hash``."""
        word = self.bloom[value // self.word_bits & len(self.bloom) - 1]
        if not (word >> value % self.word_bits) & (word >> (value >> self.shift) % self.word_bits) & 1:
            return
        index = self.buckets[value % len(self.buckets)]
        if not index:
            return
        place, end = index - self.first, len(self.chains)
        while 0 <= place < end:
            found = self.chains[place]
            if (found ^ value) < 2:
                yield place + self.first
            if found & 1:
                return
            place += 1

    def astray(self, names: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Of these symbols by number and name, those that a lookup of the name does not come to.

        A lookup that does may come to another of the same name before. One loop, since a folder of libraries has
        hundreds of thousands of symbols that call each other.
        """
        bloom, bits, shift, buckets, first, chains = self
        mask, bucket_count, end = len(bloom) - 1, len(buckets), len(chains)
        chain_of = list(accumulate(map(and_, chains, repeat(1)), initial=0))  # how many chains ended before
        for number, name in names:
            value = gnu_hash(name)
            place, start = number - first, buckets[value % bucket_count] - first
            word = bloom[value // bits & mask]
            if (
                not 0 <= start <= place < end
                or (chains[place] ^ value) > 1
                or chain_of[start] != chain_of[place]
                or not word >> value % bits & word >> (value >> shift) % bits & 1
            ):
                yield number, name


class SysvHash(NamedTuple):
    """DT_HASH: buckets, and one link for each symbol."""

    buckets: Sequence[int]
    links: Sequence[int]

    def candidates(self, name: bytes, value: int) -> Iterator[int]:
        """As ``GnuHash.candidates``; ``value`` is not of use here."""
        index = self.buckets[sysv_hash(name) % len(self.buckets)]
        for _ in range(min(len(self.links), _MOST_STEPS)):
            if not 0 < index < len(self.links):
                return
            yield index
            index = self.links[index]


class Definitions(NamedTuple):
    """The tables of one file that lookups go through."""

    hash: GnuHash | SysvHash | None
    """None where there is none, or it is empty: then nothing is found in the file."""
    rows: bytes
    record: Struct
    strings: bytes
    versions: array[int] | None
    """DT_VERSYM; None in a file without any version, which answers every request."""
    labels: Mapping[int, SymbolVersion]
    """By index; the base version and the indices 0 and 1 have none."""

    @property
    def size_bytes(self) -> int:
        """About how much memory they take."""
        return len(self.rows) + len(self.strings)

    def row(self, index: int) -> Row:
        """The symbol of this number, which must be inside the table."""
        return Row(*self.fields(index))

    def fields(self, index: int) -> tuple[int, ...]:
        """As ``row``, for loops over whole tables."""
        record = self.record
        fields = record.unpack_from(self.rows, index * record.size)
        if record.size == WIDE_ROW_BYTES:
            return fields
        name, value, size, info, other, section = fields
        return name, info, other, section, value, size

    def hashes(self) -> frozenset[int] | None:
        """``gnu_hash(name) | 1`` of all that ``find`` could answer for; None where no table tells."""
        if self.hash is None:
            return frozenset()
        return frozenset(map(or_, self.hash.chains, repeat(1))) if isinstance(self.hash, GnuHash) else None

    def find(self, name: bytes, value: int, version: SymbolVersion | None) -> Row | None:
        """The definition that the loader takes for a request, or None (``do_lookup_x`` and ``check_match``).

        Args:
            name: the symbol's name.
            value: its ``gnu_hash``, which the caller has for all files of a scope.
            version: the version asked for; None asks for the oldest, or the only one.
        """
        if self.hash is None:
            return None
        wanted, only = name + b"\0", list[Row]()
        for index in self.hash.candidates(name, value):
            row = self._defining(index, wanted)
            if row is None:
                continue
            if version is None:
                number = self.versions[index] if self.versions is not None else 1
                if number & ~_HIDDEN_VERSION < 3:
                    return _visible(row)
                if not number & _HIDDEN_VERSION:
                    only.append(row)
            elif self._has_version(index, version):
                return _visible(row)
        return _visible(only[0]) if len(only) == 1 else None

    def _defining(self, index: int, wanted: bytes) -> Row | None:
        """The row of this number if it defines something of this name."""
        if (index + 1) * self.record.size > len(self.rows):
            return None
        row = self.row(index)
        kind = row.info & 15
        has_place = row.value or row.section == SHN_ABS or kind == STT_TLS
        if not has_place or row.section == SHN_UNDEF or kind not in DEFINING_TYPES:
            return None
        return row if self.strings.startswith(wanted, row.name) else None

    def _has_version(self, index: int, version: SymbolVersion) -> bool:
        if self.versions is None:
            return True
        number = self.versions[index]
        label = self.labels.get(number & ~_HIDDEN_VERSION)
        if label is None:
            return not version.is_exact and not number & _HIDDEN_VERSION
        return label.name == version.name


def _visible(row: Row) -> Row | None:
    """The row if other files may use it; the loader does not look for a second one in the same file."""
    return row if row.info >> 4 in BINDINGS and row.other & 3 not in _HIDDEN_VISIBILITIES else None
