"""The line that shows where a dragged row would go."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QWidget

_THICKNESS = 3


class DropLine(QFrame):
    """Lies between two rows while a third is dragged."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self.position: int | None = None
        """Where the dragged row would stand among the others; None while none is dragged."""
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Highlight)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def point(self, y: int, others: Sequence[QWidget]) -> None:
        """Shows the place that is nearest to ``y``, given the rows that stay, from top to bottom."""
        self.position = sum(1 for row in others if y > row.geometry().center().y())
        above = others[self.position - 1].geometry().bottom() if self.position else 0
        self.setGeometry(0, max(0, above - 1), self._area.width(), _THICKNESS)
        self.raise_()
        self.show()

    def end(self) -> None:
        """Nothing is dragged any more."""
        self.position = None
        self.hide()
