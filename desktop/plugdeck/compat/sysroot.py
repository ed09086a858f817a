"""The file tree of another machine: paths in it, with links that lead to where they would lead there.

Paths stay as this computer sees them, with the tree's folder in front, so that findings name files that can be looked
at. What is outside of the tree, such as a plugin that is judged for it, is looked at as it is.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_MOST_LINKS = 40


class Sysroot(NamedTuple):
    """The tree; the empty folder stands for this computer's own."""

    folder: str = ""

    @classmethod
    def at(cls, folder: str | os.PathLike[str] | None) -> Sysroot:
        """The tree below this folder, itself with its links resolved; this computer's own for None."""
        path = os.path.realpath(folder) if folder is not None else ""
        return cls("" if path == "/" else path)

    def path(self, inside: str) -> str:
        """Where a path of the other machine is here; relative ones stay."""
        return f"{self.folder}{inside}" if self.folder and inside.startswith("/") else inside

    def contains(self, path: str) -> bool:
        """Whether a path of this computer is below the tree's folder."""
        return bool(self.folder) and path.startswith(f"{self.folder}/")

    def place_of(self, path: Path) -> Path:
        """Where a file that was named on this computer is: in the tree, where links lead there."""
        return Path(self.real(self._inside(os.path.join(os.getcwd(), path)))) if self.folder else path

    def _inside(self, path: str) -> str:
        """The path with the tree's folder in front, also where it was named by a link to that folder."""
        if not self.contains(path):
            for end in (at for at, letter in enumerate(path) if letter == "/" and at):
                if os.path.realpath(path[:end]) == self.folder:
                    return self.folder + path[end:]
        return path

    def real(self, path: str) -> str:
        """The path with its links resolved as the other machine would; a path outside of the tree stays as it is."""
        if not self.contains(path):
            return path
        waiting, place, links = path[len(self.folder) :].split("/")[::-1], list[str](), 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                del place[-1:]
            elif part not in {"", "."}:
                target = _target("/".join([self.folder, *place, part]))
                if target is None:
                    place.append(part)
                    continue
                links += 1
                if links > _MOST_LINKS:
                    return path
                place = [] if target.startswith("/") else place
                waiting.extend(target.split("/")[::-1])
        return "/".join([self.folder, *place])


def _target(path: str) -> str | None:
    """Where a link leads; None for what is none."""
    try:
        return os.readlink(path)
    except (OSError, ValueError):
        return None
