"""Where uninstalled plugins wait: a trash folder as freedesktop.org describes it, beside the plugins.

Its own folder rather than the desktop's trash: a rename within one file system is atomic and never copies, and an
undo finds the file again whatever desktop is running.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote, unquote

from plugdeck.atomic_file import move_new, sync_folder
from plugdeck.catalogue.incoming import folder_error, sha256_of
from plugdeck.catalogue.side_files import move_signature
from plugdeck.errors import InstallError

FOLDER_NAME = ".trash"


@dataclass(frozen=True, slots=True)
class Trashed:
    """A plugin in the trash, and the way back."""

    path: Path
    """Where it is now."""
    original: Path
    """Where it was, and where ``restore`` puts it."""
    deleted: datetime
    """Local time, to the second."""

    @property
    def info(self) -> Path:
        """The file that notes where it was (Trash specification 1.0, "Contents of a trash directory")."""
        return self.path.parent.parent / "info" / f"{self.path.name}.trashinfo"


def move_to_trash(path: Path) -> Trashed:
    """The file is in the ``.trash`` beside it. Programs that have it loaded go on: the bytes stay.

    Raises:
        InstallError: it could not be moved, and is still where it was.
    """
    trash = path.parent / FOLDER_NAME
    try:
        for folder in (trash / "files", trash / "info"):
            folder.mkdir(parents=True, exist_ok=True)
        trashed = _reserve(trash, path)
        try:
            move_new(path, trashed.path)
        except OSError:
            trashed.info.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise folder_error(error, path.parent) from error
    move_signature(path, trashed.path)
    sync_folder(trashed.path.parent)
    sync_folder(path.parent)
    return trashed


def restore(trashed: Trashed) -> Path:
    """Puts the plugin back where it was, and returns that path.

    Raises:
        InstallError: it is no longer in the trash, or another file has its place; nothing was changed.
    """
    try:
        trashed.original.parent.mkdir(parents=True, exist_ok=True)
        move_new(trashed.path, trashed.original)
    except FileExistsError as error:
        if sha256_of(trashed.path) != sha256_of(trashed.original):
            raise InstallError(
                f"{trashed.original} is there again, with another content.",
                remedy=f"Move it away first; the one in the trash is {trashed.path}.",
            ) from error
        _forget(trashed.path)
    except FileNotFoundError as error:
        raise InstallError(f"{trashed.path} is no longer in the trash.") from error
    except OSError as error:
        raise folder_error(error, trashed.original.parent) from error
    move_signature(trashed.path, trashed.original)
    _forget(trashed.info)
    sync_folder(trashed.original.parent)
    return trashed.original


def trashed_in(folder: Path) -> Iterator[Trashed]:
    """What the plugin folder's trash holds, in order of file names; entries without their file are passed over."""
    for info in sorted((folder / FOLDER_NAME / "info").glob("*.trashinfo")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            trashed = _read_info(info, folder)
            if trashed.path.exists():
                yield trashed


def _reserve(trash: Path, path: Path) -> Trashed:
    """Takes a free name by making its info file, as the specification wants it: info first, exclusively."""
    deleted = datetime.now().replace(microsecond=0)
    text = f"[Trash Info]\nPath={quote(os.fsencode(path.name))}\nDeletionDate={deleted.isoformat()}\n"
    for number in count(1):
        name = path.name if number == 1 else f"{path.stem}.{number}{path.suffix}"
        trashed = Trashed(trash / "files" / name, path, deleted)
        if os.path.lexists(trashed.path):
            continue
        with contextlib.suppress(FileExistsError), trashed.info.open("x", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            return trashed
    raise AssertionError("there is always a next number")


def _read_info(info: Path, folder: Path) -> Trashed:
    lines = info.read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    name = os.fsdecode(unquote(values["Path"], errors="surrogateescape"))
    if "/" in name or name in ("", ".", ".."):
        raise ValueError(f"{info} names a place outside the plugin folder")
    file = folder / FOLDER_NAME / "files" / info.name.removesuffix(".trashinfo")
    return Trashed(file, folder / name, datetime.fromisoformat(values["DeletionDate"]))


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
