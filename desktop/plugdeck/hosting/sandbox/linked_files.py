"""What of a plugin's surroundings its confined worker has to see, so that it links as the verdict says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from plugdeck.binary import read
from plugdeck.compat.host import Host
from plugdeck.errors import BinaryFormatError
from plugdeck.hosting.sandbox.place import Place, entry, library
from plugdeck.hosting.sandbox.visible import SYSTEM_FOLDERS

_SOURCES = ".asm .c .cc .cpp .cxx .go .h .hh .hpp .rs .s .S .zig"
_BY_PRODUCTS = ".a .d .debug .dwo .ld .map .o .sh .sig .toml"
_NO_DATA = frozenset((*_SOURCES.split(), *_BY_PRODUCTS.split()))
"""Endings of what lies beside a plugin where it is made: it has no use for its own source."""
_SYSTEM = tuple(f"{folder}/" for folder in SYSTEM_FOLDERS)
_MOST_DATA = 64
"""Files of its name that a plugin sees: all are named to the user, and given to bubblewrap one by one."""


@dataclass(frozen=True, slots=True)
class LinkedFiles:
    """What a plugin needs outside of the system's folders."""

    libraries: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    """Files beside it that share its name."""
    places: tuple[Place, ...] = ()
    """What lies at each of these paths."""
    by_folder: bool = False
    """Whether libraries are searched for relative to the current folder, as the verdict does."""
    by_origin: bool = False
    """Whether it finds libraries by where it lies itself (``$ORIGIN``)."""

    @property
    def by_place(self) -> bool:
        """Whether it has to be opened at its own path."""
        return self.by_origin or bool(self.data)


def files_beside(path: Path) -> tuple[Path, ...]:
    """What the plugin will be able to read without a permission, outside of the system's folders, for the question.

    Its own data first, then the libraries that it needs, each once, though a link and what it leads to are two. It is
    found in the same way when a worker is started. Reads the plugin and its libraries: never on the GUI thread.
    """
    files = linked_files(path)
    return tuple(dict.fromkeys(Path(each) for each in (*files.data, *files.libraries)))


def linked_files(path: Path) -> LinkedFiles:
    """Those of the plugin at ``path``; none when it cannot be read, which loading it will explain.

    Files beside it that share its name are its own data: ``users.json`` for ``users.so``.
    """
    try:
        facts = read(path, symbols=False)
    except BinaryFormatError:
        return LinkedFiles()
    closure = Host.default().closure(facts)
    if facts.elf is None or closure is None:
        return LinkedFiles()
    found = [each.path for each in closure.libraries[1:]]
    names = [each for name in found for each in (os.path.abspath(name), os.path.realpath(name))]
    outside = [each for each in names if not each.startswith(_SYSTEM)]
    folders = [word for library in closure.libraries for word in (*library.file.elf.rpath, *library.file.elf.runpath)]
    by_folder = not all(word.startswith(("/", "$")) for word in (*found, *folders))
    by_origin = any("ORIGIN" in words for words in (*facts.elf.rpath, *facts.elf.runpath, *facts.elf.needed))
    libraries, data = tuple(dict.fromkeys(outside)), _files_of_its_name(path)
    places = (*map(library, libraries), *data)
    return LinkedFiles(libraries, tuple(each.path for each in data), places, by_folder, by_origin)


def _files_of_its_name(path: Path) -> tuple[Place, ...]:
    """No links: whoever made the folder, an archive for example, could have them lead to the user's own files."""
    begin = f"{path.name.partition('.so')[0]}."
    if begin == ".":  # the name of every hidden file begins so
        return ()
    try:
        with os.scandir(path.parent) as entries:
            beside = [each for each in entries if each.name.startswith(begin) and each.name != path.name]
            data = [each for each in beside if Path(each.name).suffix not in _NO_DATA]
            files = [each for each in data if each.is_file(follow_symlinks=False)]
            return tuple(sorted(map(entry, files))[:_MOST_DATA])
    except OSError:
        return ()
