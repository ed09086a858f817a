"""What goes with a plugin's file wherever it is put: its author's signature, and the note of where it came from.

Neither is needed to run it, so what cannot be brought along is left behind without a word; a question will say so.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from plugdeck.atomic_file import replace_file
from plugdeck.compat.system_files import read_at_most

SIGNATURE_SUFFIX = ".sig"
MOST_SIGNATURE_BYTES = 1024
"""Of such a file; it has 270."""
ORIGIN_ATTRIBUTES = ("user.xdg.origin.url", "user.xdg.referrer.url")
"""What browsers note on a download (freedesktop.org, "Common extended attributes")."""


def signature_path(path: Path) -> Path:
    """Where a file's signature lies: beside it, with one more ending."""
    return path.with_name(f"{path.name}{SIGNATURE_SUFFIX}")


def copy_signature(source: Path, target: Path) -> None:
    """The signature of ``source`` is that of ``target`` too, if there is one that could be."""
    with suppress(OSError):
        content = read_at_most(signature_path(source), MOST_SIGNATURE_BYTES + 1)
        if len(content) <= MOST_SIGNATURE_BYTES:
            replace_file(signature_path(target), content)


def move_signature(source: Path, target: Path) -> None:
    """The signature follows a file that was moved."""
    with suppress(OSError):
        signature_path(source).replace(signature_path(target))


def copy_origin(source: int, target: int) -> None:
    """From one open file to another, where their file systems keep such notes."""
    for name in ORIGIN_ATTRIBUTES:
        with suppress(OSError):
            os.setxattr(target, name, os.getxattr(source, name))
