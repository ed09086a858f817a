"""Where the dynamic loader looks for a library, in its order (``ld.so(8)``; glibc ``elf/dl-load.c``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, LibraryFiles, Refusal
from plugdeck.compat.loader_setting import LoaderSetting
from plugdeck.compat.sysroot import Sysroot

CACHE = "/etc/ld.so.cache"
DEFAULT_FOLDER = "default folder"

_MOST_FOLDERS = 500
"""Of one list; a file that is made to annoy has thousands, and each is a look at the disk."""
_MUSL_OWN = re.compile(r"lib(?:c|pthread|rt|m|dl|util|xnet)\.")
"""Names that musl's loader takes for itself (``ldso/dynlink.c``, ``load_library``)."""
_TOKEN = re.compile(r"\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_]))")


class Place(NamedTuple):
    """One candidate path, and on whose word the loader looks there."""

    path: str
    source: str
    folder: str = ""
    """The search folder that it is in or below; empty for a path that is no part of a search."""


Trail = tuple[tuple[Place, Refusal | None], ...]
"""Places in order, with why the file there was not taken, if there is one."""


class Search:
    """The search of one host's loader; it remembers what depends on nothing but the name."""

    def __init__(self, setting: LoaderSetting, files: LibraryFiles) -> None:
        self._setting = setting
        self.files = files
        self._plain: dict[str, Library | None] = {}
        self.musl_libc: Library | None = None
        """The C library of a host with musl, which answers to several names."""

    @property
    def sysroot(self) -> Sysroot:
        """The file tree that is searched."""
        return self._setting.sysroot

    @property
    def is_musl(self) -> bool:
        """Whether the loader is musl's rather than glibc's."""
        return self._setting.is_musl

    def find(self, name: str, loader: Library) -> Library | None:
        """The library that the loader would take, or None: then ``trail`` tells why."""
        if "/" not in name and self.is_plain(loader):
            found = self.find_plainly(name)
            return Library(found.path, found.file, name, loader) if found else None
        return self._walk(name, self.places(name, loader), loader)

    def find_plainly(self, name: str) -> Library | None:
        """What a library without search folders of its own would get for this name, with nothing as its loader.

        None as well for a path: that is not searched for, and what is there may change unnoticed.
        """
        if name not in self._plain:
            places = self._places_for_everyone(name, nodeflib=False) if "/" not in name else iter(())
            self._plain[name] = self._walk(name, places, None)
        return self._plain[name]

    def is_plain(self, loader: Library) -> bool:
        """Whether what this library asks for is looked for where everyone's is."""
        if self._setting.is_musl:
            return not any(each.file.elf.runpath or each.file.elf.rpath for each in loader.way_up)
        elf = loader.file.elf
        return not (elf.runpath or elf.rpath or loader.has_nodeflib or loader.inherits_rpath)

    def places(self, name: str, loader: Library) -> Iterator[Place]:
        """Every path that is tried for this name, in order."""
        if "/" in name:
            yield Place(self._expand(name, loader), f"path in {loader.label}")
            return
        if self._setting.is_musl:
            yield from self._musl_places(name, loader)
            return
        if not loader.file.elf.runpath:
            for owner in (each for each in loader.way_up if each.rpath):
                yield from self._folders(name, owner.rpath, owner, f"RPATH of {owner.label}")
        yield from self._places_for_everyone(name, loader=loader, nodeflib=loader.has_nodeflib)

    def trail(self, name: str, loader: Library) -> Trail:
        """How a search in vain went: each place in order, with why the file there is not taken, if there is one."""
        steps = []
        for place in self.places(name, loader):
            found = self.files.look(place.path)
            refusal = found if isinstance(found, Refusal) else None
            steps.append((place, refusal))
            if refusal and refusal.ends_search:
                break
        return tuple(steps)

    def left_out(self, name: str, loader: Library) -> Place | None:
        """Where the library would be found if the flag NODEFLIB of who asks did not leave out the default folders."""
        if self._setting.is_musl or "/" in name or not loader.has_nodeflib:
            return None
        cached = (Place(path, CACHE) for path in self._setting.cached(name) if self._is_below_default_folder(path))
        for place in (*cached, *self._folders(name, self._setting.default_folders, None, DEFAULT_FOLDER)):
            if isinstance(self.files.look(place.path), LibraryFile):
                return place
        return None

    def deciding_folders(self, place: Place) -> Iterator[str]:
        """Folders that would be searched before this place if they were there."""
        for first in self._setting.first_below if place.folder else ():
            yield os.path.join(place.folder, first)

    def relatives(self, name: str) -> tuple[str, ...]:
        """Libraries here that differ from this name only in their version."""
        stem = name.partition(".so")[0] + ".so"
        return tuple(sorted(set(self._setting.names_like(stem)) - {name, stem}))

    def _walk(self, name: str, places: Iterator[Place], loader: Library | None) -> Library | None:
        if self._setting.is_musl and self.musl_libc and _MUSL_OWN.match(name):
            return Library(self.musl_libc.path, self.musl_libc.file, name, loader)
        for place in places:
            found = self.files.look(place.path)
            if isinstance(found, LibraryFile):
                return Library(place.path, found, name, loader)
            if found is not None and found.ends_search:
                return None
        return None

    def _places_for_everyone(self, name: str, *, nodeflib: bool, loader: Library | None = None) -> Iterator[Place]:
        setting = self._setting
        if setting.is_musl:
            yield from self._musl_places(name, loader)
            return
        owns_rpath = loader is None or not loader.file.elf.runpath
        if owns_rpath and setting.program_rpath:
            yield from self._folders(name, setting.program_rpath, None, f"RPATH of {setting.program_label}")
        yield from self._folders(name, setting.library_path, None, "LD_LIBRARY_PATH")
        if loader is not None:
            yield from self._folders(name, loader.file.elf.runpath, loader, f"RUNPATH of {loader.label}")
        for path in setting.cached(name):
            if not (nodeflib and self._is_below_default_folder(path)):
                yield Place(path, CACHE)
        if not nodeflib:
            yield from self._folders(name, setting.default_folders, None, DEFAULT_FOLDER)

    def _is_below_default_folder(self, path: str) -> bool:
        """As glibc asks (``_dl_map_object``): by the path's beginning alone."""
        return any(path.startswith(f"{folder}/") for folder in self._setting.default_folders)

    def _musl_places(self, name: str, loader: Library | None) -> Iterator[Place]:
        """musl looks in one order for everyone: both kinds of paths are one, and hold for those below."""
        setting, owner = self._setting, loader
        yield from self._folders(name, setting.library_path, None, "LD_LIBRARY_PATH")
        while owner is not None:
            elf = owner.file.elf
            kind = "RUNPATH" if elf.runpath else "RPATH"
            yield from self._folders(name, elf.runpath or elf.rpath, owner, f"{kind} of {owner.label}")
            owner = owner.loader
        yield from self._folders(name, setting.program_rpath, None, f"RPATH of {setting.program_label}")
        yield from self._folders(name, setting.default_folders, None, DEFAULT_FOLDER)

    def _folders(self, name: str, folders: Sequence[str], owner: Library | None, source: str) -> Iterator[Place]:
        for folder in folders[:_MOST_FOLDERS]:
            expanded = self._expand(folder, owner)
            for below in self._setting.subfolders_in(expanded):
                yield Place(os.path.join(expanded, below, name), source, expanded)
            yield Place(os.path.join(expanded, name), source, expanded)

    def _expand(self, text: str, owner: Library | None) -> str:
        """The text with ``$ORIGIN``, ``$LIB`` and ``$PLATFORM`` replaced; an empty folder is the current one."""
        tree = self._setting.sysroot
        inside = text.removeprefix(tree.folder) if tree.contains(text) else text
        if "$" not in inside:
            return tree.path(inside) or "."
        values = {
            "ORIGIN": self._setting.program_folder if owner is None else owner.folder,
            "LIB": self._setting.library_token,
            "PLATFORM": self._setting.platform_token,
        }
        beginning = tree.folder if inside.startswith("/") else ""  # the tree's own folder may have such words in it
        return beginning + _TOKEN.sub(lambda found: values[found[1] or found[2]], inside)


def replaced_word(path: str) -> str:
    """The first word in a path that glibc's loader replaces: ``$LIB``, ``${ORIGIN}``; empty when there is none."""
    found = _TOKEN.search(path)
    return found[0] if found else ""
