"""The hash tables through which the dynamic loader finds symbols: DT_GNU_HASH, and DT_HASH of the gABI."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, repeat
from operator import and_
from typing import NamedTuple

from plugdeck.binary.dynamic import DT_GNU_HASH, DT_HASH, DynamicTable
from plugdeck.binary.layout import Layout
from plugdeck.binary.segments import LoadMap
from plugdeck.binary.source import ByteSource, damaged
from plugdeck.binary.strings import sysv_hash

_MOST_LINKS = 100
"""Of one chain, seven times what the largest libraries have: each of a hundred thousand lookups may follow it."""
_ENDS = bytes([byte & 1 for byte in range(256)])

_DIGITS = b"0123456789abcdefghijklmnopqrstuvw"
_UPPER_DIGITS = bytes([_DIGITS[byte >> 5] for byte in range(256)])
_LOWER_DIGITS = bytes([_DIGITS[byte & 31] for byte in range(256)])
_MOST_DIGITS = 1023
_STARTS = list(accumulate(repeat(33, _MOST_DIGITS), lambda value, base: value * base & 0xFFFF_FFFF, initial=5381))
"""What the hash begins with, for names of each length; longer ones are rare, and ``int`` takes no more digits."""
_WHAT = "the hash table"


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


def gnu_hashes(names: Sequence[bytes]) -> list[int]:
    """Those of many names."""
    if max(map(len, names), default=0) > _MOST_DIGITS or b"" in names:
        return list(map(gnu_hash, names))
    upper, lower, starts = _UPPER_DIGITS, _LOWER_DIGITS, _STARTS
    return [
        (int(name.translate(upper), 33) << 5) + int(name.translate(lower), 33) + starts[len(name)] & 0xFFFF_FFFF
        for name in names
    ]


class GnuHash(NamedTuple):
    """DT_GNU_HASH: a filter, buckets, and chains that begin at the first symbol that is hashed."""

    bloom: Sequence[int]
    word_bits: int
    shift: int
    buckets: Sequence[int]
    first: int
    chains: Sequence[int]

    def candidates(self, name: bytes, value: int) -> Sequence[int]:
        """The symbols that may have this name, in the loader's order; ``value`` is its ``gnu_hash``."""
        bloom, bits, shift, buckets, first, chains = self
        word = bloom[value // bits & len(bloom) - 1]
        if not word >> (value & bits - 1) & word >> (value >> shift & bits - 1) & 1:
            return ()
        index = buckets[value % len(buckets)]
        found = list[int]()
        for place in range(index - first, len(chains)) if index else ():
            link = chains[place]
            if (link ^ value) < 2:
                found.append(place + first)
            if link & 1:
                break
        return found

    def astray(self, numbers: Sequence[int], names: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        """Of these symbols, by their numbers and names, those that a lookup of the name does not come to.

        A lookup that does may come to another of the same name before. One loop, since a folder of libraries has
        hundreds of thousands of symbols that call each other.
        """
        bloom, bits, shift, buckets, first, chains = self
        mask, low, bucket_count, end = len(bloom) - 1, bits - 1, len(buckets), len(chains)
        chain_of = list(accumulate(map(and_, chains, repeat(1)), initial=0))  # how many chains ended before
        for number, name, value in zip(numbers, names, gnu_hashes(names), strict=True):
            place, start = number - first, buckets[value % bucket_count] - first
            word = bloom[value // bits & mask]
            if (
                not 0 <= start <= place < end
                or (chains[place] ^ value) > 1
                or chain_of[start] != chain_of[place]
                or not word >> (value & low) & word >> (value >> shift & low) & 1
            ):
                yield number, name


class SysvHash(NamedTuple):
    """DT_HASH: buckets, and one link for each symbol."""

    buckets: Sequence[int]
    links: Sequence[int]

    def candidates(self, name: bytes, value: int) -> Sequence[int]:
        """As ``GnuHash.candidates``; ``value`` is not of use here."""
        return self.follow(self.buckets[sysv_hash(name) % len(self.buckets)])

    def follow(self, index: int) -> Sequence[int]:
        """The symbols of one chain."""
        found = list[int]()
        while 0 < index < len(self.links) and len(found) < _MOST_LINKS:
            found.append(index)
            index = self.links[index]
        return found


def read_hash(
    source: ByteSource, table: DynamicTable, loads: LoadMap, layout: Layout, count: int
) -> GnuHash | SysvHash | None:
    """The hash table that glibc uses: the newer kind, where there are both; ``count`` is that of all symbols."""
    if DT_GNU_HASH in table.values:
        return _read_gnu_hash(source, loads, layout, table.values[DT_GNU_HASH], count)
    if DT_HASH in table.values:
        return _read_sysv_hash(source, loads, layout, table.values[DT_HASH])
    return None


def _read_gnu_hash(source: ByteSource, loads: LoadMap, layout: Layout, address: int, count: int) -> GnuHash | None:
    head = layout.gnu_hash_head
    place, rest = loads.span_of(address, head.size, _WHAT)
    buckets, first, filters, shift = head.unpack(source.read(place, head.size, _WHAT))
    if not buckets:
        return None
    size, chains = filters * layout.bloom_word_bytes + 4 * buckets, max(0, count - first)
    if shift >= 32:  # of a hash of 32 bits; what is left then depends on the processor
        raise damaged(f"The hash table's filter shifts by {shift:,} bits", place)
    if head.size + size + 4 * chains > rest or not filters or filters & (filters - 1):
        raise damaged("The hash table leads out of its segment", place)
    bloom = _words(source, layout, place + head.size, filters, "Q" if layout.bits == 64 else "I")
    firsts = _words(source, layout, place + head.size + filters * layout.bloom_word_bytes, buckets)
    if not (first <= min(filter(None, firsts), default=first) and max(firsts) < max(count, 1)):
        raise damaged("The hash table names a symbol that it does not cover", place)
    links = _words(source, layout, place + head.size + size, chains)
    ends = links.tobytes()[0 if sys.byteorder == "little" else 3 :: 4].translate(_ENDS)
    if bytes(_MOST_LINKS) in ends:
        raise damaged(f"A chain of the hash table is longer than {_MOST_LINKS} symbols", place)
    return GnuHash(bloom, layout.bits, shift, firsts, first, links)


def _read_sysv_hash(source: ByteSource, loads: LoadMap, layout: Layout, address: int) -> SysvHash | None:
    head = layout.hash_head
    place, rest = loads.span_of(address, head.size, _WHAT)
    buckets, links = head.unpack(source.read(place, head.size, _WHAT))
    if head.size + 4 * (buckets + links) > rest:
        raise damaged("The hash table leads out of its segment", place)
    at = place + head.size
    firsts, following = _words(source, layout, at, buckets), _words(source, layout, at + 4 * buckets, links)
    named = [index for index in (*firsts, *following) if index]
    if max(named, default=0) >= links or len(set(named)) < len(named):
        raise damaged("The hash table's chains lead astray", place)
    if not buckets:
        return None
    table = SysvHash(firsts, following)
    if any(following[last] for index in firsts for last in table.follow(index)[_MOST_LINKS - 1 :]):
        raise damaged(f"A chain of the hash table is longer than {_MOST_LINKS} symbols", place)
    return table


def _words(source: ByteSource, layout: Layout, offset: int, number: int, code: str = "I") -> array[int]:
    values = array(code, source.read(offset, number * array(code).itemsize, _WHAT))
    if layout.byte_order != sys.byteorder:
        values.byteswap()
    return values
