"""The symbols of one host, for all that is loaded into it: where they are looked for, and what was found before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from plugdeck.binary.linking import Linking, Reference
from plugdeck.binary.versions import SymbolVersion
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, ReadFacts
from plugdeck.compat.linkings import Linkings

Wanted = tuple[str, str | None]
"""A symbol's name, and the version that is asked for, if any."""


class UndefinedSymbols(NamedTuple):
    """Symbols that a library asks for, and nothing in the process would define."""

    needed_by: Library
    symbols: tuple[Wanted, ...]


class UnmarkedProvider(NamedTuple):
    """A library defines a symbol without any version that was asked for with one, of this very library: the loader
    ends its process over it (``check_match``, an assertion)."""

    needed_by: Library
    provider: Library
    symbol: Wanted


class Bindings(NamedTuple):
    """How the symbols of a file, and of all that comes with it, would be bound."""

    undefined: tuple[UndefinedSymbols, ...] = ()
    unmarked: tuple[UnmarkedProvider, ...] = ()
    static_tls: tuple[Library, ...] = ()
    """The libraries whose thread-local block is needed in the static one, in the order in which the loader comes to
    know it."""
    unknown_relocations: tuple[tuple[Library, int], ...] = ()
    """Types of relocations that the loader refuses."""
    damaged: tuple[tuple[Library, str], ...] = ()
    """Libraries whose symbols or relocations lead nowhere, and what was found."""


_MOST_SETTLED = 20_000


class Settled(NamedTuple):
    """A library whose symbols were all bound, and to which files."""

    providers: frozenset[LibraryFile]
    exact: tuple[Reference, ...]
    """What is to be bound again in each process all the same, since it matters to which definition."""
    needs_own_static_tls: bool
    unknown_relocations: tuple[int, ...]


class SymbolScope:
    """The symbols of one host; it remembers what it found, which more libraries in a scope do not take away."""

    def __init__(self, everywhere: Iterable[Library], read_facts: ReadFacts, *, is_versioned: bool = True) -> None:
        """``everywhere``: the program and its libraries, in load order; ``is_versioned`` as for ``Resolver``."""
        self.is_versioned = is_versioned
        self.everywhere = tuple(dict.fromkeys(everywhere))
        self.in_host = frozenset(self.everywhere)
        self._linkings = Linkings(read_facts)
        self._seen_in: dict[SymbolVersion | None, dict[bytes, LibraryFile]] = {}
        self._settled: dict[LibraryFile, Settled] = {}

    @property
    def program(self) -> Library | None:
        """The program itself; None where there is none but its libraries."""
        alone = (library for library in self.everywhere if library.loader is None and library.file.elf.interpreter)
        return next(alone, None)

    def keep(self, library: Library, linking: Linking) -> None:
        """Remembers tables that were read with a file's facts."""
        self._linkings.keep(library.file, linking)

    def linking(self, library: Library) -> Linking | None:
        """The tables of a library."""
        return self._linkings.of(library)

    def damage(self, library: Library) -> str:
        """Why the tables of a library cannot be used, or nothing."""
        error = self._linkings.errors.get(library.file)
        return str(error) if error else ""

    def settled(self, library: Library) -> Settled | None:
        """What is known of a library whose symbols were all bound before."""
        return self._settled.get(library.file)

    def settle(self, library: Library, settled: Settled) -> None:
        """Remembers that a library asks for nothing in vain, for as long as there is room."""
        if len(self._settled) < _MOST_SETTLED:
            self._settled[library.file] = settled

    def seen_in(self, version: SymbolVersion | None) -> dict[bytes, LibraryFile]:
        """Where names of this version were found before; what the host has is found there alone."""
        return self._seen_in.setdefault(version, {})

    def hashes(self, library: Library) -> frozenset[int] | None:
        """As ``Definitions.hashes``; none where its tables are unknown."""
        return self._linkings.hashes(library)

    def first(self, name: bytes, value: int, version: SymbolVersion | None, scope: Iterable[Library]) -> Library | None:
        """The first library of a scope that defines the symbol; ``value`` is the name's ``gnu_hash``."""
        asked, linking_of = version if self.is_versioned else None, self._linkings.of
        for library in scope:
            linking = linking_of(library)
            if linking and linking.definitions.has(name, value, asked):
                return library
        return None
