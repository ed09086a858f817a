"""Draws a plugin's name, and beside it, muted, the file's where the name alone does not tell which one is meant."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from plugdeck.ui.plugins.column import SEPARATOR
from plugdeck.ui.plugins.elision import Distinct, elided
from plugdeck.ui.plugins.table_model import FILE_ROLE
from plugdeck.ui.theme import Tone, tone_colour

_MARGIN = 3
_LEAST_NAME = 0.4
"""The part of the width that the name keeps, however long the file's is; it is the file's that tells them apart."""


class NameDelegate(QStyledItemDelegate):
    """For the column of names."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draws the cell; a name that is the only one of its kind as any other cell."""
        file: Distinct | None = index.data(FILE_ROLE)
        if not file:
            super().paint(painter, option, index)
            return
        cell = QStyleOptionViewItem(option)
        self.initStyleOption(cell, index)
        name = cell.text.removesuffix(f"{SEPARATOR}{file.text}")
        cell.text = ""
        style = cell.widget.style() if cell.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, cell, painter, cell.widget)
        _draw_texts(painter, cell, name, file)


def _draw_texts(painter: QPainter, cell: QStyleOptionViewItem, name: str, file: Distinct) -> None:
    metrics, room = cell.fontMetrics, cell.rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
    width = metrics.horizontalAdvance(name) + 2  # the advance is rounded, which would elide a text that fits
    if width + metrics.horizontalAdvance(f"{SEPARATOR}{file.text}") > room.width():
        width = min(width, int(room.width() * _LEAST_NAME))
    is_selected = bool(cell.state & QStyle.StateFlag.State_Selected)
    role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
    bright = cell.palette.color(role)
    # On the accent, the quiet tone would be too faint to read.
    muted = bright if is_selected else tone_colour(Tone.QUIET, cell.palette)
    first, second = QRect(room.left(), room.top(), width, room.height()), room.adjusted(width, 0, 0, 0)
    rest = second.width() - metrics.horizontalAdvance(SEPARATOR)
    _draw(painter, cell, first, metrics.elidedText(name, Qt.TextElideMode.ElideRight, width), bright)
    _draw(painter, cell, second, SEPARATOR + elided(file, rest, metrics.horizontalAdvance), muted)


def _draw(painter: QPainter, cell: QStyleOptionViewItem, where: QRect, text: str, colour: QColor) -> None:
    painter.save()
    painter.setFont(cell.font)
    painter.setPen(colour)
    painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    painter.restore()
