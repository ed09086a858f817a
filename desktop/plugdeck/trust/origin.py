"""Where a file came from, as far as the system has a record of it: never guessed from what lies around it."""

from __future__ import annotations

import os
from pathlib import Path

from plugdeck import paths
from plugdeck.catalogue.side_files import ORIGIN_ATTRIBUTES
from plugdeck.compat.packages import packages_of
from plugdeck.text import visible

_MOST_CHARACTERS = 200


def origin_words(path: Path) -> str:
    """One sentence or two: the package or the address that it came from, and the folder that it is in.

    It may read the system's lists of packages: never on the GUI thread.
    """
    place = f"It is in the folder {visible(str(path.absolute().parent), _MOST_CHARACTERS)}."
    if package := _package(path):
        return f"The system's package {visible(package, _MOST_CHARACTERS)} brought it. {place}"
    addresses = dict.fromkeys(filter(None, (_attribute(path, name) for name in ORIGIN_ATTRIBUTES)))
    if addresses:
        return f"It was downloaded from {', by way of '.join(addresses)}. {place}"
    if _is_in(path, paths.plugin_folder()):
        return f"You installed it. {place}"
    return f"Nothing says where it came from. {place}"


def is_shipped(path: Path) -> bool:
    """Whether it is one of Plugdeck's own samples: the file itself, not a link to one from elsewhere or back."""
    return _is_in(path, paths.sample_folder()) and not path.is_symlink()


def _is_in(path: Path, folder: Path) -> bool:
    return os.path.realpath(path.parent) == os.path.realpath(folder)


def _package(path: Path) -> str:
    real = Path(os.path.realpath(path))
    shipped = packages_of().shipped(real.name)
    return next((each.package for each in shipped if os.path.realpath(each.path) == str(real)), "")


def _attribute(path: Path, name: str) -> str:
    try:
        value = os.getxattr(path, name)
    except (OSError, ValueError):
        return ""
    return visible(os.fsdecode(value), _MOST_CHARACTERS)
