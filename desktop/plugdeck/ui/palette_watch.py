"""Tells of another palette: the user chose one, or the desktop went dark."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget


class PaletteWatch(QWidget):
    """An invisible child, so that the window itself need not look at every event."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        """A child hears of its parent's palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.changed.emit()
