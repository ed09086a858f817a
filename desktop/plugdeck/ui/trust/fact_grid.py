"""Facts line by line: a name, a shape where it is good or bad news, and the words or controls."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.marks import SIZE, icon_of
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.trust.question_words import Mark


class FactGrid(QWidget):
    """The names are one column, so that the eye finds them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks: dict[str, QLabel] = {}
        self._captions: dict[str, QLabel] = {}
        self._labels: list[tuple[str, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING)
        self._grid.setVerticalSpacing(SPACING)
        self._grid.setColumnStretch(2, 1)

    def add_fact(self, name: str, *parts: QWidget) -> None:
        """Adds a line; several parts are below each other."""
        row, top = self._grid.rowCount(), Qt.AlignmentFlag.AlignTop
        caption = self._captions[name] = TonedLabel(Tone.QUIET, self)
        caption.setText(name)
        mark = self._marks[name] = QLabel(self)
        cell = QVBoxLayout()
        cell.setSpacing(SPACING // 4)
        for part in parts:
            if isinstance(part, QLabel):
                self._labels.append((name, part))
            cell.addWidget(part)
        self._grid.addWidget(caption, row, 0, top)
        self._grid.addWidget(mark, row, 1, top)
        self._grid.addLayout(cell, row, 2)

    def show_fact(self, name: str, is_shown: bool) -> None:
        """Shows or hides a line's name and shape; its parts are up to who added them."""
        self._captions[name].setVisible(is_shown)
        self._marks[name].setVisible(is_shown)

    def paint_mark(self, name: str, mark: Mark) -> None:
        """Paints the shape of a line in the colours of the palette."""
        self._marks[name].setPixmap(icon_of(mark, self.palette()).pixmap(SIZE, SIZE))

    def name_labels(self) -> None:
        """Has every text spoken together with what it is about."""
        for name, label in self._labels:
            label.setAccessibleName(f"{name}: {label.text()}")
