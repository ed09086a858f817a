"""What the dynamic loader does with a file's symbols once the file is mapped: what it asks for, what it offers."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from plugdeck.binary.definitions import (
    BINDINGS,
    DEFINING_TYPES,
    STT_TLS,
    WIDE_ROW_BYTES,
    Definitions,
    GnuHash,
    SysvHash,
    gnu_hash,
)
from plugdeck.binary.dynamic import DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM, DynamicTable
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.relocations import Relocations, read_relocations
from plugdeck.binary.segments import LoadMap
from plugdeck.binary.source import MAX_READ_BYTES, ByteSource, damaged
from plugdeck.binary.strings import MAX_STRING_BYTES, StringTable
from plugdeck.binary.symbol_places import SymbolPlaces
from plugdeck.binary.symbols import SymbolReader
from plugdeck.binary.versions import MAX_VERSIONS, SymbolVersion, Versions

MAX_LINKING_BYTES = 24 * 1024 * 1024
"""Of the symbol table and its names; five times what the largest common libraries have."""

MAX_REFERENCES = 150_000
"""Symbols that relocations name."""

_REFERENCE_BYTES = 150

_STB_LOCAL, _STB_WEAK = 0, 2
_HIDDEN_VISIBILITIES = frozenset({1, 2})  # internal, hidden: such a reference is the file's own


class Reference(NamedTuple):
    """One symbol that a relocation names, and that is not sure to be the file's own."""

    name: bytes
    version: SymbolVersion | None
    is_weak: bool
    """It may stay undefined."""
    needs_static_tls: bool
    """It is a thread-local variable that must lie in the static block."""


class Linking(NamedTuple):
    """The symbols of one file as the loader works with them, whatever their number."""

    references: tuple[Reference, ...]
    """Without those that the file itself answers, since the file is always in its own scope; thread-local variables
    that need a static place are listed always."""
    needs_own_static_tls: bool
    """Code of the file reaches its own thread-local block at a fixed distance."""
    unknown_relocations: tuple[int, ...]
    definitions: Definitions

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return self.definitions.size_bytes + _REFERENCE_BYTES * len(self.references)


def read_linking(
    source: ByteSource,
    header: ElfHeader,
    places: tuple[DynamicTable, LoadMap],
    names: tuple[StringTable, Versions],
    infos: set[int] | None = None,
) -> Linking | None:
    """What relocations and hash table say; None for a file whose tables are too large to read at once.

    ``infos`` as for ``read_relocations``.
    """
    (table, loads), (strings, versions) = places, names
    layout = header.layout
    most = MAX_READ_BYTES // layout.symbol.size
    relocations = read_relocations(source, table, loads, header, infos)
    reader = SymbolReader(source, table, loads, layout, most_symbols=most)
    count, highest = reader.count(), max(relocations.symbols, default=0)
    if 0 < count <= highest:
        raise damaged(f"A relocation names symbol {highest:,} of {count:,}")
    loads.place_of(table.values[DT_SYMTAB], (highest + 1) * layout.symbol.size, "the symbol table")
    count = max(count, highest + 1)
    too_large = count * layout.symbol.size + strings.size > MAX_LINKING_BYTES
    if too_large or count > most or len(relocations.symbols) > MAX_REFERENCES:
        return None
    definitions = Definitions(
        hash=_read_hash(source, table, loads, header, count),
        rows=reader.read_table(DT_SYMTAB, count * layout.symbol.size, "the symbol table"),
        record=layout.symbol,
        strings=strings.read_all(),
        versions=reader.read_versions(count) if DT_VERSYM in table.values and versions.names else None,
        labels=versions.labels,
    )
    own = any(not symbol or _is_own(definitions, symbol) for symbol in relocations.static_tls)
    references = _references(definitions, relocations, SymbolPlaces.of(loads, header.machine))
    return Linking(tuple(references), own, relocations.unknown_types, definitions)


def _is_own(definitions: Definitions, number: int) -> bool:
    row = definitions.row(number)
    return row.info >> 4 == _STB_LOCAL or row.other & 3 in _HIDDEN_VISIBILITIES


def _references(definitions: Definitions, relocations: Relocations, places: SymbolPlaces) -> Iterator[Reference]:
    """What is to be looked for."""
    own: list[tuple[int, bytes]] = []
    yield from _asked(definitions, relocations, places, own)
    versions, labels, table = definitions.versions, definitions.labels, definitions.hash
    for number, name in table.astray(own) if own and isinstance(table, GnuHash) else ():
        version = labels.get(versions[number] & MAX_VERSIONS) if versions is not None else None
        if not definitions.find(name, gnu_hash(name), version):
            is_weak = definitions.row(number).info >> 4 == _STB_WEAK
            yield Reference(name, version, is_weak, needs_static_tls=False)


def _asked(
    definitions: Definitions, relocations: Relocations, places: SymbolPlaces, own: list[tuple[int, bytes]]
) -> Iterator[Reference]:
    """The references, without those to what the file defines itself: these are added to ``own`` by number and name.

    The inner loop of a verdict, so it is one loop: a folder of libraries has a million references.
    """
    strings, versions, labels = definitions.strings, definitions.versions, definitions.labels
    highest, static_tls = max(labels, default=1), relocations.static_tls
    rows, size, unpack = definitions.rows, definitions.record.size, definitions.record.unpack_from
    low, high = next(iter(places.code), (0, 0))  # where most are, and may be
    has_table = isinstance(definitions.hash, GnuHash)
    for number in relocations.symbols:
        if size == WIDE_ROW_BYTES:
            start, info, other, section, value, _ = unpack(rows, number * WIDE_ROW_BYTES)
        else:
            start, value, _, info, other, section = unpack(rows, number * size)
        binding, kind = info >> 4, info & 15
        if not binding or other & 3 in _HIDDEN_VISIBILITIES:
            if not section and kind != STT_TLS:
                raise damaged(f"A relocation names symbol {number} of the file itself, which it does not define")
            continue
        if (value and not low <= value < high) or (kind == STT_TLS and section):
            places.check(kind, section, value)
        end = strings.find(b"\0", start)
        if end < 0 or end - start > MAX_STRING_BYTES:
            raise damaged(f"A symbol's name at {start:#x} does not end inside the string table")
        name, version, index = strings[start:end], None, 1
        if versions is not None:
            index = versions[number] & MAX_VERSIONS
            version = labels.get(index)
            if version is None and index > highest:
                raise damaged(f"A symbol is of version {index}, which the file does not name")
        if section and number not in static_tls:
            is_plain = value and (version or index < 3) and binding in BINDINGS and kind in DEFINING_TYPES
            if is_plain and has_table:
                own.append((number, name))
                continue
            if definitions.find(name, gnu_hash(name), version):
                continue
        yield Reference(name, version, binding == _STB_WEAK, number in static_tls)


def _read_hash(
    source: ByteSource, table: DynamicTable, loads: LoadMap, header: ElfHeader, count: int
) -> GnuHash | SysvHash | None:
    """The hash table that glibc uses: the newer kind, where there are both."""
    layout, what = header.layout, "the hash table"

    def words(offset: int, number: int, code: str = "I") -> array[int]:
        values = array(code, source.read(offset, number * array(code).itemsize, what))
        if layout.byte_order != sys.byteorder:
            values.byteswap()
        return values

    if DT_GNU_HASH in table.values:
        head = layout.gnu_hash_head
        place, rest = loads.span_of(table.values[DT_GNU_HASH], head.size, what)
        buckets, first, filters, shift = head.unpack(source.read(place, head.size, what))
        if not buckets:
            return None
        start = head.size + filters * layout.bloom_word_bytes
        chains = max(0, count - first)
        if start + 4 * (buckets + chains) > rest or not filters or filters & (filters - 1):
            raise damaged("The hash table leads out of its segment", place)
        bloom = words(place + head.size, filters, "Q" if layout.bits == 64 else "I")
        at = place + start
        firsts = words(at, buckets)
        used = [index for index in firsts if index]
        if used and not first <= min(used) <= max(used) < count:
            raise damaged("The hash table names a symbol that it does not cover", place)
        return GnuHash(bloom, layout.bits, shift, firsts, first, words(at + 4 * buckets, chains))
    if DT_HASH in table.values:
        head = layout.hash_head
        place, rest = loads.span_of(table.values[DT_HASH], head.size, what)
        buckets, links = head.unpack(source.read(place, head.size, what))
        if head.size + 4 * (buckets + links) > rest:
            raise damaged("The hash table leads out of its segment", place)
        at = place + head.size
        firsts, following = words(at, buckets), words(at + 4 * buckets, links)
        named = [index for index in (*firsts, *following) if index]
        if max(named, default=0) >= links or len(set(named)) < len(named):
            raise damaged("The hash table's chains lead astray", place)
        return SysvHash(firsts, following) if buckets else None
    return None
