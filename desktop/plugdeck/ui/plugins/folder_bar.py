"""Which folder the list shows: the folders used lately, two that are always there, and a button for others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from plugdeck import paths
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text

MOST_RECENT = 8


class FolderBar(QWidget):
    """Chooses the folder."""

    chosen = Signal(object)
    """A Path out of the list."""
    browse_wanted = Signal()
    rescan_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recent: list[Path] = []
        self._listed: tuple[Path, ...] = ()
        self.folders = QComboBox(self)
        self.folders.setAccessibleName("Plugin folder")
        self.folders.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.folders.setMinimumContentsLength(12)
        self.folders.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.folders.setPlaceholderText("No folder chosen")
        self.browse = QPushButton("&Open…", parent=self)  # by keyword: see ``ListFoot``
        self.browse.setAccessibleName("Open another plugin folder")
        self.browse.setToolTip("Open another folder (Ctrl+O)")
        self.rescan = QToolButton(self)
        self.rescan.setAutoRaise(True)
        self.rescan.setAccessibleName("Read the folder again")
        self.rescan.setToolTip("Read the folder again (F5)")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.folders, 1)
        layout.addWidget(self.browse)
        layout.addWidget(self.rescan)
        self.folders.activated.connect(self._choose)
        self.browse.clicked.connect(self.browse_wanted)
        self.rescan.clicked.connect(self.rescan_wanted)

    @property
    def recent(self) -> tuple[Path, ...]:
        """The folders used lately, the latest first."""
        return tuple(self._recent)

    def set_recent(self, folders: Sequence[Path]) -> None:
        """Restores the folders of the last session."""
        self._recent = list(dict.fromkeys(folders))[:MOST_RECENT]
        self._fill(None)

    def show_folder(self, folder: Path) -> None:
        """Shows which folder is open, and remembers it as the latest."""
        self._recent = [folder, *(known for known in self._recent if known != folder)][:MOST_RECENT]
        self._fill(folder)

    def paint_icons(self) -> None:
        """Puts the shape on the button; again for another palette."""
        from plugdeck.ui.marks import Shape, icon_of

        self.rescan.setIcon(icon_of((Shape.RELOAD, Tone.QUIET), self.palette()))

    def _fill(self, current: Path | None) -> None:
        self.folders.clear()
        self._listed = tuple(dict.fromkeys([*self._recent, paths.plugin_folder(), paths.sample_folder()]))
        for folder in self._listed:
            self.folders.addItem(folder_words(folder))
            self.folders.setItemData(self.folders.count() - 1, _tool_tip(folder), Qt.ItemDataRole.ToolTipRole)
        self.folders.setCurrentIndex(0 if current else -1)
        self.folders.setToolTip(_tool_tip(current) if current else "")

    def _choose(self, index: int) -> None:
        self.chosen.emit(self._listed[index])


def folder_words(folder: Path) -> str:
    """A folder for people: known ones by what they are, others with ``~`` for the home folder."""
    if folder == paths.plugin_folder():
        return "Installed plugins"
    if folder == paths.sample_folder():
        return "Sample plugins"
    try:
        return visible_text(f"~/{folder.relative_to(Path.home())}")
    except (ValueError, RuntimeError):
        return visible_text(str(folder))


def _tool_tip(folder: Path) -> str:
    return f"{QGuiApplication.applicationDisplayName() or 'Plugdeck'} folder\n{visible_text(str(folder))}"
