"""What a verdict depends on beside the file itself: every place on disk that was looked at to reach it.

A place where nothing was found counts as much as one where a library was: a library that appears there later would
be taken instead.
"""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Iterator, Mapping

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.closure import Closure
from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import HostChoice
from plugdeck.compat.search import CACHE, Library, Search
from plugdeck.paths import shipped

Numbers = tuple[int, ...]
"""A file's device, inode, size, time of content and time of change; none when it cannot be reached."""
IS_FOLDER: Numbers = (0,)
"""Of a folder only its being there counts: what is in it that matters is a place of its own."""


_VARIABLES = ("LD_LIBRARY_PATH", "LD_PRELOAD")
_LISTS = ("/etc/ld.so.cache", "/etc/ld.so.preload")


def numbers_at(path: str | bytes | os.PathLike[str]) -> Numbers:
    """What is at the path now, links followed."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return ()
    if found.st_mode & 0o170000 == 0o040000:
        return IS_FOLDER
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


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
    root = os.path.abspath(choice.sysroot or "/")
    program = os.path.abspath(choice.executable or sys.executable)
    named = [os.path.join(root, path.lstrip("/")) for path in (program, *_LISTS)]
    return {path: numbers_at(path) for path in (*named, *_program_files())}


class Dependencies:
    """The places that one host's verdicts depend on; it remembers those that are the same for many files."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._plain: dict[str, dict[str, Numbers]] = {}

    def of(self, facts: BinaryFacts) -> Mapping[str, Numbers]:
        """What was at each place when this file's verdict was reached."""
        resolver, closure = self._host.resolver, self._host.closure(facts)
        places: dict[str, Numbers] = {}
        if resolver and closure:
            for name, library in _searches(closure, resolver.loaded):
                places.update(self._places(name, library, resolver.search))
        return places

    def _places(self, name: str, library: Library, search: Search) -> Mapping[str, Numbers]:
        if "/" in name or not search.is_plain(library):
            return _walked(name, library, search)
        if name not in self._plain:
            self._plain[name] = _walked(name, library, search)
        return self._plain[name]


def _program_files() -> Iterator[str]:
    package = os.path.dirname(os.path.dirname(__file__))
    for layer in ("binary", "compat", "dialects"):
        yield from glob.iglob(os.path.join(package, layer, "**", "*.py"), recursive=True)
    yield from glob.iglob(os.path.join(shipped("resources", "policies"), "*.json"))


def _searches(closure: Closure, loaded: Mapping[str, Library]) -> Iterator[tuple[str, Library]]:
    """The requests that led to a search, each with who asked first; others were answered by what was there."""
    found = {(library.loader, library.asked_as): library for library in closure.libraries}
    known = {*loaded, *closure.libraries[0].names}
    for library in closure.libraries:
        for name in library.file.elf.needed:
            if name not in known:
                yield name, library
                known.add(name)
                known.update(new.names if (new := found.get((library, name))) else ())


def _walked(name: str, library: Library, search: Search) -> dict[str, Numbers]:
    """The places of one search, to the one where it ended."""
    stamps, places = search.files.stamps, dict[str, Numbers]()
    found = search.find(name, library)
    for place in search.places(name, library):
        if place.source != CACHE and "/" not in name:
            levels = os.path.join(os.path.dirname(place.path), "glibc-hwcaps")
            places[levels] = numbers_at(levels)
        places[place.path] = stamps[place.path] if place.path in stamps else numbers_at(place.path)
        if found and place.path == found.path:
            break
    return places
