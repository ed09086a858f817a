"""What was dropped on the window, told apart by looking at the files, off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData

from plugdeck.ui.pictures import readable_suffixes


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files by what the window does with them."""

    folder: Path | None
    """To open; the first, when there are several."""
    picture: Path | None
    """To show; the first, when there are several."""
    plugins: tuple[Path, ...]
    """To propose for install: everything else, so that what is no plugin is told so."""


def local_files(data: QMimeData) -> list[Path]:
    """The local files that a drag carries; links to other machines are left out."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def sort_out(files: Sequence[Path]) -> Dropped:
    """Tells folders, pictures and plugins apart. Blocks while it asks the file system."""
    folders = [file for file in files if file.is_dir()]
    suffixes = readable_suffixes()
    pictures = [file for file in files if file.suffix[1:].lower() in suffixes and file not in folders]
    plugins = tuple(file for file in files if file not in folders and file not in pictures)
    return Dropped(folders[0] if folders else None, pictures[0] if pictures else None, plugins)
