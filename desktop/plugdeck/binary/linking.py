"""What the dynamic loader does with a file's symbols once the file is mapped: what it asks for, what it offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from plugdeck.binary.definitions import BINDINGS, DEFINING_TYPES, STT_OBJECT, STT_TLS, Definitions
from plugdeck.binary.dynamic import DT_SYMTAB, DT_VERSYM, DynamicTable
from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.hash_tables import GnuHash, gnu_hash, read_hash
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

_NAME_BYTES, _REFERENCE_BYTES = 60, 150

_STB_LOCAL, _STB_WEAK = 0, 2
_HIDDEN_VISIBILITIES = frozenset({1, 2})  # internal, hidden: such a reference is the file's own
_PLAIN_INFOS = frozenset(binding << 4 | kind for binding in BINDINGS for kind in DEFINING_TYPES)
"""``st_info`` of symbols that every lookup of their name answers with, if they have a value and a version."""


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

    wanted: Mapping[SymbolVersion | None, Sequence[bytes]]
    """What has to be found, no matter where: names by the version that is asked for, without those that the file
    itself answers, since the file is always in its own scope."""
    special: tuple[Reference, ...]
    """What may stay undefined, and thread-local variables that need a static place, which are listed always."""
    needs_own_static_tls: bool
    """Code of the file reaches its own thread-local block at a fixed distance."""
    unknown_relocations: tuple[int, ...]
    definitions: Definitions

    @property
    def references(self) -> Iterator[Reference]:
        """All that is asked for."""
        for version, names in self.wanted.items():
            for name in names:
                yield Reference(name, version, is_weak=False, needs_static_tls=False)
        yield from self.special

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        names = sum(map(len, self.wanted.values()))
        return self.definitions.size_bytes + _NAME_BYTES * names + _REFERENCE_BYTES * len(self.special)


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
        hash=read_hash(source, table, loads, layout, count),
        rows=reader.read_table(DT_SYMTAB, count * layout.symbol.size, "the symbol table"),
        record=layout.symbol,
        strings=strings.read_all(),
        versions=reader.read_versions(count) if DT_VERSYM in table.values and versions.names else None,
        labels=versions.labels,
    )
    own = any(not symbol or _is_own(definitions, symbol) for symbol in relocations.static_tls)
    asked = _Asked(definitions)
    asked.take(relocations, SymbolPlaces.of(loads, header.machine))
    wanted = asked.by_version()
    return Linking(wanted, tuple(asked.special), own, relocations.unknown_types, definitions)


def _is_own(definitions: Definitions, number: int) -> bool:
    row = definitions.row(number)
    return row.info >> 4 == _STB_LOCAL or row.other & 3 in _HIDDEN_VISIBILITIES


class _Asked:
    """What relocations ask for, sorted out."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._wanted: dict[int, list[bytes]] = defaultdict(list)  # by the number of the version
        self.special: list[Reference] = []
        self._own: tuple[list[int], list[bytes]] = [], []

    def by_version(self) -> Mapping[SymbolVersion | None, Sequence[bytes]]:
        """As ``Linking.wanted``."""
        labels, found = self._definitions.labels, dict[SymbolVersion | None, list[bytes]]()
        for index, names in self._wanted.items():
            found.setdefault(labels.get(index), []).extend(names)
        return found

    def take(self, relocations: Relocations, places: SymbolPlaces) -> None:
        """Adds all; what the file itself defines is looked for in its own hash table, where it may not be found."""
        self._sort(relocations, places)
        table = self._definitions.hash
        for number, name in table.astray(*self._own) if self._own[0] and isinstance(table, GnuHash) else ():
            self._look_inside(number, name)

    def _look_inside(self, number: int, name: bytes) -> None:
        """Adds a symbol that the file has, if the loader would not find it there."""
        versions, labels = self._definitions.versions, self._definitions.labels
        index = versions[number] & MAX_VERSIONS if versions is not None else 1
        if not self._definitions.has(name, gnu_hash(name), labels.get(index)):
            self._add(number, name, index)

    def _add(self, number: int, name: bytes, index: int) -> None:
        if self._definitions.row(number).info >> 4 != _STB_WEAK:
            self._wanted[index].append(name)
            return
        version = self._definitions.labels.get(index)
        self.special.append(Reference(name, version, is_weak=True, needs_static_tls=False))

    def _sort(self, relocations: Relocations, places: SymbolPlaces) -> None:
        """The inner loop of a verdict, so it is one loop: a folder of libraries has a million references."""
        definitions = self._definitions
        strings, versions, labels = definitions.strings, definitions.versions, definitions.labels
        highest, static_tls, numbers = max(labels, default=1), relocations.static_tls, relocations.symbols
        low, high = next(iter(places.code), (0, 0))  # where most are, and may be
        first, last = next(reversed(places.memory), (0, 0))  # where most variables are
        has_table = isinstance(definitions.hash, GnuHash)
        (own_numbers, own_names), wanted, index = self._own, self._wanted, 1
        for number, (start, info, other, section, value, _) in zip(numbers, definitions.many(numbers), strict=True):
            if info < 16 or (other and other & 3 in _HIDDEN_VISIBILITIES):
                if not section and info & 15 != STT_TLS:
                    raise damaged(f"A relocation names symbol {number} of the file itself, which it does not define")
                continue
            kind = info & 15
            is_common = low <= value < high or (section and kind == STT_OBJECT and first <= value <= last)
            if (value and not is_common) or (section and kind == STT_TLS):
                places.check(kind, section, value)
            end = strings.find(b"\0", start)
            if end < 0 or end - start > MAX_STRING_BYTES:
                raise damaged(f"A symbol's name at {start:#x} does not end inside the string table")
            if versions is not None:
                index = versions[number] & MAX_VERSIONS
                if index > highest:
                    raise damaged(f"A symbol is of version {index}, which the file does not name")
            name = strings[start:end]
            if number in static_tls:
                self.special.append(Reference(name, labels.get(index), info >> 4 == _STB_WEAK, needs_static_tls=True))
            elif not section and info >> 4 != _STB_WEAK:
                wanted[index].append(name)
            elif not section:
                self.special.append(Reference(name, labels.get(index), is_weak=True, needs_static_tls=False))
            elif has_table and value and info in _PLAIN_INFOS and (index < 3 or index in labels):
                own_numbers.append(number)
                own_names.append(name)
            else:
                self._look_inside(number, name)
