"""Rows of a name and a value, as wide as there is room and each as high as its text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone


class FactRows(QWidget):
    """Names on the left, values on the right.

    Rejected: QFormLayout, which gives text that is wrapped in a narrow window the height of a single line.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        grid.setHorizontalSpacing(2 * SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnStretch(1, 1)
        self._count = 0
        self._grid.setRowStretch(0, 1)

    def add(self, name: str, value: QWidget) -> None:
        """Adds a row at the end."""
        title = QLabel(name)
        tint(title, Tone.QUIET)
        value.setAccessibleName(name)
        self._grid.addWidget(title, self._next_row(), 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, self._count - 1, 1, Qt.AlignmentFlag.AlignTop)

    def add_heading(self, words: str) -> None:
        """Begins another part."""
        label = plain_label(words)
        font = QFont(label.font())
        font.setWeight(QFont.Weight.DemiBold)
        label.setFont(font)
        label.setContentsMargins(0, SPACING, 0, 0)
        self._grid.addWidget(label, self._next_row(), 0, 1, 2)

    def _next_row(self) -> int:
        """The place of the row to add; what is left of the height goes below it."""
        self._grid.setRowStretch(self._count, 0)
        self._count += 1
        self._grid.setRowStretch(self._count, 1)
        return self._count - 1


def digits_line(text: str) -> QLineEdit:
    """A line that scrolls in itself: digits cannot be wrapped, and would make every row as wide as they are."""
    line = QLineEdit(text)
    line.setReadOnly(True)
    line.setFrame(False)
    line.setTextMargins(-2, 0, 0, 0)
    line.setFixedHeight(line.fontMetrics().height() + 2)
    line.setCursorPosition(0)
    line.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return line
