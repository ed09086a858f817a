"""The line at the top that says of a useless host that it is one, with the way back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from plugdeck.compat.finding import Severity
from plugdeck.ui.host.judgement import OWN_WORKER
from plugdeck.ui.host.judging import KnownHost
from plugdeck.ui.marks import SEVERITY_MARKS, SIZE, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text


class HostBanner(QFrame):
    """Hidden as long as the chosen host can load plugins."""

    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = QLabel(self)
        self._severity = Severity.ERROR
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.text = plain_label("", self)
        self.back = QPushButton(f"Judge for {OWN_WORKER}", self)
        self.back.clicked.connect(self.back_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING + 4, SPACING // 2, SPACING, SPACING // 2)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        row.addWidget(self.text, 1)
        row.addWidget(self.back)
        self._paint()
        self.hide()

    def show_host(self, known: KnownHost) -> None:
        """Appears for a host that cannot load plugins, and goes for any other."""
        self._severity = known.severity
        self._paint()
        self.text.setText(visible_text(known.problem))
        self.setAccessibleName(self.text.text())
        self.setVisible(bool(known.problem))

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shape again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _paint(self) -> None:
        self._mark.setPixmap(icon_of(SEVERITY_MARKS[self._severity], self.palette()).pixmap(SIZE, SIZE))
        self._mark.setAccessibleName(str(self._severity).capitalize())
