"""Files that appear whole or not at all, and never in another one's place by accident."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

LOCK_PATIENCE_S = 1.0


def replace_file(path: Path, content: bytes) -> None:
    """The file holds ``content`` and is on disk; after any failure the old file is still there, untouched.

    A symbolic link stays one: what it points to is replaced, and keeps its permission bits. Missing
    folders are made.

    Raises:
        OSError: the folder or the disk did not take it; nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """The folder's entries are on disk, where the file system can tell."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def move_new(source: Path, target: Path) -> None:
    """Moves a file within its file system to a name that is free: unlike a rename, it never overwrites.

    Raises:
        FileExistsError: something has that name; ``source`` is still where it was.
        OSError: the file system refused; ``source`` is still where it was.
    """
    try:
        os.link(source, target, follow_symlinks=False)
        source.unlink()
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK) or target.exists():
            raise
        _move_onto_placeholder(source, target)


def keep_aside(path: Path) -> Path:
    """Moves a file that is no use any more to the first free name ``x.damaged-1``, and returns that.

    Raises:
        OSError: the file system refused; the file is still where it was.
    """
    for number in count(1):
        kept = path.with_name(f"{path.name}.damaged-{number}")
        with contextlib.suppress(FileExistsError):
            move_new(path, kept)
            return kept
    raise AssertionError("there is always a next number")


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Holds other processes' saves back, by a lock on the folder itself: no lock file is left behind.

    Raises:
        OSError: there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _try_to_lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _try_to_lock(descriptor: int) -> None:
    """Waits a moment for the lock, then goes on without: a stopped process must not hold us up, and a save is
    atomic all the same. Some network file systems have no locks at all."""
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while time.monotonic() < deadline:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
            continue
        except OSError:
            pass
        return


def _move_onto_placeholder(source: Path, target: Path) -> None:
    """For file systems without hard links: takes the name with an empty file, then renames over that."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    try:
        source.replace(target)
    except OSError:
        target.unlink(missing_ok=True)
        raise
