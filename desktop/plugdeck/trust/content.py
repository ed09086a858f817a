"""The hash of a file's bytes, by which everything is decided."""

from __future__ import annotations

from pathlib import Path

from plugdeck.binary import identity_of
from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.incoming import sha256_of
from plugdeck.catalogue.report import Report
from plugdeck.errors import PlugdeckError

MOST_BYTES = 1 << 30
"""No plugin that is larger is opened."""


def sha256_of_file(path: Path) -> str:
    """In hexadecimal.

    Raises:
        PlugdeckError: it cannot be read, is no regular file, or is larger than any plugin.
    """
    if identity_of(path).size_bytes > MOST_BYTES:
        raise PlugdeckError(f"{path} is larger than a gibibyte.", remedy="No plugin is: name another file.")
    return sha256_of(path)


def sha256_of_report(report: Report) -> str:
    """Of the bytes that the report is about.

    Raises:
        PlugdeckError: as ``sha256_of_file`` does, or the file is another than it was.
    """
    sha256 = sha256_of_file(report.path)
    if report.facts is None or _bytes_marks(identity_of(report.path)) != _bytes_marks(report.facts.identity):
        raise PlugdeckError(f"{report.path} changed since it was read.", remedy="Look at what it is now.")
    return sha256


def _bytes_marks(identity: FileIdentity) -> tuple[int, int, int, int]:
    """What tells bytes apart: a new name or other rights change ``ctime``, and nothing that runs."""
    return identity.device, identity.inode, identity.size_bytes, identity.mtime_ns
