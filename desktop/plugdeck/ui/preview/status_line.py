"""The line under the picture: what is shown, how large, at which resolution, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent
from PySide6.QtGui import QAccessible, QAccessibleEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from plugdeck.chain.preview import Rendered
from plugdeck.ui.chain.elided_label import ElidedLabel
from plugdeck.ui.marks import SIZE, Shape, icon_of
from plugdeck.ui.theme import SPACING, Tone, tone_colour


@dataclass(frozen=True, slots=True)
class Showing:
    """What the line tells of."""

    name: str
    width: int
    height: int
    zoom: float
    rendered: Rendered | None
    """None until the first picture came back."""
    is_late: bool = False
    """Whether the full picture has been awaited for a while."""

    @property
    def sentence(self) -> str:
        """``photo.jpg · 1920 × 1080 · 67 % · Full size``. How long that took is told by the chain, for each step."""
        parts = [self.name, f"{self.width} × {self.height}", percent(self.zoom)]
        if self.rendered is None:
            parts.append("Rendering…")
        else:
            parts.append(resolution(self.rendered))
            if self.is_late and self.rendered.is_full:
                parts.append("Rendering…")
        return " · ".join(parts)

    @property
    def missing(self) -> str:
        """What the picture is shown without, and why; empty when nothing is missing."""
        skipped = self.rendered.skipped if self.rendered else ()
        return f"Shown without {', '.join(skipped)}" if skipped else ""


def percent(share: float) -> str:
    """``67 %``; two digits after the point where a whole number would say 0 or nothing."""
    return f"{share * 100:.0f} %" if share >= 0.095 else f"{share * 100:.1f} %"


def resolution(rendered: Rendered) -> str:
    """Whether this is the final picture."""
    return "Full size" if rendered.is_full else f"Preview at {percent(rendered.scale)}, full size follows"


class StatusLine(QWidget):
    """Shows a ``Showing``; what is missing stands in a line of its own, with a mark."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._is_made = False
        super().__init__(parent)
        self.text = ElidedLabel(parent=self)
        self.warning = ElidedLabel(parent=self)
        self._mark = QLabel(self)
        self._mark.setAccessibleName("warning")
        missing = QHBoxLayout()
        missing.setSpacing(SPACING // 2)
        missing.addWidget(self._mark)
        missing.addWidget(self.warning, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING // 2, SPACING, SPACING // 2)
        layout.setSpacing(2)
        layout.addWidget(self.text)
        layout.addLayout(missing)
        self._say_missing("")
        self._is_made = True

    def show_this(self, showing: Showing | None) -> None:
        """Renews the line; None empties it."""
        self.text.setText(showing.sentence if showing else "")
        self._say_missing(showing.missing if showing else "")

    def _say_missing(self, sentence: str) -> None:
        if sentence and sentence != self.warning.text():
            QAccessible.updateAccessibility(QAccessibleEvent(self.warning, QAccessible.Event.Alert))
        self.warning.setText(sentence)
        self._mark.setVisible(bool(sentence))
        self.warning.setVisible(bool(sentence))
        if sentence:
            self._mark.setPixmap(icon_of((Shape.TRIANGLE, Tone.CAUTION), self.palette()).pixmap(SIZE, SIZE))
            palette = QPalette()  # names only what it sets: all else goes on following the application's
            palette.setColor(QPalette.ColorRole.WindowText, tone_colour(Tone.CAUTION, self.palette()))
            self.warning.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:
        """Another palette has other tones."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._is_made:
            self._say_missing(self.warning.text())
