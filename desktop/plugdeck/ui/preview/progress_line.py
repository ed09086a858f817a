"""A line that says what is going on, with a bar and, where it can be ended, a button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from plugdeck.ui.chain.elided_label import ElidedLabel
from plugdeck.ui.theme import SPACING

_DELAY_MS = 200


class ProgressLine(QWidget):
    """Shows itself only when the work takes long enough to be noticed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._end_work: Callable[[], None] | None = None
        self.text = ElidedLabel(parent=self)
        bar = QProgressBar(self)
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setMaximumSize(160, 8)
        bar.setAccessibleName("Work in progress")
        self.cancel = QPushButton("Cancel", self)
        self.cancel.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING // 2, SPACING, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.text)
        layout.addWidget(bar)
        layout.addWidget(self.cancel)
        layout.addStretch(1)
        self._delay = QTimer(self, interval=_DELAY_MS, singleShot=True)
        self._delay.timeout.connect(self.show)
        self.hide()

    def begin(self, sentence: str, end_work: Callable[[], None] | None) -> None:
        """Says what is going on; ``end_work`` is called when the user cancels it."""
        self.text.setText(sentence)
        self._end_work = end_work
        self.cancel.setVisible(end_work is not None)
        self._delay.start()

    def end(self) -> None:
        """It is done."""
        self._delay.stop()
        self.hide()

    def _cancel(self) -> None:
        if self._end_work:
            self._end_work()
        self.end()
