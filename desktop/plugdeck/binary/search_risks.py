"""Folders that a file has its libraries searched in, and that somebody else could put a library into.

``RPATH`` and ``RUNPATH`` are read as glibc reads them (``elf/dl-load.c``, ``fillin_rpath``): an empty element is the
current folder, and a path that does not begin with ``/`` is relative to it.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugdeck.binary.facts import ElfFacts
from plugdeck.text import visible

MAX_FOLDERS = 100
"""A file that is made to annoy has thousands, and each is several looks at the disk."""

_UNMAPPED = 65534
"""Inside a container, the owner of what belongs to users outside of it: the system's folders, where it has no root."""
_ORIGIN = re.compile(r"\$(?:ORIGIN(?![A-Za-z0-9_])|\{ORIGIN\})")

PlaceOf = Callable[[str, str], str]
"""Where a path is, links followed: of what stands behind ``$ORIGIN``, with that folder in front of it; of an absolute
path, with nothing in front. In the tree of another machine, it is where links lead there."""


@dataclass(frozen=True, slots=True)
class SearchRisk:
    """One folder of a search path, and why it cannot be trusted."""

    folder: str
    """As it is written in the file."""
    reason: str
    """A predicate: ``is writable for every user``."""
    is_grave: bool = True
    """Whether anybody, rather than the members of one group, could use it."""

    @property
    def sentence(self) -> str:
        """``The search folder '/tmp/lib' does not exist, and every user may make it.``"""
        return f"The search folder {visible(self.folder)!r} {self.reason}."


def place_here(origin: str, behind: str) -> str:
    """Where a path is on this computer."""
    return os.path.realpath(origin + behind)


def search_places(elf: ElfFacts, path: Path, place_of: PlaceOf = place_here) -> Iterator[tuple[str, str]]:
    """The search folders of a file as they are written, each with its place; none for what is not absolute."""
    origin = ""
    for folder in dict.fromkeys((elf.runpath or elf.rpath)[:MAX_FOLDERS]):
        if found := _ORIGIN.match(folder):
            origin = origin or _own_folder(path)
            yield folder, place_of(origin, folder[found.end() :])
        else:
            yield folder, place_of("", folder) if folder.startswith("/") else ""


def search_risks(elf: ElfFacts, path: Path, place_of: PlaceOf = place_here) -> tuple[SearchRisk, ...]:
    """The risks of a file's RUNPATH, or of its RPATH where that counts, in the order of the folders.

    Args:
        elf: What the file says.
        path: Where it is, as the loader is given it: its folder is what ``$ORIGIN`` stands for, links in it or not.
        place_of: Where folders are.
    """
    if not (elf.runpath or elf.rpath):
        return ()
    file = place_of(_own_folder(path), f"/{path.name}")
    return tuple(_risks(search_places(elf, path, place_of), file))


def _own_folder(path: Path) -> str:
    return os.fspath(path.parent if path.is_absolute() else Path.cwd() / path.parent)


def _risks(places: Iterator[tuple[str, str]], file: str) -> Iterator[SearchRisk]:
    for folder, place in places:
        if place:
            yield from _risks_on_disk(folder, place, file)
        elif folder:
            yield SearchRisk(folder, "is relative to the folder that the program happens to run in")
        else:
            yield SearchRisk(folder, "is empty, which means the folder that the program happens to run in")


def _risks_on_disk(written: str, wanted: str, file: str) -> Iterator[SearchRisk]:
    """Who else may write there. Tokens such as ``$LIB`` stay: then what counts is the folder above them."""
    try:
        owner = os.stat(file).st_uid  # noqa: PTH116 - the file's own owner can change it anyhow
        trusted = {0, _UNMAPPED, os.geteuid(), owner}
        chain = [*_existing_folders(wanted)]
    except (OSError, ValueError):
        return
    for place, status in chain:
        # Whoever may write into the nearest folder that exists can put a library there, or make the missing ones.
        # Further up, only the owners of a sticky folder's entries can replace these.
        if place != chain[0][0] and status.st_mode & stat.S_ISVTX:
            continue
        if risk := _who_may_write(status, trusted):
            reason, is_grave = risk
            yield SearchRisk(written, _where(wanted, place, chain[0][0]) + reason, is_grave)
            return


def _existing_folders(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """The nearest folder that exists, and all above it, with their status; a scan asks for thousands."""
    while folder:
        with suppress(FileNotFoundError, NotADirectoryError):
            status = os.stat(folder)  # noqa: PTH116 - several times as fast as by Path
            if stat.S_ISDIR(status.st_mode):
                yield folder, status
        folder = "" if folder == "/" else folder.rpartition("/")[0] or "/"


def _where(wanted: str, place: str, nearest: str) -> str:
    """The beginning of a predicate on ``place``, which the search for ``wanted`` depends on."""
    if place == wanted:
        return ""
    if wanted != nearest:
        return f"does not exist, and somebody else could make it: {visible(place)} "
    return f"is inside {visible(place)}, which "


def _who_may_write(status: os.stat_result, trusted: set[int]) -> tuple[str, bool] | None:
    """A predicate on who else may write into a folder, and whether that is grave; None for nobody."""
    if status.st_mode & stat.S_IWOTH:
        return f"can be written by every user {_mode(status)}", True
    if status.st_uid not in trusted:
        return f"belongs to another user {_mode(status)}", True
    if status.st_mode & stat.S_IWGRP and _members(status.st_gid):
        return f"can be written by the members of the group {_group(status.st_gid)} {_mode(status)}", False
    return None


def _mode(status: os.stat_result) -> str:
    return f"(mode {stat.S_IMODE(status.st_mode):04o}, owner {_user(status.st_uid)})"


def _members(group: int) -> tuple[str, ...]:
    """Other users than the one who runs this, as far as the group's own list tells."""
    try:
        own = pwd.getpwuid(os.geteuid()).pw_name
        return tuple(name for name in grp.getgrgid(group).gr_mem if name not in {own, "root"})
    except KeyError:
        return ()


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
