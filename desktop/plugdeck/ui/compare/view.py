"""The changes between two builds, those that callers notice first, each group with its shape and its words."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from plugdeck.catalogue.change import Effect
from plugdeck.catalogue.difference import HEADINGS, Difference
from plugdeck.ui.marks import SIZE, Shape, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text

MOST_LINES = 200
_MARKS: Mapping[Effect, tuple[Shape, Tone]] = {
    Effect.BREAKS: (Shape.CROSS, Tone.BAD),
    Effect.ASKS: (Shape.TRIANGLE, Tone.CAUTION),
    Effect.ADDS: (Shape.TICK, Tone.GOOD),
    Effect.DIFFERS: (Shape.INFORMATION, Tone.QUIET),
}


class DifferenceView(QScrollArea):
    """Shows a ``Difference``, or a sentence as long as there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Difference | str = ""
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName("What changed between the two builds")

    def show_difference(self, shown: Difference | str) -> None:
        """Replaces everything."""
        self._shown = shown
        self._fill()

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shapes again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.widget():
            self._fill()

    def _fill(self) -> None:
        content = QWidget(self)
        column = QVBoxLayout(content)
        column.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        column.setSpacing(2 * SPACING)
        if isinstance(self._shown, Difference):
            _add_difference(column, self._shown, content)
        else:
            column.addWidget(plain_label(self._shown, content))
        column.addStretch(1)
        self.setWidget(content)


def _add_difference(column: QVBoxLayout, difference: Difference, parent: QWidget) -> None:
    column.addWidget(_strong("\n".join((difference.summary, *map(visible_text, difference.gaps))), parent))
    for effect, heading in HEADINGS.items():
        if changes := difference.of(effect):
            column.addLayout(_section(effect, heading, [change.message for change in changes], parent))
    if not difference.changes and not difference.gaps:
        column.addWidget(plain_label("Nothing differs that can be read without running them.", parent))


def _section(effect: Effect, heading: str, messages: list[str], parent: QWidget) -> QGridLayout:
    mark = QLabel(parent)
    mark.setPixmap(icon_of(_MARKS[effect], parent.palette()).pixmap(SIZE, SIZE))
    more = len(messages) - MOST_LINES
    lines = [f"• {visible_text(message)}" for message in messages[:MOST_LINES]]
    lines += [f"… and {more} more; “Copy” has every one."] if more > 0 else []
    label = plain_label("\n".join(lines), parent)
    label.setAccessibleName(heading)
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACING)
    grid.setVerticalSpacing(SPACING // 2)
    grid.setColumnStretch(1, 1)
    grid.addWidget(mark, 0, 0, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(_strong(f"{heading} ({len(messages)})", parent), 0, 1)
    grid.addWidget(label, 1, 1)
    return grid


def _strong(text: str, parent: QWidget) -> QLabel:
    label = plain_label(text, parent)
    font = QFont(label.font())
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    return label
