"""What lies under the controls of a row."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QWidget

ACCENT_WIDTH = 3
_VEIL = 28


def paint_background(row: QWidget, *, is_selected: bool) -> None:
    """The veil and the accent of a selected row, a line below, and the frame of one that has the focus."""
    painter = QPainter(row)
    palette = row.palette()
    accent = palette.color(QPalette.ColorRole.Highlight)
    if is_selected:
        veil = QColor(accent)
        veil.setAlpha(_VEIL)
        painter.fillRect(row.rect(), veil)
        painter.fillRect(0, 0, ACCENT_WIDTH, row.height(), accent)
    painter.fillRect(0, row.height() - 1, row.width(), 1, palette.color(QPalette.ColorRole.Mid))
    if row.hasFocus():
        painter.setPen(accent)
        painter.drawRect(row.rect().adjusted(0, 0, -1, -1))
    painter.end()
