"""Looks what other windows and the command line decided meanwhile, whenever the user comes back to the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background


class RecordsWatch(QObject):
    """Who shows decisions hears of news from the records themselves."""

    def __init__(self, window: QWidget, records: TrustRecords, background: Background) -> None:
        super().__init__(window)
        self._records = records
        self._background = background
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window came to the front, which what is in it hears, too."""
        if event.type() == QEvent.Type.WindowActivate:
            self._background.run(self._records.refresh, lambda _: None)
        return super().eventFilter(watched, event)
