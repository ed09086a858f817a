"""Which definition each symbol would be bound to, and which symbols nothing would define (glibc ``elf/dl-lookup.c``).

A symbol is looked for in the program and its libraries first, then in the file that is opened and all that it needs,
breadth first. Libraries that come into the process with the file are relocated too, so what they lack counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from plugdeck.binary.facts import BinaryFacts
from plugdeck.binary.hash_tables import gnu_hash
from plugdeck.binary.linking import Linking, Reference
from plugdeck.binary.versions import SymbolVersion
from plugdeck.compat.closure import Closure
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile
from plugdeck.compat.symbol_scope import Bindings, Settled, SymbolScope, UndefinedSymbols, UnmarkedProvider, Wanted

_SYMBOLIC = 2  # DF_SYMBOLIC


def bind(symbols: SymbolScope, root_linking: Linking, closure: Closure) -> Bindings:
    """How everything that comes with a file would be bound; ``closure`` must be without problems.

    Nothing is claimed to be undefined while the symbols of a library are unknown.
    """
    symbols.keep(closure.libraries[0], root_linking)
    return _Binding(symbols, closure).result()


def undefined_symbols(symbols: SymbolScope, facts: BinaryFacts, closure: Closure) -> tuple[UndefinedSymbols, ...]:
    """What the file, and each library that comes with it, asks for in vain; nothing without ``facts.linking``."""
    return bind(symbols, facts.linking, closure).undefined if facts.linking else ()


class _Binding:
    """The work of one verdict."""

    def __init__(self, symbols: SymbolScope, closure: Closure) -> None:
        self._symbols = symbols
        self._closure = closure
        self._scope = tuple([library for library in closure.scope if library not in symbols.in_host])
        self._whole_scope = (*symbols.everywhere, *self._scope)
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

    def _settle(self, library: Library, undefined: list[UndefinedSymbols]) -> Settled | None:
        """Binds all that the library asks for; None where its tables are unknown."""
        linking = self._symbols.linking(library)
        if linking is None:
            return None
        missing, exact, providers = list[Wanted](), list[Reference](), set[LibraryFile]()
        asks_unmarked = self._asks_unmarked(library)
        for version, names in linking.wanted.items():
            if asks_unmarked and self._is_of_unmarked(version):
                exact.extend(Reference(name, version, is_weak=False, needs_static_tls=False) for name in names)
            else:
                missing.extend(self._find_all(names, version, providers))
        for reference in linking.special:  # what may stay undefined need not be known else
            if reference.needs_static_tls or (asks_unmarked and self._is_of_unmarked(reference.version)):
                exact.append(reference)
        missing.extend(self._bind_all_exactly(library, exact))
        settled = Settled(frozenset(providers), tuple(exact), linking.needs_own_static_tls, linking.unknown_relocations)
        if missing:
            undefined.append(UndefinedSymbols(library, tuple(sorted(missing, key=lambda each: each[0]))))
        elif not asks_unmarked:
            self._symbols.settle(library, settled)
        return settled

    def _find_all(
        self, names: Sequence[bytes], version: SymbolVersion | None, providers: set[LibraryFile]
    ) -> Iterator[Wanted]:
        """Those of the names that nothing here defines; the files that define the others are added to ``providers``."""
        seen_in, files = self._symbols.seen_in(version), self._files
        found = set(map(seen_in.get, names))
        if found <= files:  # all were seen before: None is no file
            providers.update(filter(None, found))
            return
        named = self._by_name.get(version.library) if version else None  # it has them mostly: then no other is read
        for name in names:
            provider = seen_in.get(name)
            if provider not in files:
                value = gnu_hash(name)
                library = self._symbols.first(name, value, version, (named,) if named else ())
                library = library or self._symbols.first(name, value, version, self._likely(value))
                if library is None:
                    yield _wanted(name, version)
                    continue
                provider = seen_in[name] = library.file
            providers.add(provider)

    def _likely(self, value: int) -> Iterator[Library]:
        """The libraries that may define a symbol of this hash, in the loader's order."""
        return (library for library, hashes in self._hashed if hashes is None or value | 1 in hashes)

    def _bind_again(self, library: Library, settled: Settled, undefined: list[UndefinedSymbols]) -> None:
        """Binds what may be bound to another definition in this process than in one before."""
        missing = self._bind_all_exactly(library, settled.exact)
        if missing:
            undefined.append(UndefinedSymbols(library, tuple(sorted(missing, key=lambda each: each[0]))))

    def _bind_all_exactly(self, library: Library, references: Iterable[Reference]) -> list[Wanted]:
        """Those that nothing defines and that may not stay so."""
        return [
            _wanted(each.name, each.version)
            for each in references
            if not self._bind_exactly(library, each) and not each.is_weak
        ]

    @cached_property
    def _by_name(self) -> dict[str, Library]:
        return {name: library for library in self._whole_scope for name in library.names}

    def _asks_unmarked(self, library: Library) -> bool:
        """Whether it needs versions of a library that has none."""
        return bool(self._unmarked_names) and any(
            need.library in self._unmarked_names for need in library.file.elf.version_needs
        )

    @cached_property
    def _hashed(self) -> list[tuple[Library, frozenset[int] | None]]:
        return [(library, self._symbols.hashes(library)) for library in self._whole_scope]

    def _is_of_unmarked(self, version: SymbolVersion | None) -> bool:
        return version is not None and version.library in self._unmarked_names

    def _bind_exactly(self, library: Library, reference: Reference) -> bool:
        """Binds in the loader's order, since it matters which definition comes first."""
        is_symbolic = library.file.elf.flags & _SYMBOLIC and self._symbols.is_versioned  # musl knows no such thing
        value = gnu_hash(reference.name)
        scope = (library, *self._likely(value)) if is_symbolic else self._likely(value)
        provider = self._symbols.first(reference.name, value, reference.version, scope)
        if provider is None:
            return False
        linking = self._symbols.linking(provider)
        version = reference.version
        if version and linking and linking.definitions.versions is None and version.library in provider.names:
            self._unmarked.append(UnmarkedProvider(library, provider, _wanted(reference.name, reference.version)))
        if reference.needs_static_tls:
            self._static.setdefault(provider.file, provider)
        return True


def _wanted(name: bytes, version: SymbolVersion | None) -> Wanted:
    return name.decode("utf-8", "surrogateescape"), version.name if version else None
