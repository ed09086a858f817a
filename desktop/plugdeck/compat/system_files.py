"""Files of a system that are read as they are: lists, caches and records, which another machine's tree may fake."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

MOST_LIST_BYTES = 64 << 10
"""Of a list that people write."""

# O_NONBLOCK: opening a pipe or a device returns at once. O_NOCTTY: a terminal never becomes ours.
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """A regular file to read from; what has a pipe or a device in its place would never end.

    Raises:
        OSError: it is none, or cannot be read.
    """
    _check(os.stat(path), path)  # before opening: opening alone can have effects on devices
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        _check(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_at_most(path: str | os.PathLike[str], most_bytes: int) -> bytes:
    """The beginning of a regular file.

    Raises:
        OSError: as ``open_regular`` does.
    """
    with open_regular(path) as file:
        return file.read(max(most_bytes, 0))


def _check(status: os.stat_result, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), os.fspath(path))
