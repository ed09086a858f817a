"""The other plugins of a folder that wait, each listed, with one answer for all of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QVBoxLayout, QWidget

from plugdeck.trust.question import Question
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING
from plugdeck.ui.trust.question_words import findings_in_short, in_one_line, readable_files, signature


class Beside(QWidget):
    """Closed at first; the answer for all can only be given where all can be read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._questions: tuple[Question, ...] = ()
        self.open = QToolButton(self)
        self.list = plain_label("", self)
        self.run_all = QPushButton(self)
        self.open.setCheckable(True)
        self.open.setAutoRaise(True)
        self.open.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.run_all.setAutoDefault(False)
        self.list.setAccessibleName("The other plugins of this folder")
        self.open.toggled.connect(self._show_list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING // 2, 0, 0)
        column.setSpacing(SPACING // 2)
        for part in (self.open, self.list, self.run_all):
            column.addWidget(part)
        column.setAlignment(self.open, Qt.AlignmentFlag.AlignLeft)
        column.setAlignment(self.run_all, Qt.AlignmentFlag.AlignLeft)

    def show_questions(self, questions: tuple[Question, ...]) -> None:
        """Offers to answer these together with the one that is shown; nothing for none."""
        if questions != self._questions:
            self.open.setChecked(False)
            self._questions = questions
            count = len(questions)
            self.open.setText(f"{count} more of this folder wait{'s' if count == 1 else ''}")
            self.list.setText("\n".join(_line(question) for question in questions))
            self.run_all.setText(f"Run &all {count + 1} of them")
        self._show_list(self.open.isChecked())
        self.setVisible(bool(questions))

    def _show_list(self, is_open: bool) -> None:
        self.open.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.list.setVisible(is_open)
        self.run_all.setVisible(is_open)


def _line(question: Question) -> str:
    findings = findings_in_short(question.report.findings)[0].replace("\n", " ")
    files = readable_files(question).replace("\n", "; ")
    reads = f"\n   It can read what belongs to it: {files}" if files else ""
    return f"• {in_one_line(question)}\n   {signature(question.signature)[0]} {findings}{reads}"
