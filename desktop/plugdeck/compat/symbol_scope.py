"""Which definition each symbol would be bound to, and which symbols nothing would define (glibc ``elf/dl-lookup.c``).

A symbol is looked for in the program and its libraries first, then in the file that is opened and all that it needs,
breadth first. Libraries that come into the process with the file are relocated too, so what they lack counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from plugdeck.binary.definitions import Row, gnu_hash
from plugdeck.binary.facts import BinaryFacts
from plugdeck.binary.linking import Linking, Reference
from plugdeck.binary.versions import SymbolVersion
from plugdeck.compat.closure import Closure
from plugdeck.compat.library_files import LibraryFile, ReadFacts
from plugdeck.compat.linkings import Linkings
from plugdeck.compat.search import Library

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


_SYMBOLIC = 2  # DF_SYMBOLIC
_MOST_SETTLED = 20_000
_Key = tuple[bytes, SymbolVersion | None]


class _Settled(NamedTuple):
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
        self._everywhere = tuple(dict.fromkeys(everywhere))
        self._in_host = frozenset(self._everywhere)
        self._linkings = Linkings(read_facts)
        self.seen_in: dict[_Key, LibraryFile] = {}
        """Where something was found before; what the host has is found there alone."""
        self._settled: dict[LibraryFile, _Settled] = {}

    def bind(self, root_linking: Linking, closure: Closure) -> Bindings:
        """How everything that comes with a file would be bound; ``closure`` must be without problems.

        Nothing is claimed to be undefined while the symbols of a library are unknown.
        """
        root = closure.libraries[0]
        self._linkings.keep(root.file, root_linking)
        return _Binding(self, closure).result()

    def undefined(self, facts: BinaryFacts, closure: Closure) -> tuple[UndefinedSymbols, ...]:
        """What the file, and each library that comes with it, asks for in vain; nothing without ``facts.linking``."""
        return self.bind(facts.linking, closure).undefined if facts.linking else ()

    def linking(self, library: Library) -> Linking | None:
        """The tables of a library."""
        return self._linkings.of(library)

    def damage(self, library: Library) -> str:
        """Why the tables of a library cannot be used, or nothing."""
        error = self._linkings.errors.get(library.file)
        return str(error) if error else ""

    def settled(self, library: Library) -> _Settled | None:
        """What is known of a library whose symbols were all bound before."""
        return self._settled.get(library.file)

    def settle(self, library: Library, settled: _Settled) -> None:
        """Remembers that a library asks for nothing in vain, for as long as there is room."""
        if len(self._settled) < _MOST_SETTLED:
            self._settled[library.file] = settled

    def hashes(self, library: Library) -> frozenset[int] | None:
        """As ``Definitions.hashes``; none where its tables are unknown."""
        return self._linkings.hashes(library)

    def first(self, reference: Reference, scope: Iterable[Library]) -> tuple[Library, Row] | None:
        """The first library of a scope that defines it, and how."""
        name, version = reference.name, reference.version if self.is_versioned else None
        value = gnu_hash(name)
        for library in scope:
            row = self._linkings.find(library, name, value, version)
            if row is not None:
                return library, row
        return None


class _Binding:
    """The work of one verdict."""

    def __init__(self, symbols: SymbolScope, closure: Closure) -> None:
        self._symbols = symbols
        self._closure = closure
        self._scope = tuple([library for library in closure.scope if library not in symbols._in_host])
        self._whole_scope = (*symbols._everywhere, *self._scope)
        self._files = {library.file for library in self._whole_scope}
        self._unmarked_names = {
            name
            for library in self._whole_scope
            if library.file.has_no_versions and symbols.is_versioned
            for name in library.names
        }
        self._unmarked: list[UnmarkedProvider] = []
        self._static: dict[LibraryFile, Library] = {}

    def result(self) -> Bindings:
        undefined, unknown = list[UndefinedSymbols](), list[tuple[Library, int]]()
        for library in reversed(self._closure.libraries):  # as the loader relocates: what is needed comes first
            settled = self._symbols.settled(library)
            if settled is None or not settled.providers <= self._files or self._asks_unmarked(library):
                settled = self._settle(library, undefined)
            else:
                self._bind_again(library, settled, undefined)
            if settled:
                unknown.extend((library, kind) for kind in settled.unknown_relocations)
                if settled.needs_own_static_tls:
                    self._static.setdefault(library.file, library)
        if undefined and not all(self._symbols.linking(library) for library in self._whole_scope):
            undefined.clear()
        damaged = tuple(
            (library, reason) for library in self._closure.libraries if (reason := self._symbols.damage(library))
        )
        new = {library.file for library in self._closure.libraries}
        static = tuple(library for file, library in self._static.items() if file in new)
        undefined.reverse()
        return Bindings(tuple(undefined), tuple(self._unmarked), static, tuple(unknown), damaged)

    def _settle(self, library: Library, undefined: list[UndefinedSymbols]) -> _Settled | None:
        """Binds all that the library asks for; None where its tables are unknown."""
        linking = self._symbols.linking(library)
        if linking is None:
            return None
        asks_unmarked = self._asks_unmarked(library)
        missing, providers, exact = list[Wanted](), set[LibraryFile](), list[Reference]()
        seen_in, files = self._symbols.seen_in, self._files
        for reference in linking.references:
            name, version, is_weak, needs_static_tls = reference
            if needs_static_tls or (asks_unmarked and self._is_of_unmarked(reference)):
                exact.append(reference)
                if not self._bind_exactly(library, reference) and not is_weak:
                    missing.append(_wanted(reference))
            elif not is_weak:  # such a one may stay undefined, so nobody needs to know
                provider = seen_in.get((name, version))
                if provider not in files:
                    provider = self._provider(reference)
                if provider:
                    providers.add(provider)
                else:
                    missing.append(_wanted(reference))
        settled = _Settled(
            frozenset(providers), tuple(exact), linking.needs_own_static_tls, linking.unknown_relocations
        )
        if missing:
            undefined.append(UndefinedSymbols(library, tuple(sorted(missing, key=lambda each: each[0]))))
        elif not asks_unmarked:
            self._symbols.settle(library, settled)
        return settled

    def _bind_again(self, library: Library, settled: _Settled, undefined: list[UndefinedSymbols]) -> None:
        """Binds what may be bound to another definition in this process than in one before."""
        missing = [
            _wanted(each) for each in settled.exact if not self._bind_exactly(library, each) and not each.is_weak
        ]
        if missing:
            undefined.append(UndefinedSymbols(library, tuple(sorted(missing, key=lambda each: each[0]))))

    @cached_property
    def _by_name(self) -> dict[str, Library]:
        return {name: library for library in self._whole_scope for name in library.names}

    def _asks_unmarked(self, library: Library) -> bool:
        """Whether it needs versions of a library that has none."""
        return bool(self._unmarked_names) and any(
            need.library in self._unmarked_names for need in library.file.elf.version_needs
        )

    def _provider(self, reference: Reference) -> LibraryFile | None:
        """Any library that defines it: the one that its version names has it mostly, and no other need be read then."""
        name, version = reference.name, reference.version
        named = self._by_name.get(version.library) if version else None
        if named is None or not self._symbols.first(reference, (named,)):
            value = gnu_hash(name) | 1
            likely = (library for library, hashes in self._hashed if hashes is None or value in hashes)
            found = self._symbols.first(reference, likely)
            if found is None:
                return None
            named = found[0]
        self._symbols.seen_in[name, version] = named.file
        return named.file

    @cached_property
    def _hashed(self) -> list[tuple[Library, frozenset[int] | None]]:
        return [(library, self._symbols.hashes(library)) for library in self._whole_scope]

    def _is_of_unmarked(self, reference: Reference) -> bool:
        return bool(reference.version and reference.version.library in self._unmarked_names)

    def _bind_exactly(self, library: Library, reference: Reference) -> bool:
        """Binds in the loader's order, since it matters which definition comes first."""
        is_symbolic = library.file.elf.flags & _SYMBOLIC and self._symbols.is_versioned  # musl knows no such thing
        scope = (library, *self._whole_scope) if is_symbolic else self._whole_scope
        found = self._symbols.first(reference, scope)
        if found is None:
            return False
        provider = found[0]
        linking = self._symbols.linking(provider)
        version = reference.version
        if version and linking and linking.definitions.versions is None and version.library in provider.names:
            self._unmarked.append(UnmarkedProvider(library, provider, _wanted(reference)))
        if reference.needs_static_tls:
            self._static.setdefault(provider.file, provider)
        return True


def _wanted(reference: Reference) -> Wanted:
    name = reference.name.decode("utf-8", "surrogateescape")
    return name, reference.version.name if reference.version else None
