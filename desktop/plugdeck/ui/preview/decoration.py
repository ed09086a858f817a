"""What is painted around and over the picture: checkerboard, divider with its handle, labels, focus frame."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPalette, QPen, QPixmap, QPolygonF

from plugdeck.ui.theme import is_dark

HANDLE_RADIUS = 13.0
_LABEL_PADDING = 7.0
_LABEL_MARGIN = 10.0
_SQUARE = 8


def canvas_colour(palette: QPalette) -> QColor:
    """What surrounds the picture: a little darker than the window, neutral."""
    return QColor(24, 24, 26) if is_dark(palette) else QColor(214, 214, 218)


def checkerboard(palette: QPalette) -> QBrush:
    """The pattern under transparent parts."""
    light, dark = (
        (QColor(92, 92, 96), QColor(66, 66, 70)) if is_dark(palette) else (QColor("white"), QColor(208, 208, 212))
    )
    tile = QPixmap(2 * _SQUARE, 2 * _SQUARE)
    tile.fill(light)
    painter = QPainter(tile)
    painter.fillRect(_SQUARE, 0, _SQUARE, _SQUARE, dark)
    painter.fillRect(0, _SQUARE, _SQUARE, _SQUARE, dark)
    painter.end()
    return QBrush(tile)


def paint_divider(painter: QPainter, x: float, area: QRectF, accent: QColor, active: bool) -> None:
    """A white line with dark edges, seen on any picture, and a round handle with two arrows in its middle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(QRectF(x - 1.5, area.top(), 3, area.height()), QColor(0, 0, 0, 140))
    painter.fillRect(QRectF(x - 0.5, area.top(), 1, area.height()), QColor("white"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre = QPointF(x, area.center().y())
    painter.setPen(QPen(QColor(0, 0, 0, 150), 3))
    painter.setBrush(QColor("white"))
    painter.drawEllipse(centre, HANDLE_RADIUS, HANDLE_RADIUS)
    painter.setPen(QPen(accent if active else QColor("white"), 2))
    painter.drawEllipse(centre, HANDLE_RADIUS - 1, HANDLE_RADIUS - 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(accent if active else QColor(40, 40, 44))
    for side in (-1, 1):
        tip, root = QPointF(centre.x() + side * 8.5, centre.y()), centre.x() + side * 3.5
        arrow = [tip, QPointF(root, centre.y() - 4.5), QPointF(root, centre.y() + 4.5)]
        painter.drawPolygon(QPolygonF(arrow))


def paint_label(painter: QPainter, text: str, area: QRectF, *, at_right: bool, font: QFont) -> None:
    """A small dark plate with white text in an upper corner of ``area``; left out where it does not fit."""
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(text) + 2 * _LABEL_PADDING
    height = metrics.height() + _LABEL_PADDING
    if area.width() < width + 2 * _LABEL_MARGIN or area.height() < height + 2 * _LABEL_MARGIN:
        return
    left = area.right() - _LABEL_MARGIN - width if at_right else area.left() + _LABEL_MARGIN
    plate = QRectF(left, area.top() + _LABEL_MARGIN, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(255, 255, 255, 70), 1))
    painter.setBrush(QColor(0, 0, 0, 170))
    painter.drawRoundedRect(plate, height / 2, height / 2)
    painter.setPen(QColor("white"))
    painter.setFont(font)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def paint_focus(painter: QPainter, area: QRectF, accent: QColor) -> None:
    """A frame that says where the keyboard is."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(accent, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def paint_drop_hint(painter: QPainter, area: QRectF, text: str, palette: QPalette, font: QFont) -> None:
    """Veils the picture and says what dropping does."""
    veil = palette.color(QPalette.ColorRole.Window)
    veil.setAlpha(200)
    painter.fillRect(area, veil)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area.adjusted(8, 8, -8, -8), 8, 8)
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    painter.setFont(font)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
