"""What a verdict depends on beside the file itself: every place on disk that was looked at to reach it.

A place where nothing was found counts as much as one where a library was: a library that appears there later would
be taken instead.
"""

from __future__ import annotations

import glob
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.closure import MissingLibrary, Problem
from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import HostChoice
from plugdeck.compat.library import Library
from plugdeck.compat.search import Search
from plugdeck.compat.sysroot import Sysroot
from plugdeck.paths import shipped

Numbers = tuple[int, ...]
"""A file's device, inode, size, time of content and time of change; none when it cannot be reached."""

Look = Callable[[str], Numbers]
"""What is at a path; in the tree of another machine, where the path would lead there."""

_VARIABLES = ("LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "ASAN_OPTIONS")
_LISTS = ("/etc/ld.so.cache", "/etc/ld.so.preload")
_PACKAGE_RECORDS = ("/var/lib/dpkg/status", "/var/cache/apt/pkgcache.bin")
"""Remedies name the package that has what is missing."""


def numbers_at(path: str) -> Numbers:
    """What is at the path now, links followed.

    Of a folder, only that it is there and who may write into it: what is in it that matters is a place of its own.
    With a ``/`` behind its name, also when an entry of it last came or went.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ()
    if stat.S_ISDIR(found.st_mode):
        rights = found.st_mode, found.st_uid, found.st_gid
        return (*rights, found.st_mtime_ns) if path.endswith("/") else rights
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def look_for(choice: HostChoice) -> Look:
    """How to look at paths for this host."""
    tree = Sysroot.at(choice.sysroot)
    return (lambda path: numbers_at(tree.real(path) + "/" * path.endswith("/"))) if tree.folder else numbers_at


def circumstances(choice: HostChoice) -> str:
    """What distinguishes one host from another before anything is looked at: the choice, this program's own variables
    and this computer, whose users' folders may be on several.
    """
    variables = {name: os.environ.get(name, "") for name in _VARIABLES}
    return json.dumps([choice.to_json(), sys.executable, variables, os.uname().nodename])


def starting_places(choice: HostChoice) -> dict[str, Numbers]:
    """What a host of this choice starts from, as it is now; to be asked before the host is made.

    Plugdeck's own code and policies are among it: another version may judge otherwise.
    """
    tree, look = Sysroot.at(choice.sysroot), look_for(choice)
    program = os.path.abspath(choice.executable or sys.executable)
    named = [path if tree.contains(path) else tree.path(path) for path in (program, *_LISTS)]
    return {path: look(path) for path in (*named, *_program_files())}


class Dependencies:
    """The places that one host's verdicts depend on; it remembers those that are the same for many files."""

    def __init__(self, host: Host, look: Look) -> None:
        self._host = host
        self._look = look
        self._plain: dict[str, dict[str, Numbers]] = {}

    def of(self, facts: BinaryFacts, *, is_refused: bool) -> Mapping[str, Numbers]:
        """What was at each place when this file's verdict was reached; a refused one has evidence and remedies too."""
        resolver, closure = self._host.resolver, self._host.closure(facts)
        places = self._search_folders(facts)
        if resolver and closure:
            for name, library in closure.searched:
                places.update(self._places(name, library, resolver.search))
            if is_refused:
                places.update((path, self._look(path)) for path in _explaining(closure.problems, resolver.search))
        return places

    def _search_folders(self, facts: BinaryFacts) -> dict[str, Numbers]:
        """The folders of its own search path with all above them: who may write there is part of the verdict."""
        places: dict[str, Numbers] = {}
        if facts.elf is None or self._host.resolver is None or not (facts.elf.runpath or facts.elf.rpath):
            return places
        from plugdeck.binary.search_risks import search_places  # few files have such a path
        from plugdeck.compat.rpath_findings import place_in

        for _, place in search_places(facts.elf, facts.path, place_in(self._host.resolver.search.sysroot)):
            path = place
            while path.startswith("/") and path not in places:
                places[path] = self._look(path)
                path = os.path.dirname(path)
        return places

    def _places(self, name: str, library: Library, search: Search) -> Mapping[str, Numbers]:
        if "/" in name or not search.is_plain(library):
            return self._walked(name, library, search)
        if name not in self._plain:
            self._plain[name] = self._walked(name, library, search)
        return self._plain[name]

    def _walked(self, name: str, library: Library, search: Search) -> dict[str, Numbers]:
        """The places of one search, to the one where it ended."""
        stamps, places = search.files.stamps, dict[str, Numbers]()
        found = search.find(name, library)
        for place in search.places(name, library):
            for folder in search.deciding_folders(place):
                if folder not in places:
                    places[folder] = self._look(folder)
            places[place.path] = stamps[place.path] if place.path in stamps else self._look(place.path)
            if found and place.path == found.path:
                break
        return places


def _explaining(problems: tuple[Problem, ...], search: Search) -> Iterator[str]:
    """The places beyond those of the search that say what to do about a problem."""
    from plugdeck.compat.elsewhere import places_elsewhere  # most files have no problem
    from plugdeck.compat.library_findings import places_behind

    yield from map(search.sysroot.path, _PACKAGE_RECORDS)
    for problem in problems:
        if isinstance(problem, MissingLibrary):
            yield from places_elsewhere(problem.name, problem.needed_by, search)
        else:
            yield from (place.path for place in places_behind(problem, search))


def _program_files() -> Iterator[str]:
    package = os.path.dirname(os.path.dirname(__file__))
    for layer in ("binary", "compat", "dialects"):
        yield from glob.iglob(os.path.join(package, layer, "**", "*.py"), recursive=True)
    yield from glob.iglob(os.path.join(shipped("resources", "policies"), "*.json"))
