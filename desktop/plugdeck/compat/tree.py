"""The tree of what a file needs, with the rule that found each library and the problem where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.binding import undefined_symbols
from plugdeck.compat.closure import Closure, MissingLibrary, MissingVersions
from plugdeck.compat.demangle import demangled
from plugdeck.compat.file_findings import kind_findings, machine_findings
from plugdeck.compat.host import Host
from plugdeck.compat.library import Library
from plugdeck.compat.search import Search
from plugdeck.text import visible

IN_THE_HOST = "already in the host"
"""The rule of a library that the host has loaded before it opens the file."""
_MOST_NODES = 2_000
_MOST_DEPTH = 40
_MOST_NAMED = 3
_NOT_SHOWN = "Deeper libraries are not shown."


@dataclass(frozen=True, slots=True)
class Dependency:
    """A library at its place in the tree; texts are as the files have them, so show them with ``text.visible``."""

    name: str
    """As asked for in DT_NEEDED."""
    path: str | None
    """None when nothing was found."""
    rule: str
    """On whose word it was found: ``RUNPATH of libx.so``, ``/etc/ld.so.cache``, ``already in the host``; empty when
    it was not found, and for the file itself."""
    problem: str = ""
    """One sentence; empty when all is well."""
    children: tuple[Dependency, ...] = ()
    is_repeated: bool = False
    """Listed elsewhere in the tree, with its children."""


def dependency_tree(facts: BinaryFacts, host: Host) -> Dependency | None:
    """The file with all that it needs in this host; None for a file or a host without dynamic loading.

    A library's children stand where the loader met it first; of what the host has loaded already they are left out.
    """
    elf, platform, resolver = facts.elf, host.platform, host.resolver
    if elf is None or platform is None or resolver is None:
        return None
    unfit = next(iter((*machine_findings(elf, platform), *kind_findings(elf))), None)
    if unfit:
        return Dependency(facts.path.name, str(facts.path), "", unfit.message)
    closure = host.closure(facts)
    if closure is None:
        return None
    problems = _Problems(closure, facts, host)
    return _Tree(closure, resolver.loaded, resolver.search, problems).root()


class _Problems:
    """What is wrong, by where it is."""

    def __init__(self, closure: Closure, facts: BinaryFacts, host: Host) -> None:
        self.missing = {(each.needed_by, each.name) for each in closure.problems if isinstance(each, MissingLibrary)}
        self.missing_names = {name for _, name in self.missing}
        self.versions = {
            (each.needed_by, each.provider.file): each.versions
            for each in closure.problems
            if isinstance(each, MissingVersions)
        }
        undefined = undefined_symbols(host.scope, facts, closure) if host.scope and not closure.problems else ()
        self.symbols = {each.needed_by.file: [name for name, _ in each.symbols] for each in undefined}

    def of_library(self, library: Library) -> str:
        """What the library itself asks for in vain."""
        names = self.symbols.get(library.file)
        if not names:
            return ""
        more = ", …" if len(names) > _MOST_NAMED else ""
        listed = ", ".join(visible(demangled(name), 100) for name in names[:_MOST_NAMED])
        what = "a symbol that nothing defines" if len(names) == 1 else f"{len(names)} symbols that nothing defines"
        return f"It asks for {what}: {listed}{more}."

    def of_versions(self, needed_by: Library, provider: Library) -> str:
        """What one library asks another for, and that one does not have."""
        versions = self.versions.get((needed_by, provider.file))
        if not versions:
            return ""
        return f"It does not have {', '.join(map(visible, versions))}, which {needed_by.label} needs."


class _Tree:
    def __init__(self, closure: Closure, loaded: dict[str, Library], search: Search, problems: _Problems) -> None:
        self._closure = closure
        self._loaded = loaded
        self._search = search
        self._problems = problems
        self._by_name: dict[str, Library] = {}
        for library in closure.libraries:
            self._by_name.update((name, library) for name in library.names if name not in self._by_name)
        self._searched = {name for name, _ in closure.searched}
        self._left = _MOST_NODES

    def root(self) -> Dependency:
        """The whole tree."""
        file = self._closure.libraries[0]
        return self._node(file, file.asked_as, "", "", depth=0)

    def _node(self, library: Library, name: str, rule: str, problem: str, depth: int) -> Dependency:
        children = tuple(self._children(library, depth + 1)) if depth < _MOST_DEPTH else ()
        cut = _NOT_SHOWN if len(children) < len(set(library.file.elf.needed)) else ""
        said = " ".join(filter(None, (problem, self._problems.of_library(library), cut)))
        return Dependency(name, library.path, rule, said, children)

    def _children(self, library: Library, depth: int) -> Iterator[Dependency]:
        for name in dict.fromkeys(library.file.elf.needed):
            self._left -= 1
            if self._left < 0:
                return
            yield self._child(library, name, depth)

    def _child(self, parent: Library, name: str, depth: int) -> Dependency:
        held = self._loaded.get(name)
        if held is not None:
            return Dependency(name, held.path, IN_THE_HOST, self._problems.of_versions(parent, held))
        found = self._by_name.get(name) or self._same_file(parent, name)
        if found is None:
            return self._missing(parent, name)
        rule, problem = self._rule(found, name, parent), self._problems.of_versions(parent, found)
        if found.loader is parent and found.asked_as == name:
            return self._node(found, name, rule, problem, depth)
        return Dependency(name, found.path, rule, problem, is_repeated=True)

    def _same_file(self, parent: Library, name: str) -> Library | None:
        """A library that was met under another name."""
        if name in self._problems.missing_names or name not in self._searched:
            return None  # the closure ends early where much is missing: to search on would take longer than a verdict
        found = self._search.find(name, parent)
        known = (*self._closure.libraries, *self._loaded.values())
        return next((library for library in known if found and library.file is found.file), None)

    def _rule(self, found: Library, name: str, parent: Library) -> str:
        asker = found.loader or parent
        places = self._search.places(found.asked_as if found.loader else name, asker)
        return next((place.source for place in places if place.path == found.path), IN_THE_HOST)

    def _missing(self, parent: Library, name: str) -> Dependency:
        if (parent, name) not in self._problems.missing:
            sentence = (
                "It was not found, as above." if name in self._problems.missing_names else "It was not looked for."
            )
            return Dependency(name, None, "", sentence)
        for place, refusal in reversed(self._search.trail(name, parent)):
            if refusal:
                return Dependency(name, place.path, place.source, f"It cannot be used: it {refusal.reason}.")
        return Dependency(name, None, "", "It was not found.")
