"""All that is known of an outcome, as plain text that can be read, selected and scrolled."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

_MOST_LINES = 14


class ReportView(QPlainTextEdit):
    """As high as its text, up to a few lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Report")

    def show_report(self, text: str) -> None:
        """Shows another report; where the user scrolled to in the same one stays."""
        self.setPlainText(text.rstrip())
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another number of lines."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # A plain text's document counts its height in lines.
        lines = min(max(round(self.document().size().height()), 1), _MOST_LINES)
        margins = 2 * round(self.document().documentMargin())
        height = lines * self.fontMetrics().lineSpacing() + margins
        if height != self.height() or height != self.minimumHeight():
            self.setFixedHeight(height)
