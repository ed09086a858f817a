"""What lay at a path when it was decided on: who may write there can put something else in its place at any moment.

A link above all, which whoever starts a worker would follow: so the worker compares before it opens a plugin.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_ELF = b"\x7fELF"


class Place(NamedTuple):
    """A path, and the device and number of what lies there; zeros for nothing that is to be seen."""

    path: str
    device: int = 0
    number: int = 0


def folder_or_file(path: str) -> Place:
    """What lies at this very path; nothing when a link is on the way there."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if str(Path(f"/proc/self/fd/{descriptor}").readlink()) == os.path.normpath(path):
                return _of(path, os.fstat(descriptor))
        finally:
            os.close(descriptor)
    return Place(path)


def library(path: str) -> Place:
    """The file that this path leads to; nothing when it does not begin as a library does: the user's keys do not."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and os.read(descriptor, len(_ELF)) == _ELF:
                return _of(path, found)
        finally:
            os.close(descriptor)
    return Place(path)


def entry(beside: os.DirEntry[str]) -> Place:
    """A file in a folder; nothing when it is a link by now."""
    with suppress(OSError):
        found = beside.stat(follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            return _of(os.path.abspath(beside.path), found)
    return Place(os.path.abspath(beside.path))


def _of(path: str, found: os.stat_result) -> Place:
    return Place(path, found.st_dev, found.st_ino)
