"""The one message above the picture: the latest sentence takes the place of the one before it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugdeck.compat.finding import Severity
from plugdeck.ui.notices import PASSING_MS, Notice
from plugdeck.ui.visible_text import visible_text


class Message(QWidget):
    """Has its own place in the layout, so that it never lies over something; takes none while there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.hide()

    @property
    def shown(self) -> list[Notice]:
        """The message, if there is one."""
        return self.findChildren(Notice, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def tell(self, text: str, *, severity: Severity = Severity.INFO, passing: bool = False) -> None:
        """Shows a sentence; a ``passing`` one leaves by itself."""
        self.clear()
        notice = Notice(visible_text(text, keep_lines=True), severity, None, self)
        self._layout.addWidget(notice)
        notice.destroyed.connect(self._hide_if_empty)
        notice.show()
        self.show()
        if passing:
            QTimer.singleShot(PASSING_MS, notice, notice.dismiss)
        QAccessible.updateAccessibility(QAccessibleEvent(notice.label, QAccessible.Event.Alert))

    def clear(self) -> None:
        """Takes the message away."""
        for notice in self.shown:
            notice.dismiss()
        self.hide()

    def _hide_if_empty(self) -> None:
        if not self.shown:
            self.hide()
