"""A line at the top of the window: a shape, a sentence, and what can be done about it. It stays until that is done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from plugdeck.ui.marks import SIZE, Shape, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text

Mark = tuple[Shape, Tone]


class MessageBar(QFrame):
    """Hidden while it has nothing to say. In the layout, so that it lies over nothing."""

    def __init__(self, mark: Mark, parent: QWidget | None = None) -> None:
        self._mark = mark
        super().__init__(parent)
        self._shape = QLabel(self)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.text = plain_label("", self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(SPACING + 4, SPACING // 2, SPACING, SPACING // 2)
        self._row.setSpacing(SPACING)
        self._row.addWidget(self._shape)
        self._row.addWidget(self.text, 1)
        self._paint()
        self.hide()

    def add_button(self, words: str, act: Callable[[], object]) -> QPushButton:
        """One more button, behind the others."""
        button = QPushButton(words, self)
        button.clicked.connect(lambda _checked=False: act())
        self._row.addWidget(button)
        return button

    def add_cross(self, name: str, act: Callable[[], object]) -> QToolButton:
        """The small cross at the end."""
        cross = QToolButton(self)
        cross.setText("✕")
        cross.setAutoRaise(True)
        cross.setAccessibleName(name)
        cross.clicked.connect(lambda _checked=False: act())
        self._row.addWidget(cross)
        return cross

    def say(self, sentence: str, mark: Mark | None = None, *, mark_name: str = "") -> None:
        """Shows a sentence, with another shape if there is one; hides for none."""
        self._mark = mark or self._mark
        self._paint()
        self._shape.setAccessibleName(mark_name)
        self.text.setText(visible_text(sentence))
        self.setAccessibleName(self.text.text())
        self.setVisible(bool(sentence))

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shape again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _paint(self) -> None:
        self._shape.setPixmap(icon_of(self._mark, self.palette()).pixmap(SIZE, SIZE))
