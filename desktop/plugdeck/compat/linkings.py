"""The symbol tables of libraries, read once for many verdicts, within a bound of memory."""

from __future__ import annotations

from collections import Counter, OrderedDict
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.definitions import Row
from plugdeck.binary.linking import Linking
from plugdeck.binary.versions import SymbolVersion
from plugdeck.compat.library_files import LibraryFile, ReadFacts
from plugdeck.compat.search import Library
from plugdeck.errors import BinaryFormatError

_MOST_BYTES = 80 * 1024 * 1024
_MOST_NAMES = 400_000
"""About 40 MB; with more, all are dropped and made again."""
_NAMES_PAY_AFTER = 200
"""Lookups in one library: fewer go through its hash table sooner than its names are listed."""


class Linkings:
    """What relocations and hash tables of libraries say; those used longest ago are dropped first."""

    def __init__(self, read_facts: ReadFacts) -> None:
        self._read_facts = read_facts
        self._kept: OrderedDict[LibraryFile, Linking | None] = OrderedDict()
        self._size_bytes = 0
        self._names: dict[LibraryFile, frozenset[bytes]] = {}
        self._lookups: Counter[LibraryFile] = Counter()
        self._name_count = 0
        self.errors: dict[LibraryFile, BinaryFormatError] = {}
        """Of libraries whose tables are damaged."""

    def names(self, library: Library) -> frozenset[bytes] | None:
        """All names that the library could define, so that it need not be asked for others; None before that pays."""
        return self._names.get(library.file)

    def find(self, library: Library, name: bytes, value: int, version: SymbolVersion | None) -> Row | None:
        """As ``Definitions.find``; None as well for a library whose tables are unknown."""
        linking = self.of(library)
        if linking is None:
            return None
        self._lookups[library.file] += 1
        if self._lookups[library.file] == _NAMES_PAY_AFTER:
            self._list_names(library.file, linking)
        return linking.definitions.find(name, value, version)

    def _list_names(self, file: LibraryFile, linking: Linking) -> None:
        names = linking.definitions.names()
        if self._name_count + len(names) > _MOST_NAMES:
            self._names.clear()
            self._lookups.clear()
            self._name_count = 0
        self._names[file] = names
        self._name_count += len(names)

    def of(self, library: Library) -> Linking | None:
        """The tables of this library; None where they are damaged or too large."""
        file = library.file
        if file in self._kept:
            self._kept.move_to_end(file)
            return self._kept[file]
        return self.keep(file, self._read(library))

    def keep(self, file: LibraryFile, linking: Linking | None) -> Linking | None:
        """Remembers tables that were read with the file's facts."""
        if file not in self._kept:
            self._kept[file] = linking
            self._size_bytes += _size(linking)
            while self._size_bytes > _MOST_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._size_bytes -= _size(dropped)
        return linking

    def _read(self, library: Library) -> Linking | None:
        place = library.file.place or Path(library.path)
        try:
            return self._read_facts(place).linking or read(place, symbols=False, linking=True).linking
        except BinaryFormatError as error:
            self.errors[library.file] = error
            return None


def _size(linking: Linking | None) -> int:
    return linking.size_bytes if linking else 0
