"""The symbol tables of libraries, read once for many verdicts, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.linking import Linking
from plugdeck.compat.library_files import LibraryFile
from plugdeck.compat.search import Library
from plugdeck.errors import BinaryFormatError

_MOST_BYTES = 40 * 1024 * 1024


class Linkings:
    """What relocations and hash tables of libraries say; those used longest ago are dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[LibraryFile, Linking | None] = OrderedDict()
        self._size_bytes = 0
        self.errors: dict[LibraryFile, BinaryFormatError] = {}
        """Of libraries whose tables are damaged."""

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
        try:
            return read(library.file.place or Path(library.path), symbols=False, linking=True).linking
        except BinaryFormatError as error:
            self.errors[library.file] = error
            return None


def _size(linking: Linking | None) -> int:
    return linking.definitions.size_bytes if linking else 0
