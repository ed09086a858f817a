"""Where on this computer a library is that the loader does not look for there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile
from plugdeck.compat.packages import Packages, packages_of
from plugdeck.compat.search import Search
from plugdeck.compat.sysroot import Sysroot
from plugdeck.text import visible

_OPTIONAL = "/opt"
_MOST_FOLDERS = 200
_MOST_BELOW = 20
_MOST_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Copy:
    """A usable library of the wanted name."""

    path: str
    package: str
    """The installed package that brought it; empty when none is known."""
    is_beside: bool = False
    """In the folder of the file that the verdict is about."""

    @property
    def label(self) -> str:
        """The path, with its package."""
        return f"{visible(self.path)}{f' (package {visible(self.package)})' if self.package else ''}"


def copies_elsewhere(name: str, needed_by: Library, search: Search, packages: Packages) -> tuple[Copy, ...]:
    """Usable files of this name outside of where they are searched, the nearest first."""
    if "/" in name or "\0" in name:
        return ()
    searched = {place.path for place in search.places(name, needed_by)}
    found: dict[str, Copy] = {}
    for copy in islice(_candidates(name, needed_by, packages, search.sysroot), _MOST_LOOKED_AT):
        if copy.path not in searched and isinstance(search.files.look(copy.path), LibraryFile):
            found.setdefault(search.sysroot.real(os.path.realpath(copy.path)), copy)
    return tuple(found.values())


def places_elsewhere(name: str, needed_by: Library, search: Search) -> tuple[str, ...]:
    """Every place where ``copies_elsewhere`` looks, with the folder that tells it of others."""
    if "/" in name or "\0" in name:
        return ()
    tree = search.sysroot
    candidates = islice(_candidates(name, needed_by, packages_of(tree.folder or "/"), tree), _MOST_LOOKED_AT)
    return (f"{tree.folder}{_OPTIONAL}/", *(copy.path for copy in candidates))


def elsewhere_remedy(copy: Copy, tree: Sysroot) -> str:
    """How to make the loader look where the library is."""
    folder = visible(os.path.dirname(copy.path.removeprefix(tree.folder)))
    if copy.is_beside:
        return (
            "It lies beside the plugin, where the host does not look: link the plugin with -Wl,-rpath,'$ORIGIN', or "
            f"start the host with LD_LIBRARY_PATH={folder}"
        )
    return (
        f"It is on this computer at {copy.label}, outside of where this host looks: link the plugin with "
        f"-Wl,-rpath,{folder}, or start the host with LD_LIBRARY_PATH={folder}"
    )


def _candidates(name: str, needed_by: Library, packages: Packages, tree: Sysroot) -> Iterator[Copy]:
    if not tree.folder:  # in the tree of another machine, the file's own folder means nothing
        first = needed_by
        while first.loader is not None:
            first = first.loader
        beside = first.folder
        yield Copy(os.path.join(beside, name), "", is_beside=True)
        yield Copy(os.path.join(os.path.dirname(beside), "lib", name), "")
    for shipped in packages.shipped(name):
        yield Copy(tree.path(shipped.path), shipped.package)
    for folder in _folders(tree.folder):
        yield Copy(os.path.join(folder, name), "")


def _folders(root: str) -> tuple[str, ...]:
    """Folders of libraries that no package brought; looked for again when ``/opt`` has changed."""
    packages = f"{root}{_OPTIONAL}"
    try:
        changed = os.stat(packages).st_mtime_ns
    except OSError:
        changed = 0
    return (f"{root}/usr/local/lib", f"{root}/usr/local/lib64", *_folders_below(packages, changed))


@lru_cache(maxsize=4)
def _folders_below(packages: str, _changed: int) -> tuple[str, ...]:
    """``lib`` and ``lib64`` of each folder, and ``lib`` of those one further down, as in ``/opt/ros/humble/lib``."""
    first = _entries(packages, _MOST_FOLDERS)
    second = [folder for above in first for folder in _entries(above, _MOST_BELOW)]
    candidates = [f"{folder}/{name}" for folder in first for name in ("lib", "lib64")]
    candidates += [f"{folder}/lib" for folder in second]
    return tuple(folder for folder in candidates if os.path.isdir(folder))[:_MOST_FOLDERS]


def _entries(folder: str, most: int) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in islice(entries, most)]
    except OSError:
        return []
