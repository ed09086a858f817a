"""A file on its way in: copied once into a private folder beside its goal, so that what is judged is what stays."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from plugdeck.catalogue.side_files import copy_origin
from plugdeck.errors import InstallError

PREFIX = ".incoming-"
_CHUNK_BYTES = 1 << 20
_SPARE_BYTES = 1 << 20
_ABANDONED_S = 3600.0

_SPACE = (errno.ENOSPC, errno.EDQUOT)
_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A complete copy, on disk, under the source's own file name in a folder of its own."""

    path: Path
    sha256: str


@contextlib.contextmanager
def copied(source: Path, folder: Path) -> Iterator[Incoming]:
    """The copy, for the time of the block; whatever is left of it is removed afterwards.

    Raises:
        InstallError: the source is gone, no regular file, or changed while it was read, or the folder did not take
            the copy.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            private = tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder, ignore_cleanup_errors=True)
            copy = Path(stack.enter_context(private)) / source.name
        except OSError as error:
            raise folder_error(error, folder) from error
        with open_regular(source) as file:
            sha256 = _copy(file, source, copy)
        yield Incoming(copy, sha256)


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[FileIO]:
    """The file, open for reading: never a FIFO that would wait, nor a device.

    Raises:
        InstallError: it cannot be opened, or is no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InstallError(
            f"{path} could not be read: {error.strerror}.", remedy="Check that the file is there and readable."
        ) from error
    with FileIO(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InstallError(f"{path} is not a regular file.", remedy="Choose the plugin's file itself.")
        yield file


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file's bytes, in hexadecimal.

    Raises:
        InstallError: it cannot be read.
    """
    with open_regular(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InstallError(f"{path} could not be read: {error.strerror}.") from error


def sweep(folder: Path) -> None:
    """Removes what an install that was killed left in the folder an hour ago or earlier."""
    for left in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)


def folder_error(error: OSError, folder: Path) -> InstallError:
    """What a failed write into the folder means, in words."""
    if error.errno in _SPACE:
        return InstallError(
            f"There is not enough space in {folder}.", remedy="Free some space, and install the plugin again."
        )
    remedy = f"Make {folder} writable for you." if error.errno in _RIGHTS else ""
    return InstallError(f"{folder} could not be written: {error.strerror or error}.", remedy=remedy)


def _copy(file: FileIO, source: Path, copy: Path) -> str:
    before = os.fstat(file.fileno())
    digest = hashlib.sha256()
    try:
        _check_space(before.st_size, copy.parent)
        with copy.open("xb", buffering=0) as target:
            while chunk := _read(file, source):
                digest.update(chunk)
                _write(target, chunk)
            copy_origin(file.fileno(), target.fileno())
            os.fchmod(target.fileno(), 0o444)  # a write into a loaded plugin would corrupt it: let it fail
            os.fsync(target.fileno())
    except OSError as error:
        raise folder_error(error, copy.parent.parent) from error
    after = os.fstat(file.fileno())
    if _content_marks(before) != _content_marks(after) or after.st_size != copy.stat().st_size:
        raise InstallError(
            f"{source} changed while it was copied; nothing was installed.",
            remedy="Wait until the program that writes it is done, and install it again.",
        )
    return digest.hexdigest()


def _check_space(size_bytes: int, folder: Path) -> None:
    if shutil.disk_usage(folder).free < size_bytes + _SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read(file: FileIO, source: Path) -> bytes:
    try:
        return file.read(_CHUNK_BYTES)
    except OSError as error:
        raise InstallError(f"{source} could not be read: {error.strerror}.") from error


def _write(target: FileIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[target.write(rest) :]


def _content_marks(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
