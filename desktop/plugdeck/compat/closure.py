"""Everything that a file brings into a process with it, and what of that the dynamic loader would not accept."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from plugdeck.binary.facts import VersionNeed
from plugdeck.compat.library_files import LibraryFile
from plugdeck.compat.search import Library, Search

_MOST_MISSING = 50
"""The search ends then: the loader stops at the first, and nobody reads more."""


@dataclass(frozen=True, slots=True)
class MissingLibrary:
    """A needed library that the loader would not find, or not take."""

    name: str
    needed_by: Library


@dataclass(frozen=True, slots=True)
class MissingVersions:
    """Versions that a library is asked for and does not define."""

    needed_by: Library
    provider: Library
    versions: tuple[str, ...]


Problem = MissingLibrary | MissingVersions


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A file with all that it needs."""

    libraries: tuple[Library, ...]
    """Those that loading it would add to the process, the file itself first, breadth first, as the loader does."""
    problems: tuple[Problem, ...]


class Resolver:
    """Finds closures for one host; what is sound and depends on no search folder of its own is judged once."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.loaded: dict[str, Library] = {}
        """What the host has in memory already, by every name that it answers to."""
        self._sound: set[str] = set()
        self._unsound: set[str] = set()

    def closure(self, root: Library) -> Closure:
        """The whole closure, in load order, with everything that is wrong in it."""
        known = dict(self.loaded)
        known.update((name, root) for name in root.names)
        libraries, problems = [root], list[Problem]()
        by_file = {library.file: library for library in (*self.loaded.values(), root)}
        missing: set[str] = set()
        waiting = deque([root])
        while waiting and len(missing) < _MOST_MISSING:
            library = waiting.popleft()
            for name in library.file.elf.needed:
                if name in known or name in missing or len(missing) >= _MOST_MISSING:
                    continue
                found = self.search.find(name, library)
                if found is None:
                    missing.add(name)
                    problems.append(MissingLibrary(name, library))
                    continue
                is_new = found.file not in by_file
                found = by_file.setdefault(found.file, found)
                known.update((alias, found) for alias in (name, *found.names) if alias not in known)
                if is_new:
                    libraries.append(found)
                    waiting.append(found)
        problems.extend(problem for library in libraries for problem in _missing_versions(library, known))
        return Closure(tuple(libraries), tuple(problems))

    def load(self, root: Library) -> None:
        """Counts this file and all it needs as being in the host's memory."""
        for library in self.closure(root).libraries:
            self.loaded.update((name, library) for name in library.names if name not in self.loaded)

    def problems(self, root: Library) -> tuple[Problem, ...]:
        """What is wrong in the closure; quick where all of it is found by name alone and was judged before."""
        needed = root.file.elf.needed
        if self._is_sound_here(root) and (self._sound.issuperset(needed) or all(map(self._is_sound, needed))):
            return ()
        return self.closure(root).problems

    def _is_sound(self, name: str) -> bool:
        """Whether the library of this name, and all below it, loads in any company.

        That can be said of a name alone when every library on the way is the one that the name means to everyone:
        then it does not matter which of them asked first.
        """
        if name in self.loaded:
            self._sound.add(name)
        if name in self._sound:
            return True
        if name in self._unsound:
            return False
        seen, waiting = {name}, deque([name])
        while waiting:
            current = waiting.popleft()
            found = self.search.find_plainly(current)
            if found is None or not self._is_sound_here(found):
                self._unsound.update((current, name))
                return False
            fresh = set(found.file.elf.needed) - seen - self._sound - self.loaded.keys()
            seen |= fresh
            waiting.extend(fresh)
        self._sound |= seen
        return True

    def _is_sound_here(self, library: Library) -> bool:
        """Whether what this one library asks for itself is there, and is what everyone would get."""
        elf = library.file.elf
        if elf.rpath:
            return False  # it holds for those below as well: only the whole closure tells
        providers: dict[str, LibraryFile] = {}
        for name in elf.needed:
            found = self.loaded.get(name) or self._find_as_everyone(name, library)
            if found is None:
                return False
            providers[name] = found.file
        for need in elf.version_needs:
            provider = providers.get(need.library)
            if provider and need.version not in provider.definitions and _is_missing(need, provider):
                return False
        return True

    def _find_as_everyone(self, name: str, library: Library) -> Library | None:
        everyones = self.search.find_plainly(name)
        if everyones is None or self.search.is_plain(library):
            return everyones
        own = self.search.find(name, library)
        return everyones if own and own.file is everyones.file else None


def _missing_versions(library: Library, providers: dict[str, Library]) -> Iterator[MissingVersions]:
    """What the loader finds when it compares needs with definitions (glibc ``elf/dl-version.c``)."""
    absent: dict[str, list[str]] = {}
    for need in library.file.elf.version_needs:
        provider = providers.get(need.library)
        if provider and _is_missing(need, provider.file):
            absent.setdefault(need.library, []).append(need.version)
    for name, versions in absent.items():
        yield MissingVersions(library, providers[name], tuple(versions))


def _is_missing(need: VersionNeed, provider: LibraryFile) -> bool:
    """Not when the provider has no versions at all: the loader lets that pass."""
    return not need.weak and bool(provider.definitions) and need.version not in provider.definitions
