"""One line of untrusted text that gives way when there is no room, with the whole of it in its tooltip."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from plugdeck.ui.visible_text import visible_text

_NARROWEST = 4  # characters


def plain_tooltip(text: str) -> str:
    """Text as a tooltip that wraps and shows markup as it is written."""
    return f"<qt>{escape(visible_text(text, keep_lines=True)).replace(chr(10), '<br>')}</qt>" if text else ""


class ElidedLabel(QWidget):
    """Paints its text in one line, never as markup; what is cut off ends in an ellipsis."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._explanation = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """The whole text as it is shown, hidden characters made visible."""
        return self._text

    def setText(self, text: str) -> None:
        """Shows another text; the same one costs nothing."""
        shown = visible_text(text)
        if shown == self._text:
            return
        self._text = shown
        self.setAccessibleName(shown)
        self._renew_tooltip()
        self.updateGeometry()
        self.update()

    def set_explanation(self, text: str) -> None:
        """Adds lines to the tooltip, below the text itself."""
        self._explanation = text
        self._renew_tooltip()

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Room for a few characters."""
        metrics = QFontMetrics(self.font())
        narrow = metrics.horizontalAdvance("m") * min(_NARROWEST, len(self._text))
        return QSize(min(narrow, self.sizeHint().width()), metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws plain text from the left, whatever its direction."""
        painter = QPainter(self)
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, self.foregroundRole()))
        shown = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _renew_tooltip(self) -> None:
        self.setToolTip(plain_tooltip("\n".join(filter(None, (self._text, self._explanation)))))
