"""Safe mode: what is said of a start that loaded nothing, and how the last session can be had back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from plugdeck.ui.marks import Shape
from plugdeck.ui.message_bar import MessageBar
from plugdeck.ui.theme import Tone

_ONE_BY_ONE = "Shows its transforms in the chain and starts none: each is started when you say so"


class SafeMode(QObject):
    """The offer, until it is answered or dismissed; nothing is lost either way."""

    all_wanted = Signal()
    """Bring the whole session back."""
    one_by_one_wanted = Signal()
    """Put its transforms into the chain, and start none."""
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = MessageBar((Shape.TRIANGLE, Tone.CAUTION), parent)
        self.one_by_one = self.bar.add_button("One by one", lambda: self._answer(self.one_by_one_wanted))
        self.bring_back = self.bar.add_button("&Bring all back", lambda: self._answer(self.all_wanted))
        self.dismiss = self.bar.add_cross("Dismiss safe mode", lambda: self._answer(self.dismissed))
        self.one_by_one.setToolTip(_ONE_BY_ONE)
        self.dismiss.setToolTip("Dismiss; the session comes back at the next start")

    def say(self, why: str, kept: int, *, has_picture: bool) -> None:
        """Shows why nothing was loaded, and what of the last session is kept."""
        self.one_by_one.setVisible(kept > 0)
        self.bring_back.setVisible(kept > 0 or has_picture)
        self.bar.say(f"Safe mode: {why} {kept_words(kept, has_picture=has_picture)}".strip())

    def _answer(self, answer: SignalInstance) -> None:
        self.bar.hide()
        answer.emit()


def kept_words(kept: int, *, has_picture: bool) -> str:
    """What of the last session waits, as a sentence; empty for nothing."""
    transforms = f"{kept} transform{'s' if kept > 1 else ''}" if kept else ""
    what = " and ".join(filter(None, (transforms, "the picture" if has_picture else "")))
    return f"Of the last session, {what} can be brought back; no setting is lost." if what else ""
