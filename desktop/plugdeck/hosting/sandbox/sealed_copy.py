"""A copy of a plugin's file that nobody can change any more: the bytes that are read are the bytes that run."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from plugdeck.binary import identity_of
from plugdeck.binary.facts import FileIdentity
from plugdeck.errors import BinaryFormatError, OpenError

_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
_MOST_BYTES = 1 << 30
_MOST_NAME_BYTES = 200
"""Of what debuggers and ``/proc`` call it; memfd_create(2) takes 249."""
_STEP_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class SealedCopy:
    """Bytes in memory that stay as they are."""

    descriptor: int
    sha256: str
    """In hexadecimal."""
    file: FileIdentity
    """Of the file that it was made of, from before that was read."""

    def is_still_at(self, path: Path) -> bool:
        """Whether the file at the path is the one that was copied, and nobody has written to it since.

        As far as its times tell: who writes through a mapping that he made before is not seen at once.
        """
        try:
            return identity_of(path) == self.file
        except BinaryFormatError:
            return False

    @contextmanager
    def kept_at(self, path: Path, changed: Callable[[], Exception]) -> Iterator[None]:
        """For a file that is opened by its path: raises what ``changed`` makes when it is another after the block.

        Also where the block failed: code of either file may have run.
        """
        try:
            yield
        finally:
            if not self.is_still_at(path):
                raise changed()


@contextmanager
def sealed_copy(path: Path) -> Iterator[SealedCopy]:
    """The file's bytes as they are now, for the length of a block; hashed when nobody can change them any more.

    Raises:
        OpenError: it cannot be read, is no regular file, or is larger than a gibibyte.
    """
    descriptor = os.memfd_create(
        os.fsdecode(os.fsencode(path.name)[:_MOST_NAME_BYTES]), os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    )
    try:
        try:
            file = _fill(descriptor, path)
        except OSError as failure:
            raise OpenError(path, f"it cannot be read: {failure.strerror or failure}") from failure
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        yield SealedCopy(descriptor, _sha256(descriptor), file)
    finally:
        os.close(descriptor)


@contextmanager
def sealed_copies(paths: Iterable[str]) -> Iterator[dict[str, SealedCopy]]:
    """Those of the files that can be read, by path, for the length of a block."""
    with ExitStack() as held:
        copies = {}
        for path in paths:
            with suppress(OpenError):  # loading it will say why
                copies[path] = held.enter_context(sealed_copy(Path(path)))
        yield copies


def _fill(descriptor: int, path: Path) -> FileIdentity:
    """Copies the file, and returns what it was before."""
    source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        file = _identity_of(source, path)
        size = file.size_bytes
        if size > _MOST_BYTES:
            raise OSError(errno.EFBIG, "it is larger than a gibibyte")
        offset = 0
        while copied := os.sendfile(descriptor, source, offset, min(size - offset, _STEP_BYTES) or 1):
            offset += copied
            if offset > _MOST_BYTES:
                raise OSError(errno.EFBIG, "it grows beyond a gibibyte")
        return file
    finally:
        os.close(source)


def _identity_of(descriptor: int, path: Path) -> FileIdentity:
    try:
        return identity_of(Path(f"/proc/self/fd/{descriptor}"))
    except BinaryFormatError as failure:
        raise OpenError(path, f"{failure.reason[:1].lower()}{failure.reason[1:]}", remedy=failure.remedy) from failure


def _sha256(descriptor: int) -> str:
    """Leaves it at its beginning, where bubblewrap begins to read."""
    with open(descriptor, "rb", buffering=0, closefd=False) as copy:
        copy.seek(0)
        digest = hashlib.file_digest(copy, "sha256").hexdigest()
        copy.seek(0)
        return digest
