"""Where a symbol would come from that nothing in the process defines, as far as this system knows it quickly."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from plugdeck.binary import read
from plugdeck.compat.closure import Closure
from plugdeck.compat.packages import packages_of
from plugdeck.compat.search import Library, Search
from plugdeck.compat.symbol_scope import Wanted
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

_MOST_LIBRARIES = 20
"""Whose symbols are read for one file's verdict."""

Offers = dict[str, tuple[str | None, ...]]
"""The versions of each name that a file defines."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A library that defines the symbol, or nearly so."""

    words: str
    """What it has: a phrase behind the symbol's name."""
    remedy: str


class Origins:
    """Answers for one file in one host."""

    def __init__(self, closure: Closure, search: Search) -> None:
        self._libraries = closure.libraries
        self._search = search
        self._packages = packages_of(search.sysroot.folder or "/")
        self._read = 0

    def of(self, wanted: Wanted, needed_by: Library) -> Origin | None:
        """Where this symbol would come from, or None when that is not known."""
        return self._other_version(wanted, needed_by) or self._relative(wanted, needed_by) or self._installed(wanted)

    def _other_version(self, wanted: Wanted, needed_by: Library) -> Origin | None:
        """A library that is there, and has the name with another version."""
        name, version = wanted
        for library in self._needed_of(needed_by):
            versions = self._offers(library).get(name, ())
            others = [visible(each) for each in versions if each is not None and each != version]
            if others:
                asked = f"version {visible(version)}" if version else "no version"
                return Origin(
                    f"{library.label} here has it only as version {', '.join(others)}",
                    f"Take the {library.label} that the plugin was built with, or rebuild the plugin against the one "
                    f"here: it asks for {asked} of the symbol.",
                )
        return None

    def _relative(self, wanted: Wanted, needed_by: Library) -> Origin | None:
        """Another version of a needed library: ``libfoo.so.2`` where ``libfoo.so.1`` is asked for."""
        for asked in needed_by.file.elf.needed[:_MOST_LIBRARIES]:
            for name in self._search.relatives(asked):
                found = self._search.find(name, needed_by)
                if found and wanted[0] in self._offers(found):
                    other, own = visible(name), visible(asked)
                    return Origin(
                        f"{other} has it, and {own} is what is asked for",
                        f"Rebuild the plugin against {other}, or get the {own} that it was built with.",
                    )
        return None

    def _installed(self, wanted: Wanted) -> Origin | None:
        """A library of an installed package, by the package's record."""
        found = self._packages.definer(wanted[0])
        if found is None or any(found.library in library.names for library in self._libraries):
            return None
        library, package = visible(found.library), visible(found.package)
        return Origin(
            f"{library} (package {package}) defines it, and nothing here asks for that library",
            f"Link the plugin with {library} ({_link_option(library)}).",
        )

    def _needed_of(self, needed_by: Library) -> list[Library]:
        names = set(needed_by.file.elf.needed)
        return [library for library in self._libraries if names.intersection(library.names)][:_MOST_LIBRARIES]

    def _offers(self, library: Library) -> Offers:
        if self._read >= _MOST_LIBRARIES:
            return {}
        self._read += 1
        path = os.fspath(library.file.place or library.path)
        try:
            stamp = os.stat(path)
        except OSError:
            return {}
        return _read_offers(path, stamp.st_ino, stamp.st_size, stamp.st_mtime_ns)


@lru_cache(maxsize=8)
def _read_offers(path: str, *_stamp: int) -> Offers:
    try:
        facts = read(Path(path))
    except BinaryFormatError:
        return {}
    found: Offers = {}
    for symbol in facts.exports or ():
        found[symbol.name] = (*found.get(symbol.name, ()), symbol.version)
    return found


def _link_option(library: str) -> str:
    """``-lpng16`` of ``libpng16.so.16``."""
    stem = library.partition(".so")[0]
    return f"-l{stem.removeprefix('lib')}" if stem.startswith("lib") else library
