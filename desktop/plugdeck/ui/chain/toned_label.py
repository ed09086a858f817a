"""A label whose colour says something, in whatever palette the application has by now."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget

from plugdeck.ui.plain_label import tint
from plugdeck.ui.theme import Tone


class TonedLabel(QLabel):
    """Plain text in a tone. It hears of a new palette itself: its parent does so before the label has it."""

    def __init__(self, tone: Tone, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = tone
        self._is_tinting = False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._tint()

    @property
    def tone(self) -> Tone:
        """What the colour says."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Says something else."""
        if tone is not self._tone:
            self._tone = tone
            self._tint()

    def make_readable(self) -> None:
        """Wraps its text, and lets it be selected by mouse and keyboard; a click focuses it, Tab does not."""
        self.setWordWrap(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def changeEvent(self, event: QEvent) -> None:
        """Another palette has other tones."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange} and not self._is_tinting:
            self._tint()

    def _tint(self) -> None:
        self._is_tinting = True
        tint(self, self._tone)
        self._is_tinting = False
