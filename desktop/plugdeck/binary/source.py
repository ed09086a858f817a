"""Bytes of one open file: every read is bounded by the file's length and by a limit, and is checked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import Any

from plugdeck.binary.facts import FileIdentity
from plugdeck.errors import BinaryFormatError

HEAD_BYTES = 8192
"""Read at once when a file is opened: most headers and small tables lie in it."""

MAX_READ_BYTES = 16 * 1024 * 1024
"""No single table is larger, in any file that is not made to exhaust the memory."""

# O_NONBLOCK: opening a FIFO or a device returns at once. O_NOCTTY: a terminal never becomes ours.
_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


def identity_of(path: Path) -> FileIdentity:
    """The identity of the regular file at ``path``, following links, without opening it.

    Raises:
        BinaryFormatError: It is no regular file, or cannot be reached.
    """
    try:
        return _identity(path.stat())
    except BinaryFormatError as error:
        error.path = path
        raise
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def _identity(status: os.stat_result) -> FileIdentity:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "a special file")
        raise BinaryFormatError(f"It is {kind}, not a file", remedy="Choose a regular file.")
    return FileIdentity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def unreadable(path: Path, error: OSError | ValueError) -> BinaryFormatError:
    """The error that says, in words, why the system refused ``path``."""
    match error:
        case FileNotFoundError() if os.path.lexists(path):
            reason, remedy = "It is a link whose target does not exist", "Mend or remove the link."
        case FileNotFoundError():
            reason, remedy = "The file does not exist", "Check its name, or scan the folder again."
        case PermissionError():
            reason, remedy = "You may not read the file", f"Allow it: chmod u+r {path.name!r}."
        case OSError(strerror=str() as said):
            reason, remedy = f"The system could not read the file: {said}", "Copy it to another place and try again."
        case _:
            reason, remedy = "The file's name is not valid", "Rename it."
    return BinaryFormatError(reason, path=path, remedy=remedy)


class ByteSource:
    """Reads ranges of one open regular file; ``head`` is its beginning, at most ``HEAD_BYTES``.

    The descriptor belongs to ``open_source``.
    """

    __slots__ = ("_descriptor", "head", "identity", "size_bytes")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.identity = _identity(os.fstat(descriptor))
        self.size_bytes = self.identity.size_bytes
        self.head = b""
        self.head = self.read(0, min(HEAD_BYTES, self.size_bytes), "the beginning")

    def read(self, offset: int, size: int, what: str) -> bytes:
        """Exactly ``size`` bytes at ``offset``; ``what`` names them in errors (``the dynamic table``)."""
        end = offset + size
        if end <= len(self.head):
            return self.head[offset:end]
        if end > self.size_bytes:
            raise BinaryFormatError(f"The file ends within {what}", offset=offset, remedy=CUT_OFF)
        if size > MAX_READ_BYTES:
            raise BinaryFormatError(f"{size:,} bytes are too many for {what}", offset=offset, remedy=DAMAGED)
        data = os.pread(self._descriptor, size, offset)
        if len(data) != size:
            raise _changed()
        return data

    def check_unchanged(self) -> None:
        """Raises unless the file's size and time are what they were when it was opened."""
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) != (self.size_bytes, self.identity.mtime_ns):
            raise _changed()


CUT_OFF = "The file is cut off or damaged: copy, download or build it again."
DAMAGED = "The file is damaged: copy, download or build it again."


def damaged(reason: str, offset: int | None = None) -> BinaryFormatError:
    """The error for bytes that contradict the format."""
    return BinaryFormatError(reason, offset=offset, remedy=DAMAGED)


def sentence(words: str) -> str:
    """The words with a capital letter in front; the others keep theirs."""
    return words[:1].upper() + words[1:]


def _changed() -> BinaryFormatError:
    return BinaryFormatError(
        "The file changed while it was being read", remedy="Wait until it is written, then scan again."
    )


@contextmanager
def open_source(path: Path) -> Iterator[ByteSource]:
    """The regular file at ``path``, links followed, open while the ``with`` block runs.

    Raises:
        BinaryFormatError: It cannot be read, or is no regular file; with ``path`` set, as on every such error
            from within the block.
    """
    try:
        _identity(path.stat())  # before opening: opening alone can have effects on devices
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            yield ByteSource(descriptor)
        finally:
            os.close(descriptor)
    except BinaryFormatError as error:
        error.path = path
        raise
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


class Window:
    """A range of a file that is read bit by bit, as far as a chain of records leads into it."""

    __slots__ = ("_data", "_offset", "_size", "_source", "_what")

    FIRST_BYTES = 1024

    def __init__(self, source: ByteSource, offset: int, size: int, what: str) -> None:
        self._source = source
        self._offset = offset
        self._size = min(size, MAX_READ_BYTES)
        self._what = what
        self._data = b""

    def unpack(self, record: Struct, position: int) -> tuple[Any, ...]:
        """The fields of ``record`` at ``position``, counted from the window's beginning."""
        end = position + record.size
        if end > len(self._data):
            self._grow(end)
        return record.unpack_from(self._data, position)

    def _grow(self, end: int) -> None:
        if end > self._size:
            raise damaged(f"The file leads out of a segment in {self._what}", self._offset + end)
        size = min(self._size, max(self.FIRST_BYTES, 2 * end))
        self._data = self._source.read(self._offset, size, self._what)
