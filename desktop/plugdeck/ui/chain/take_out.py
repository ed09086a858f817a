"""The small button that takes a row out of the chain."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from plugdeck.ui.chain.elided_label import plain_tooltip
from plugdeck.ui.chain.words import TAKE_OUT, TAKE_OUT_WHY


class TakeOutButton(QToolButton):
    """A small cross; it says what it ends before it does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setFixedSize(20, 20)
        self.setToolTip(plain_tooltip(f"{TAKE_OUT}\n{TAKE_OUT_WHY} (Del)"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button's own frame when it is pressed or under the pointer, then the cross."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.hasFocus() or self.underMouse()
        role = QPalette.ColorRole.Link if active else QPalette.ColorRole.PlaceholderText
        painter.setPen(QPen(self.palette().color(role), 1.6))
        painter.drawLine(QPointF(6.5, 6.5), QPointF(13.5, 13.5))
        painter.drawLine(QPointF(13.5, 6.5), QPointF(6.5, 13.5))
