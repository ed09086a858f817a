"""A shared object at its place in a process, with what the loader gathers from there when it searches for more."""

from __future__ import annotations

import os
from dataclasses import dataclass

from plugdeck.compat.library_files import LibraryFile
from plugdeck.text import visible

_NODEFLIB = 0x800  # DF_1_NODEFLIB


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """A shared object at its place in a process: who asked for it decides where it is looked for."""

    path: str
    file: LibraryFile
    asked_as: str
    """The name in the DT_NEEDED entry that brought it in."""
    loader: Library | None
    """What needs it; None for the program, and for a file that is opened by its path."""

    @property
    def label(self) -> str:
        """Its file name, for people."""
        return visible(os.path.basename(self.path))

    @property
    def names(self) -> tuple[str, ...]:
        """What later requests may call it and not be searched for again."""
        soname = self.file.elf.soname
        asked_as = self.asked_as if self.loader else self.path  # what is opened by its path has no shorter name
        return (asked_as, soname) if soname else (asked_as,)

    @property
    def rpath(self) -> tuple[str, ...]:
        """DT_RPATH, which counts only where there is no DT_RUNPATH."""
        return () if self.file.elf.runpath else self.file.elf.rpath

    @property
    def has_nodeflib(self) -> bool:
        """Whether the flag NODEFLIB leaves out the default folders for its requests."""
        return bool(self.file.elf.flags_1 & _NODEFLIB)

    @property
    def folder(self) -> str:
        """What ``$ORIGIN`` is for it: as its path is written, since ``..`` behind a link is not where the link is."""
        path = self.path
        return os.path.dirname(path if path.startswith("/") else os.path.join(os.getcwd(), path))

    @property
    def chain(self) -> tuple[str, ...]:
        """Labels from the first file to this one."""
        return tuple(library.label for library in reversed(self.way_up))

    @property
    def way_up(self) -> tuple[Library, ...]:
        """The library, what asked for it, and so on up to the first; a file that is made to annoy has thousands."""
        found, library = list[Library](), self
        while library.loader is not None:
            found.append(library)
            library = library.loader
        return (*found, library)

    @property
    def inherits_rpath(self) -> bool:
        """Whether one above it has an RPATH that counts for its requests."""
        above = self.loader
        while above is not None:
            if above.rpath:
                return True
            above = above.loader
        return False
