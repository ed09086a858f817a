"""What a drag over the window would do, said while it is over it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from plugdeck.ui.theme import SPACING

_WORDS = "Drop plugins to see whether they fit, before anything of them runs"


class DropHint(QWidget):
    """A frame around the window with a line of text; lets every event through to what lies below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(_WORDS)
        self.hide()

    def show_over(self) -> None:
        """Covers the whole window."""
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The frame, and the words on a bar of the same colour."""
        palette, painter = self.palette(), QPainter(self)
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(accent, 3))
        painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        bar = self.fontMetrics().boundingRect(_WORDS).adjusted(-2 * SPACING, -SPACING, 2 * SPACING, SPACING)
        bar.moveCenter(self.rect().center())
        bar.moveTop(SPACING // 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(accent)
        painter.drawRoundedRect(bar, 6, 6)
        painter.setPen(palette.color(QPalette.ColorRole.HighlightedText))
        painter.drawText(bar, Qt.AlignmentFlag.AlignCenter, _WORDS)
