"""The symbol tables of libraries, read once for many verdicts, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.linking import Linking
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, ReadFacts
from plugdeck.errors import BinaryFormatError

_MOST_BYTES = 80 * 1024 * 1024
_MOST_HASHES = 500_000
"""About 40 MB; with more, all are dropped and made again."""


class Linkings:
    """What relocations and hash tables of libraries say; those used longest ago are dropped first."""

    def __init__(self, read_facts: ReadFacts) -> None:
        self._read_facts = read_facts
        self._kept: OrderedDict[LibraryFile, Linking | None] = OrderedDict()
        self._size_bytes = 0
        self._hashes: dict[LibraryFile, frozenset[int] | None] = {}
        """Of all that a library defines, so that most need not be asked for what others define."""
        self._hash_count = 0
        self.errors: dict[LibraryFile, BinaryFormatError] = {}
        """Of libraries whose tables are damaged."""

    def hashes(self, library: Library) -> frozenset[int] | None:
        """As ``Definitions.hashes``; none for a library whose tables are unknown."""
        file = library.file
        return self._hashes[file] if file in self._hashes else self._list_hashes(library)

    def _list_hashes(self, library: Library) -> frozenset[int] | None:
        linking = self.of(library)
        hashes = linking.definitions.hashes() if linking else frozenset[int]()
        self._hash_count += len(hashes or ())
        if self._hash_count > _MOST_HASHES:
            self._hashes.clear()
            self._hash_count = len(hashes or ())
        self._hashes[library.file] = hashes
        return hashes

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
