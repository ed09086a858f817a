"""The line below the list: how many plugins there are, how far reading them is, and what ends that or begins a load."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from plugdeck.ui.theme import SPACING


class ListFoot(QWidget):
    """Shows what it is told."""

    cancel_wanted = Signal()
    load_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = QLabel(self)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName("Reading the folder")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        # Parents by keyword: by place, PySide first tries the form with an icon, and loads all about icons for that.
        self.cancel = QPushButton("Cancel", parent=self)
        self.cancel.setAccessibleName("Stop reading the folder")
        self.load = QPushButton("&Load", parent=self)
        self.load.setAccessibleName("Load the selected plugin into the chain")
        self.load.setToolTip("Load into the chain (Enter)")
        self.load.setEnabled(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(self.count)
        row.addWidget(self._bar, 1)
        row.addStretch(0)
        row.addWidget(self.cancel)
        row.addWidget(self.load)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.load.clicked.connect(self.load_wanted)

    def show_progress(self, done: int, total: int) -> None:
        """How many of how many files are read."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def show_scanning(self, is_scanning: bool) -> None:
        """Whether files are being read."""
        if not is_scanning:
            self._bar.reset()
        self._bar.setVisible(is_scanning)
        self.cancel.setVisible(is_scanning)
