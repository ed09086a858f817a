"""What stands where the table would be while there is nothing to list: why, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from plugdeck.ui.theme import SPACING

Action = tuple[str, Callable[[], None]]


class Placeholder(QWidget):
    """A heading, a sentence or two, and buttons; the first button is the suggested one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said: tuple[str, str, tuple[str, ...]] | None = None
        self.heading = _label(self)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setWeight(QFont.Weight.DemiBold)
        self.heading.setFont(font)
        self.text = _label(self)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(SPACING)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACING, 2 * SPACING, 3 * SPACING, 2 * SPACING)
        layout.setSpacing(SPACING)
        layout.addStretch(2)
        layout.addWidget(self.heading)
        layout.addWidget(self.text)
        layout.addSpacing(SPACING)
        layout.addLayout(self._buttons)
        layout.addStretch(3)

    def say(self, heading: str, text: str, actions: Sequence[Action] = ()) -> None:
        """Replaces everything; what is there already stays, with the focus that a button may have."""
        said = heading, text, tuple(words for words, _ in actions)
        if said == self._said:
            return
        self._said = said
        self.heading.setText(heading)
        self.text.setText(text)
        while (item := self._buttons.takeAt(0)) is not None:
            if button := item.widget():
                button.hide()
                button.deleteLater()
        self._buttons.addStretch(1)
        for number, (words, act) in enumerate(actions):
            button = QPushButton(words, self)
            button.setDefault(number == 0)
            button.clicked.connect(act)
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The buttons as they stand."""
        items = (self._buttons.itemAt(index) for index in range(self._buttons.count()))
        widgets = (item.widget() for item in items if item)
        return tuple(widget for widget in widgets if isinstance(widget, QPushButton))


def _label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
