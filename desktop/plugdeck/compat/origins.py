"""Where a symbol would come from that nothing in the process defines, as far as this system knows it quickly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from plugdeck.binary import identity_of
from plugdeck.binary.definitions import Definitions
from plugdeck.binary.facts import FileIdentity
from plugdeck.binary.hash_tables import gnu_hash
from plugdeck.binary.own_symbols import OwnSymbols
from plugdeck.compat.closure import Closure
from plugdeck.compat.library import Library
from plugdeck.compat.packages import packages_of
from plugdeck.compat.search import Search
from plugdeck.compat.symbol_scope import SymbolScope, Wanted
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

_VERSION_BITS = 0x7FFF
"""Of an index of a version; the bit above says that it is hidden."""
_MOST_LIBRARIES = 20
"""Of those that a file needs; one that is made to annoy needs thousands."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A library that defines the symbol, or nearly so."""

    words: str
    """What it has: a phrase behind the symbol's name."""
    remedy: str
    is_meant: bool = False
    """The file names the library, in this version or another, as one that it needs; or it is the program itself."""


class Origins:
    """Answers for one file in one host."""

    def __init__(self, closure: Closure, search: Search, scope: SymbolScope) -> None:
        self._libraries = closure.scope
        self._search = search
        self._packages = packages_of(search.sysroot.folder or "/")
        self._scope = scope

    def of(self, wanted: Wanted, needed_by: Library) -> Origin | None:
        """Where this symbol would come from, or None when that is not known."""
        return (
            self._other_version(wanted, needed_by)
            or self._kept_by_program(wanted)
            or self._relative(wanted, needed_by)
            or self._installed(wanted)
        )

    def _kept_by_program(self, wanted: Wanted) -> Origin | None:
        """The program that loads the file, where it has the symbol for itself."""
        name, version = wanted
        program = self._scope.program
        if version or program is None or not _has_for_itself(program, name):
            return None
        return Origin(
            f"{program.label} has it, and does not export it (it is in .symtab alone)",
            f"Link {program.label} with -rdynamic (for the linker: --export-dynamic), so that plugins find it.",
            is_meant=True,
        )

    def _other_version(self, wanted: Wanted, needed_by: Library) -> Origin | None:
        """A library that is there, and has the name with another version."""
        name, version = wanted
        for library in self._needed_of(needed_by):
            versions = self._versions(library, name)
            others = [visible(each) for each in versions if each is not None and each != version]
            if others:
                asked = f"version {visible(version)}" if version else "no version"
                return Origin(
                    f"{library.label} here has it only as version {', '.join(others)}",
                    f"Take the {library.label} that the plugin was built with, or rebuild the plugin against the one "
                    f"here: it asks for {asked} of the symbol.",
                    is_meant=True,
                )
        return None

    def _relative(self, wanted: Wanted, needed_by: Library) -> Origin | None:
        """Another version of a needed library: ``libfoo.so.2`` where ``libfoo.so.1`` is asked for."""
        for asked in needed_by.file.elf.needed[:_MOST_LIBRARIES]:
            for name in self._search.relatives(asked):
                found = self._search.find(name, needed_by)
                if found and self._versions(found, wanted[0]):
                    other, own = visible(name), visible(asked)
                    return Origin(
                        f"{other} has it, and {own} is what is asked for",
                        f"Rebuild the plugin against {other}, or get the {own} that it was built with.",
                        is_meant=True,
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

    def _versions(self, library: Library, name: str) -> tuple[str | None, ...]:
        """Those that the library has of a symbol."""
        linking = self._scope.linking(library)
        return tuple(_versions_of(linking.definitions, name.encode("utf-8", "surrogateescape"))) if linking else ()


def _has_for_itself(program: Library, name: str) -> bool:
    path = program.file.place or Path(program.path)
    try:
        return _own_symbols(path, identity_of(path)).defines(name.encode("utf-8", "surrogateescape"))
    except BinaryFormatError:
        return False


@lru_cache(maxsize=1)
def _own_symbols(path: Path, _identity: FileIdentity) -> OwnSymbols:
    """Kept, since a scan asks for those of the same program again and again."""
    return OwnSymbols.read(path)


def _versions_of(definitions: Definitions, name: bytes) -> Iterator[str | None]:
    """The versions of all definitions of this name, hidden ones too; None for one that has no version."""
    versions, most = definitions.versions, len(definitions.rows) // definitions.record.size
    for index in definitions.hash.candidates(name, gnu_hash(name)) if definitions.hash else ():
        row = definitions.row(index) if index < most else None
        if row and row.section and definitions.strings.startswith(name + b"\0", row.name):
            label = definitions.labels.get(versions[index] & _VERSION_BITS) if versions else None
            yield label.name if label else None


def _link_option(library: str) -> str:
    """``-lpng16`` of ``libpng16.so.16``."""
    stem = library.partition(".so")[0]
    return f"-l{stem.removeprefix('lib')}" if stem.startswith("lib") else library
