"""The small painted shapes beside every status, state and severity: told apart by form, not by colour alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPen, QPixmap, QPolygonF

from plugdeck.catalogue.report import Status
from plugdeck.compat.finding import Severity
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.theme import Tone, tone_colour

SIZE = 16
_SCALES = (1, 2)


class Shape(StrEnum):
    """What is painted, in a box of 16 by 16."""

    TICK = "tick in a circle"
    TRIANGLE = "triangle with a bar"
    CROSS = "cross in an octagon"
    RING = "empty ring"
    INFORMATION = "i in a ring"
    QUESTION = "broken page"
    DOT = "dot"
    HALF = "half-filled ring"
    CLOCK = "clock"
    ARROWS = "two arrows"
    RELOAD = "open circle with an arrow"


STATUS_MARKS: Mapping[Status, tuple[Shape, Tone]] = {
    Status.COMPATIBLE: (Shape.TICK, Tone.GOOD),
    Status.WARNING: (Shape.TRIANGLE, Tone.CAUTION),
    Status.INCOMPATIBLE: (Shape.CROSS, Tone.BAD),
    Status.NOT_A_PLUGIN: (Shape.RING, Tone.QUIET),
    Status.UNREADABLE: (Shape.QUESTION, Tone.BAD),
}
SEVERITY_MARKS: Mapping[Severity, tuple[Shape, Tone]] = {
    Severity.ERROR: (Shape.CROSS, Tone.BAD),
    Severity.WARNING: (Shape.TRIANGLE, Tone.CAUTION),
    Severity.INFO: (Shape.INFORMATION, Tone.QUIET),
}
STATE_MARKS: Mapping[PluginState, tuple[Shape, Tone]] = {
    PluginState.NOT_LOADED: (Shape.RING, Tone.QUIET),
    PluginState.LOADING: (Shape.HALF, Tone.ACCENT),
    PluginState.LOADED: (Shape.DOT, Tone.ACCENT),
    PluginState.STALE: (Shape.ARROWS, Tone.CAUTION),
    PluginState.CRASHED: (Shape.CROSS, Tone.BAD),
    PluginState.TIMED_OUT: (Shape.CLOCK, Tone.BAD),
    PluginState.QUARANTINED: (Shape.TRIANGLE, Tone.BAD),
}


def icon_of(mark: tuple[Shape, Tone], palette: QPalette) -> QIcon:
    """The mark as an icon that suits the palette; painted once."""
    shape, tone = mark
    role = QPalette.ColorRole
    names = (role.Base, role.HighlightedText, role.Highlight)
    return _icon(shape, tone_colour(tone, palette).name(), *(palette.color(name).name() for name in names))


@lru_cache(maxsize=64)
def _icon(shape: Shape, colour: str, ink: str, selected_colour: str, selected_ink: str) -> QIcon:
    icon = QIcon()
    for scale in _SCALES:
        icon.addPixmap(_pixmap(shape, colour, ink, scale))
        # In a selected row the shape takes the text's colour; Qt would only veil it.
        icon.addPixmap(_pixmap(shape, selected_colour, selected_ink, scale), QIcon.Mode.Selected)
    return icon


def _pixmap(shape: Shape, colour: str, ink: str, scale: int) -> QPixmap:
    pixmap = QPixmap(SIZE * scale, SIZE * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _PAINTERS[shape](painter, QColor(colour), QColor(ink))
    painter.end()
    return pixmap


def _pen(colour: QColor, width: float = 1.6) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _fill(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)


def _line(painter: QPainter, ink: QColor, *points: tuple[float, float], width: float = 1.7) -> None:
    painter.setPen(_pen(ink, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _ring(painter: QPainter, colour: QColor) -> None:
    painter.setPen(_pen(colour))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(2.3, 2.3, 11.4, 11.4))


def _paint_tick(painter: QPainter, colour: QColor, ink: QColor) -> None:
    _fill(painter, colour)
    painter.drawEllipse(QRectF(1.5, 1.5, 13, 13))
    _line(painter, ink, (5.0, 8.3), (7.2, 10.5), (11.2, 5.9))


def _paint_triangle(painter: QPainter, colour: QColor, ink: QColor) -> None:
    painter.setPen(_pen(colour, 1.4))
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(8, 2.2), QPointF(14.4, 13.4), QPointF(1.6, 13.4)]))
    _line(painter, ink, (8, 6.3), (8, 9.3))
    _line(painter, ink, (8, 11.5), (8, 11.6))


def _paint_cross(painter: QPainter, colour: QColor, ink: QColor) -> None:
    _fill(painter, colour)
    corners = [math.radians(22.5 + 45 * number) for number in range(8)]
    painter.drawPolygon(QPolygonF([QPointF(8 + 7.1 * math.cos(a), 8 + 7.1 * math.sin(a)) for a in corners]))
    _line(painter, ink, (5.6, 5.6), (10.4, 10.4))
    _line(painter, ink, (10.4, 5.6), (5.6, 10.4))


def _paint_ring(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _ring(painter, colour)
    _line(painter, colour, (5.6, 8), (10.4, 8))


def _paint_information(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _ring(painter, colour)
    _line(painter, colour, (8, 5.1), (8, 5.2))
    _line(painter, colour, (8, 7.8), (8, 10.9))


def _paint_question(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _line(painter, colour, (4, 9.4), (4, 2.4), (9, 2.4), (12, 5.4), (12, 7.4), width=1.5)
    _line(painter, colour, (3.2, 11.6), (5.8, 10), (8, 11.8), (10.2, 10), (12.8, 11.2), width=1.5)
    _line(painter, colour, (4, 13.8), (12, 13.8), width=1.5)


def _paint_dot(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _fill(painter, colour)
    painter.drawEllipse(QRectF(3.6, 3.6, 8.8, 8.8))


def _paint_half(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _ring(painter, colour)
    _fill(painter, colour)
    painter.drawPie(QRectF(3.6, 3.6, 8.8, 8.8), -90 * 16, 180 * 16)


def _paint_clock(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _ring(painter, colour)
    _line(painter, colour, (8, 4.8), (8, 8.2), (10.4, 9.6), width=1.5)


def _paint_arrows(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    _line(painter, colour, (2.6, 5.6), (12.6, 5.6), (10, 3))
    _line(painter, colour, (13.4, 10.4), (3.4, 10.4), (6, 13))


def _paint_reload(painter: QPainter, colour: QColor, _ink: QColor) -> None:
    painter.setPen(_pen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(2.8, 2.8, 10.4, 10.4), 20 * 16, 290 * 16)
    _line(painter, colour, (13.6, 2.8), (12.9, 6.3), (9.4, 5.8), width=1.5)


_PAINTERS: Mapping[Shape, Callable[[QPainter, QColor, QColor], None]] = {
    Shape.TICK: _paint_tick,
    Shape.TRIANGLE: _paint_triangle,
    Shape.CROSS: _paint_cross,
    Shape.RING: _paint_ring,
    Shape.INFORMATION: _paint_information,
    Shape.QUESTION: _paint_question,
    Shape.DOT: _paint_dot,
    Shape.HALF: _paint_half,
    Shape.CLOCK: _paint_clock,
    Shape.ARROWS: _paint_arrows,
    Shape.RELOAD: _paint_reload,
}
