"""The line at the top that keeps unanswered questions in sight while the user looks at something else."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from plugdeck.trust.question import Question
from plugdeck.ui.marks import SIZE, Shape, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.trust.question_words import plugin_name

_MOST_NAMED = 3


class WaitingBar(QFrame):
    """Hidden while nothing waits, and while a question is shown."""

    answer_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = QLabel(self)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.text = plain_label("", self)
        self.answer = QPushButton("Show the &question", self)
        self.answer.clicked.connect(self.answer_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACING + 4, SPACING // 2, SPACING, SPACING // 2)
        row.setSpacing(SPACING)
        row.addWidget(self._mark)
        row.addWidget(self.text, 1)
        row.addWidget(self.answer)
        self._paint()
        self.hide()

    def show_waiting(self, questions: tuple[Question, ...]) -> None:
        """Names what waits."""
        self.setVisible(bool(questions))
        if questions:
            self.text.setText(waiting_words(questions))
            self.setAccessibleName(self.text.text())

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shape again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()

    def _paint(self) -> None:
        self._mark.setPixmap(icon_of((Shape.CLOCK, Tone.CAUTION), self.palette()).pixmap(SIZE, SIZE))


def waiting_words(questions: tuple[Question, ...]) -> str:
    """``blur and edges wait for your answer; nothing of them runs before.``"""
    names = [plugin_name(question) for question in questions[:_MOST_NAMED]]
    if (more := len(questions) - len(names)) > 0:
        names.append(f"{more} more")
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    wait, them = ("wait", "them") if len(questions) > 1 else ("waits", "it")
    return f"{listed} {wait} for your answer. Nothing of {them} runs before that."
