"""Safe mode: what is said of a start that loaded nothing, and how the last session can be had back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from plugdeck.ui.marks import SIZE, Shape, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text


class SafeModeBar(QFrame):
    """A line at the top, until it is answered or dismissed; nothing is lost either way."""

    all_wanted = Signal()
    """Bring the whole session back."""
    one_by_one_wanted = Signal()
    """Put its transforms into the chain, and start none."""
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = QLabel(self)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.text = plain_label("", self)
        self.one_by_one = QPushButton("One by one", self)
        self.bring_back = QPushButton("&Bring all back", self)
        self.dismiss = QToolButton(self)
        self.dismiss.setText("✕")
        self.dismiss.setAutoRaise(True)
        self.dismiss.setToolTip("Dismiss; the session comes back at the next start")
        self.dismiss.setAccessibleName("Dismiss safe mode")
        self.one_by_one.setToolTip("Shows its transforms in the chain and starts none: each is started when you say so")
        self._lay_out()
        self._connect()
        self._paint()
        self.hide()

    def say(self, why: str, kept: int, *, has_picture: bool) -> None:
        """Shows why nothing was loaded, and what of the last session is kept."""
        self.text.setText(visible_text(f"Safe mode: {why} {kept_words(kept, has_picture=has_picture)}".strip()))
        self.setAccessibleName(self.text.text())
        self.one_by_one.setVisible(kept > 0)
        self.bring_back.setVisible(kept > 0 or has_picture)
        self.show()

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shape again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING + 4, SPACING // 2, SPACING, SPACING // 2)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        row.addWidget(self.text, 1)
        for button in (self.one_by_one, self.bring_back, self.dismiss):
            row.addWidget(button)

    def _connect(self) -> None:
        for button, signal in (
            (self.one_by_one, self.one_by_one_wanted),
            (self.bring_back, self.all_wanted),
            (self.dismiss, self.dismissed),
        ):
            button.clicked.connect(self.hide)
            button.clicked.connect(signal)

    def _paint(self) -> None:
        self._mark.setPixmap(icon_of((Shape.TRIANGLE, Tone.CAUTION), self.palette()).pixmap(SIZE, SIZE))


def kept_words(kept: int, *, has_picture: bool) -> str:
    """What of the last session waits, as a sentence; empty for nothing."""
    transforms = f"{kept} transform{'s' if kept > 1 else ''}" if kept else ""
    what = " and ".join(filter(None, (transforms, "the picture" if has_picture else "")))
    return f"Of the last session, {what} can be brought back; no setting is lost." if what else ""
