"""Everything that a file brings into a process with it, and what of that the dynamic loader would not accept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from plugdeck.binary.facts import BinaryFacts, LoadDetails
from plugdeck.compat.library import Library
from plugdeck.compat.search import Search

_MOST_MISSING = 50
"""The search ends then: the loader stops at the first, and nobody reads more."""


class MissingLibrary(NamedTuple):
    """A needed library that the loader would not find, or not take."""

    name: str
    needed_by: Library


class MissingVersions(NamedTuple):
    """Versions that a library is asked for and does not define."""

    needed_by: Library
    provider: Library
    versions: tuple[str, ...]


Problem = MissingLibrary | MissingVersions


class StrayVersions(NamedTuple):
    """Versions that are needed of a file which nothing in the process was asked for as: the loader ends its process
    over it (glibc ``elf/dl-version.c``, an assertion)."""

    needed_by: Library
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A file with all that it needs."""

    libraries: tuple[Library, ...]
    """Those that loading it would add to the process, the file itself first, breadth first, as the loader does."""
    problems: tuple[Problem, ...]
    scope: tuple[Library, ...] = ()
    """Where its symbols are looked for, after the host's: as ``libraries``, with those of the host among them, and each
    that DT_FILTER or DT_AUXILIARY names before the one that does."""
    strays: tuple[StrayVersions, ...] = ()
    searched: tuple[tuple[str, Library], ...] = ()
    """The names that were looked for on disk, each with who asked first; what was in the process already was not."""


class Resolver:
    """Finds closures for one host."""

    def __init__(self, search: Search, *, is_versioned: bool = True) -> None:
        """``is_versioned`` is false for a loader that does not compare versions: musl's."""
        self.search = search
        self.is_versioned = is_versioned
        self.loaded: dict[str, Library] = {}
        """What the host has in memory already, by every name that it answers to."""
        self.asked: dict[str, Library] = {}
        """As ``loaded``, by the names alone that something in the host asked for."""
        self.by_file: dict[tuple[int, ...], Library] = {}
        """As ``loaded``, by the files' keys."""
        self.everywhere: set[tuple[int, ...]] = set()
        """Keys of the files whose symbols, and those of all below them, are there for everyone in the process."""
        self._last: tuple[Library, Closure] | None = None

    def add(self, library: Library, names: Iterable[str]) -> None:
        """Counts a library as being in the host's memory, asked for by these names."""
        for name in names:
            self.loaded.setdefault(name, library)
            self.asked.setdefault(name, library)
        self.by_file.setdefault(library.file.key, library)
        self.everywhere.add(library.file.key)

    def closure(self, root: Library) -> Closure:
        """The whole closure, in load order, with everything that is wrong in it."""
        last = self._last
        if last is None or last[0] is not root:
            last = self._last = root, _Walk(self, root).closure()
        return last[1]

    def last_closure(self, facts: BinaryFacts) -> Closure | None:
        """The closure that was made last, if it was this file's: a verdict, and those who explain it, ask for one."""
        last = self._last
        is_its = last and last[0].file.elf is facts.elf and last[0].path == os.fspath(facts.path)
        return last[1] if last and is_its else None

    def load(self, root: Library) -> Closure:
        """Counts this file and all it needs, which is the result, as being in the host's memory."""
        walk = _Walk(self, root)
        closure = walk.closure()
        for library in closure.scope:
            self.loaded.update((name, library) for name in library.names if name not in self.loaded)
            self.everywhere.add(library.file.key)
        self.loaded.update((name, library) for name, library in walk.known.items() if name not in self.loaded)
        self.by_file = {library.file.key: library for library in self.loaded.values()}
        self.asked.update((name, library) for name, library in walk.asked.items() if name not in self.asked)
        return closure


class _Walk:
    """One walk through what a file needs, breadth first."""

    def __init__(self, resolver: Resolver, root: Library) -> None:
        self._search = resolver.search
        self._root = root
        self._everywhere = resolver.everywhere
        self._is_versioned = resolver.is_versioned
        self.known = dict(resolver.loaded)
        self.known.update((name, root) for name in root.names if name not in self.known)
        self.asked = {root.path: root, **resolver.asked}
        self._by_file = dict(resolver.by_file)
        self._by_file.setdefault(root.file.key, root)
        self._libraries = [root]
        self._scope = [root]
        self._placed = {root}
        self._problems = list[Problem]()
        self._missing = set[str]()
        self._searched = list[tuple[str, Library]]()

    def closure(self) -> Closure:
        """All that the root brings with it."""
        at, done = 0, set[Library]()
        while at < len(self._scope) and len(self._missing) < _MOST_MISSING:
            library = self._scope[at]
            if library in done or (library.file.key in self._everywhere and library is not self._root):
                at += 1  # it stays here after it was asked, for those that were put before it
                continue
            done.add(library)
            for found, is_new, stands_before in self._requests(library):
                if is_new:
                    self._libraries.append(found)
                self._place(found, library if stands_before else None)
        strays = list[StrayVersions]()
        for library in self._libraries if self._is_versioned else ():
            self._compare_versions(library, strays)
        problems = tuple(self._problems)
        is_whole = not self._missing  # otherwise the loader does not come to compare versions
        told = tuple(strays) if is_whole else ()
        return Closure(tuple(self._libraries), problems, tuple(self._scope), told, tuple(self._searched))

    def _compare_versions(self, library: Library, strays: list[StrayVersions]) -> None:
        """What the loader finds when it compares needs with definitions (glibc ``elf/dl-version.c``)."""
        for name, versions in library.file.needed_versions.items():
            provider = self.asked.get(name)
            if provider is None:
                strays.append(StrayVersions(library, name))
            elif provider.file.lacks(versions):
                absent = versions - provider.file.definitions
                needs = (need for need in library.file.elf.version_needs if need.library == name and not need.weak)
                missing = tuple(need.version for need in needs if need.version in absent)
                self._problems.append(MissingVersions(library, provider, missing))

    def _place(self, found: Library, above: Library | None) -> None:
        """Puts it last in the scope if it is not there yet; or right before another, unless it is before it already."""
        is_placed = found in self._placed
        self._placed.add(found)
        if above is not None:
            if is_placed:
                if self._scope.index(found) <= self._scope.index(above):
                    return
                self._scope.remove(found)
            self._scope.insert(self._scope.index(above), found)
        elif not is_placed:
            self._scope.append(found)

    def _requests(self, library: Library) -> Iterator[tuple[Library, bool, bool]]:
        """What this library asks for, each with whether it comes into the process only now, and stands before it."""
        details = library.file.elf.details
        for name in library.file.requests:
            if self._missing and (name in self._missing or len(self._missing) >= _MOST_MISSING):
                continue
            known = self.known.get(name)
            if known is not None:
                self.asked.setdefault(name, known)
                yield known, False, _stands_before(name, details)
                continue
            self._searched.append((name, library))
            found = self._search.find(name, library)
            if found is not None:
                yield (*self._add(name, found), _stands_before(name, details))
            elif name not in details.auxiliaries or name in library.file.elf.needed:
                self._missing.add(name)
                self._problems.append(MissingLibrary(name, library))

    def _add(self, name: str, found: Library) -> tuple[Library, bool]:
        """Notes a library that was found on disk, which may be one that is here under another name."""
        is_new = found.file.key not in self._by_file
        found = self._by_file.setdefault(found.file.key, found)
        for alias in (name, *found.names):
            self.known.setdefault(alias, found)
        self.asked.setdefault(name, found)
        self.asked.setdefault(found.path, found)
        return found, is_new


def _stands_before(name: str, details: LoadDetails) -> bool:
    return name in details.filters or name in details.auxiliaries
