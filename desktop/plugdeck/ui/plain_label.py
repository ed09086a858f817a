"""Labels that never take text for markup."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from plugdeck.ui.theme import Tone, tone_colour


def plain_label(text: str = "", parent: QWidget | None = None, *, wraps: bool = True) -> QLabel:
    """A label for text from anywhere: plain, selectable by mouse and keyboard."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wraps)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    # Selectable text would join the tab order; a click still focuses it.
    label.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    label.setText(text)
    return label


def tint(label: QLabel, tone: Tone) -> None:
    """Writes the label in a tone's colour, on whichever surface it lies."""
    surface = QApplication.palette()  # a label hears of a new one after its parent does
    palette = QPalette()  # names only what it sets: all else goes on following the application's
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        palette.setColor(role, tone_colour(tone, surface))
    label.setPalette(palette)
