"""Which of the symbols that a file asks for nothing would define: the loader's last reason to refuse it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts, BinarySymbol, Binding
from plugdeck.compat.closure import Closure
from plugdeck.compat.library_files import LibraryFile
from plugdeck.compat.search import Library
from plugdeck.errors import BinaryFormatError

Wanted = tuple[str, str | None]
"""A symbol's name, and the version that is asked for, if any."""


@dataclass(frozen=True, slots=True)
class UndefinedSymbols:
    """Symbols that a library asks for, and nothing in the process would define."""

    needed_by: Library
    symbols: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """What one file offers and asks for."""

    names: frozenset[str]
    versions: frozenset[Wanted]
    wanted: frozenset[Wanted]
    """Without weak ones, which may stay undefined."""

    @classmethod
    def of(cls, exports: Iterable[BinarySymbol], imports: Iterable[BinarySymbol]) -> SymbolTable:
        """The table of a file whose symbols were read."""
        offered = frozenset((symbol.name, symbol.version) for symbol in exports)
        wanted = frozenset((symbol.name, symbol.version) for symbol in imports if symbol.binding is not Binding.WEAK)
        return cls(frozenset(name for name, _ in offered), offered, wanted)

    def defines(self, wanted: Wanted) -> bool:
        """Whether the loader would take this file's definition (glibc ``elf/dl-lookup.c``, ``check_match``)."""
        name, version = wanted
        if version is None:
            return name in self.names
        return wanted in self.versions or (name, None) in self.versions


class SymbolScope:
    """Symbols of one host: those of the program and its libraries are there for every plugin."""

    def __init__(self, loaded: Iterable[Library]) -> None:
        self._loaded = tuple(dict.fromkeys(loaded))
        self._tables: dict[LibraryFile, SymbolTable | None] = {}

    def undefined(self, facts: BinaryFacts, closure: Closure) -> Iterator[UndefinedSymbols]:
        """What the file, and each library that comes with it, asks for in vain.

        Every symbol must be found at once, since plugins are opened with ``RTLD_NOW``. Nothing is claimed when the
        symbols of a file are unknown.
        """
        if facts.exports is None or facts.imports is None:
            return
        root, *others = closure.libraries
        own = SymbolTable.of(facts.exports, facts.imports)
        asking = [(root, own), *((library, self._table(library)) for library in others)]
        offering = [*map(self._table, self._loaded), *(table for _, table in asking)]
        known = [table for table in offering if table is not None]
        if len(known) < len(offering):
            return
        for library, table in asking:
            missing = _missing(table.wanted if table else frozenset(), known)
            if missing:
                yield UndefinedSymbols(library, tuple(sorted(missing, key=lambda wanted: wanted[0])))

    def _table(self, library: Library) -> SymbolTable | None:
        if library.file not in self._tables:
            self._tables[library.file] = _read_table(library.path)
        return self._tables[library.file]


def _missing(wanted: frozenset[Wanted], tables: Iterable[SymbolTable]) -> list[Wanted]:
    left = list(wanted)
    for table in tables:
        if not left:
            break
        left = [each for each in left if not table.defines(each)]
    return left


def _read_table(path: str) -> SymbolTable | None:
    try:
        facts = read(Path(path))
    except BinaryFormatError:
        return None
    if facts.exports is None or facts.imports is None:
        return None
    return SymbolTable.of(facts.exports, facts.imports)
