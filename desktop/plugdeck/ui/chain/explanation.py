"""Why a loaded plugin cannot be unloaded, and what can be done instead: a button, and what opens below it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from plugdeck.ui.chain.words import NOT_UNLOADABLE
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING
from plugdeck.ui.words import RESTART


class InfoButton(QToolButton):
    """A ring with an i; what it explains opens below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setFixedSize(20, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button's own frame when it is pressed or under the pointer, then the ring."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.isChecked() or self.hasFocus() or self.underMouse()
        role = QPalette.ColorRole.Link if active else QPalette.ColorRole.PlaceholderText
        painter.setPen(QPen(self.palette().color(role), 1.4))
        painter.drawEllipse(QRectF(3.5, 3.5, 13, 13))
        painter.setPen(QPen(self.palette().color(role), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(10, 9.6), QPointF(10, 13.2))
        painter.drawPoint(QPointF(10, 6.9))


class Explanation(QFrame):
    """Why a plugin cannot be unloaded, and the one thing that ends its code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = plain_label(NOT_UNLOADABLE, self)
        self.restart = QPushButton(RESTART, self)
        self.restart.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, SPACING // 2, 0, SPACING // 2)
        layout.addWidget(self.text, 0, 0)
        layout.addWidget(self.restart, 1, 0)
        self.hide()
