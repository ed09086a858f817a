"""The handle by which a row of the chain is dragged."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget


class Grip(QWidget):
    """Six dots to drag the row by."""

    moved = Signal(QPoint)
    """Where the pointer is, on the screen."""
    dropped = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: QPoint | None = None
        self._dragging = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to reorder (Alt+Up, Alt+Down)")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Narrow."""
        return QSize(14, 24)

    def cancel(self) -> None:
        """Ends the drag; nothing moves."""
        if self._dragging:
            self._dragging, self._pressed = False, None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.cancelled.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.globalPosition().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags, once the pointer went far enough to mean it."""
        position = event.globalPosition().toPoint()
        if self._pressed is None:
            return
        far = (position - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if far or self._dragging:
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.moved.emit(position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drops."""
        was_dragging, self._dragging, self._pressed = self._dragging, False, None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if was_dragging:
            self.dropped.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Two columns of three dots."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.PlaceholderText))
        middle = self.rect().center()
        for x in (-3, 2):
            for y in (-6, -1, 4):
                painter.drawEllipse(QRect(middle.x() + x, middle.y() + y, 3, 3))
