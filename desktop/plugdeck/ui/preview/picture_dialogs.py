"""The two file dialogs of the preview. They open beside the running window and call back; nothing waits for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from plugdeck.ui.pictures import readable_suffixes, writable_suffixes

Chosen = Callable[[Path], None]


def ask_for_picture(parent: QWidget, folder: Path, then: Chosen) -> QFileDialog:
    """Asks for a picture to open."""
    dialog = _dialog(parent, "Open picture", folder, then)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    patterns = " ".join(f"*.{suffix}" for suffix in readable_suffixes())
    dialog.setNameFilters([f"Pictures ({patterns})", "All files (*)"])
    dialog.open()
    return dialog


def ask_where_to_export(parent: QWidget, folder: Path, name: str, then: Chosen) -> QFileDialog:
    """Asks where to save the result; it asks by itself before a file is replaced."""
    dialog = _dialog(parent, "Save the result at full size", folder, then)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters([*(f"{suffix.upper()} (*.{suffix})" for suffix in writable_suffixes()), "All files (*)"])
    dialog.setDefaultSuffix("png")
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(_suffix_of(chosen)))
    dialog.selectFile(f"{Path(name).stem or 'picture'}-edited.png")
    dialog.open()
    return dialog


def _dialog(parent: QWidget, title: str, folder: Path, then: Chosen) -> QFileDialog:
    dialog = QFileDialog(parent, title, str(folder))
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.finished.connect(dialog.deleteLater)
    return dialog


def _suffix_of(name_filter: str) -> str:
    suffix = name_filter.partition("(*.")[2].rstrip(")")
    return suffix if suffix in writable_suffixes() else "png"
