"""Which files of a folder are worth a look: shared objects by their names, of this system and of others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from plugdeck.compat.sysroot import Sysroot
from plugdeck.text import visible

_PLUGIN_NAME = re.compile(r".+(?:\.so(?:\.\d[\w.+-]*)?|\.dll|\.DLL|\.dylib)", re.DOTALL)
_SUFFIXES = (".so", ".dll", ".dylib", ".DLL")
_MOST_FOLDERS = 50_000
"""A tree with more is not a plugin folder."""
_HERE = Sysroot()


def is_plugin_name(name: str) -> bool:
    """Whether a file of this name could be a plugin: ``a.so``, ``liba.so.1.2``, ``a.dll``, and not ``.a.so``."""
    if not name.endswith(_SUFFIXES) and ".so." not in name:
        return False  # of most files in a system's folders this is known without the pattern
    return _PLUGIN_NAME.fullmatch(name) is not None and not name.startswith(".")


class Listing:
    """The candidates of some folders, in the order of the folders and then of their names."""

    def __init__(self, folders: list[str], *, recursive: bool = False, tree: Sysroot = _HERE) -> None:
        """Looks into the folders; in the tree of another machine, where their links lead there."""
        self.folders: dict[str, list[str]] = {}
        """Names by folder."""
        self.problems: list[str] = []
        """A sentence for each folder that could not be read."""
        for folder in dict.fromkeys(map(os.path.abspath, folders)):
            self._add(folder, recursive, tree)

    def __len__(self) -> int:
        return sum(map(len, self.folders.values()))

    def paths(self) -> Iterator[str]:
        """Every candidate."""
        for folder, names in self.folders.items():
            beginning = os.path.join(folder, "") if names else ""
            for name in names:
                yield beginning + name

    def _add(self, top: str, recursive: bool, tree: Sysroot) -> None:
        waiting = [top]
        while waiting and len(self.folders) < _MOST_FOLDERS:
            folder = waiting.pop()
            if folder in self.folders:
                continue
            try:
                names, below = _read_folder(os.fspath(tree.place_of(Path(folder))), tree)
            except OSError as error:
                self.problems.append(_why_not(folder, error))
                continue
            self.folders[folder] = names
            if recursive:
                waiting += [os.path.join(folder, name) for name in below]


def _read_folder(folder: str, tree: Sysroot) -> tuple[list[str], list[str]]:
    """The names of candidates, and those of sub-folders, last first.

    Links to folders are neither: they may lead in circles.
    """
    names, below = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
            elif is_plugin_name(entry.name) and not _leads_to_folder(entry, tree):
                names.append(entry.name)
    names.sort()
    below.sort(reverse=True)
    return names, below


def _leads_to_folder(entry: os.DirEntry[str], tree: Sysroot) -> bool:
    try:
        if entry.is_symlink() and tree.contains(entry.path):
            return Path(tree.real(entry.path)).is_dir()
        return entry.is_symlink() and entry.is_dir()
    except OSError:
        return False


def _why_not(folder: str, error: OSError) -> str:
    name = visible(folder)
    match error:
        case FileNotFoundError():
            return f"The folder {name} does not exist. Make it, or choose another one."
        case NotADirectoryError():
            return f"{name} is not a folder. Choose the folder that holds the plugins."
        case PermissionError():
            return f"You may not read the folder {name}. Allow it, or choose another one."
    return f"The folder {name} could not be read: {os.strerror(error.errno or 0).lower()}. Try again."
