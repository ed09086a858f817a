"""The file that code was loaded from: which bytes those were, and whether they are still at its path."""

from __future__ import annotations

import hashlib
from pathlib import Path

from plugdeck.binary import identity_of
from plugdeck.binary.facts import FileIdentity
from plugdeck.errors import BinaryFormatError

DELETED = "the file was deleted"
REPLACED = "another file took its place"
OVERWRITTEN = "the file was overwritten in place"
UNREADABLE = "the file became unreadable"


class LoadedFile:
    """Remembers what was loaded, by identity for speed and by SHA-256 for truth.

    A file that was only touched, renamed, linked once more or written again with the same bytes has another
    identity, yet what is loaded is what is in it: that is not stale.
    """

    def __init__(self, path: Path, identity: FileIdentity) -> None:
        """Reads the whole file once. Raises BinaryFormatError when it cannot be read."""
        self.path = path
        self.identity = identity
        self._sha256 = _sha256(path)
        self._judged = (path, identity, "")

    def is_at(self, identity: FileIdentity) -> bool:
        """Whether ``identity`` is of the same file on disk. A mapped file's number is not given to another one."""
        return (identity.device, identity.inode) == (self.identity.device, self.identity.inode)

    def change_at(self, path: Path) -> str:
        """What became of the loaded bytes at ``path``, in words; empty when they are there as they were loaded.

        Costs one ``stat``, and one reading of the file after each change to it. Any thread.
        """
        try:
            identity = identity_of(path)
            if self._judged[:2] != (path, identity):
                self._judged = (path, identity, self._compare(path, identity))
            return self._judged[2]
        except BinaryFormatError:
            return UNREADABLE if path.exists() else DELETED

    def _compare(self, path: Path, identity: FileIdentity) -> str:
        if identity.size_bytes == self.identity.size_bytes and _sha256(path) == self._sha256:
            return ""
        return OVERWRITTEN if self.is_at(identity) else REPLACED


def _sha256(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise BinaryFormatError(f"The system could not read the file: {error.strerror}", path=path) from error
