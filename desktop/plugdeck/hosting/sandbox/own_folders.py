"""Plugdeck's own folders, which no plugin may write to, whatever it was allowed: what is trusted is decided there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from plugdeck.paths import cache_folder, config_folder, data_folder

_MOST_LINKS = 40
"""As many as the kernel follows (path_resolution(7))."""


@dataclass(frozen=True, slots=True)
class Fence:
    """What lies between the folders that a plugin may write to and Plugdeck's own. All are real paths."""

    inside: tuple[str, ...] = ()
    """What was allowed and is Plugdeck's own, or lies in it."""
    own: tuple[str, ...] = ()
    """Plugdeck's folders that lie in what was allowed; they exist, if they can be made."""
    between: tuple[str, ...] = ()
    """Folders that lead from there to these, the outer ones first: who renames one puts another in its place."""
    links: tuple[str, ...] = ()
    """Links that lead to these: nothing keeps a plugin from replacing them."""

    @property
    def all(self) -> tuple[str, ...]:
        """Everything that a plugin could change, and must not."""
        return (*self.inside, *self.own, *self.links, *self.between)


def fence_around(writable: Sequence[str]) -> Fence:
    """What of these folders, or in them, is Plugdeck's own: settings, decisions, installed plugins, runners.

    Those that do not exist yet are made, or the plugin would make them.
    """
    inside, own, between, links = [], [], [], []
    for granted in dict.fromkeys(Path(os.path.realpath(each)) for each in writable):
        for folder in (config_folder(), data_folder(), cache_folder()):
            way, real = _way_to(folder)
            if granted.is_relative_to(real):
                inside.append(str(granted))
            elif any(granted in each.parents for each in (*way, real)):
                with suppress(OSError):  # bubblewrap says that it is not there
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                own.append(str(real))
                reached = [each for each in way if granted in each.parents]
                links += [str(each) for each in reached if each.is_symlink()]
                between += [str(each) for each in reached if not each.is_symlink()]
    by_depth = sorted(dict.fromkeys(between), key=lambda path: path.count("/"))
    return Fence(_each_once(inside), _each_once(own), tuple(by_depth), _each_once(links))


def _way_to(path: Path) -> tuple[list[Path], Path]:
    """Every folder and link that is gone through on the way to ``path``, and where that really is."""
    left, place, way, links = list(path.absolute().parts[1:]), Path("/"), [Path("/")], 0
    while left:
        name = left.pop(0)
        place = place.parent if name == ".." else place / name
        way.append(place)
        if links < _MOST_LINKS and (target := _target(place)):
            links += 1
            place = Path("/") if target.is_absolute() else place.parent
            left[:0] = target.parts[target.is_absolute() :]
    return [each for each in way if each != place], place


def _target(path: Path) -> Path | None:
    """Where a link leads; None of what is no link, or cannot be looked at."""
    try:
        return path.readlink()
    except OSError:
        return None


def _each_once(paths: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))
