"""The question before a plugin runs for the first time: in the window, where its details are; never a dialog."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from plugdeck.trust.question import Occasion, Question
from plugdeck.ui.background import Background
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.trust.beside import Beside
from plugdeck.ui.trust.question_facts import QuestionFacts
from plugdeck.ui.trust.question_words import heading, lead, plugin_name


class QuestionPanel(QFrame):
    """Shows one question. The focus is on the safe answer, and Escape gives it."""

    run_wanted = Signal(object)
    """The ``Permissions`` that it may run with."""
    run_all_wanted = Signal(object)
    refused = Signal()
    look_wanted = Signal()
    """The user wants to see what is inside the file before he answers."""
    grown = Signal()
    """There is more to see than before."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question: Question | None = None
        self.heading = plain_label("", self)
        self.count = TonedLabel(Tone.QUIET, self)
        self.lead = TonedLabel(Tone.QUIET, self)
        self.facts = QuestionFacts(background, self)
        self.beside = Beside(self)
        self.look = QPushButton("Look i&nside first", self)
        self.refuse = QPushButton("&Do not run", self)
        self.run = QPushButton("&Run it", self)
        self._dress()
        self._lay_out()
        self._connect()

    def show_question(self, question: Question, beside: tuple[Question, ...], number: int, total: int) -> None:
        """Shows a question; one that is shown already keeps what the user did to it.

        Args:
            question: what is asked.
            beside: questions that may be answered together with it.
            number: its place in the queue, from 1.
            total: how many wait.
        """
        self.count.setText(f"{number} of {total}")
        self.count.setVisible(total > 1)
        self.beside.show_questions(beside)
        if question is self.question:
            return
        self.question = question
        name = plugin_name(question)
        self.heading.setText(heading(question))
        self.lead.setText(lead(question))
        self.lead.set_tone(Tone.QUIET if question.occasion is Occasion.FIRST_USE else Tone.CAUTION)
        self.facts.show_question(question)
        self.run.setAccessibleName(f"Run {name}")
        self.refuse.setAccessibleName(f"Do not run {name}")
        self.look.setAccessibleName(f"Look inside {name} before anything of it runs")
        self.setAccessibleName(f"{heading(question)} {lead(question)}")
        self._scroll.verticalScrollBar().setValue(0)
        self._hold_back()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def forget(self) -> None:
        """Nothing is asked any more."""
        self.question = None

    def height_for(self, width: int) -> int:
        """How tall it has to be for all of it to be seen at once."""
        inner = max(width - 2 * self.frameWidth(), 1)
        content = self._content.layout()
        assert content is not None
        return content.totalHeightForWidth(inner) + self._foot.sizeHint().height() + 2 * SPACING

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shapes again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.question:
            self.facts.paint(self.question)

    def _hold_back(self) -> None:
        """A second click that was meant for what was here a moment ago is no answer."""
        for button in (self.run, self.beside.run_all):
            button.setEnabled(False)
        self._timer.start(QApplication.doubleClickInterval())

    def _let_go(self) -> None:
        for button in (self.run, self.beside.run_all):
            button.setEnabled(True)

    def _dress(self) -> None:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.25)
        font.setWeight(QFont.Weight.DemiBold)
        self.heading.setFont(font)
        self.lead.make_readable()
        self.look.setFlat(True)
        self.look.setToolTip("Shows its symbols, libraries and findings; nothing of it runs")
        self.refuse.setToolTip("Nothing of it runs, and nothing is remembered (Esc)")
        self.run.setToolTip("Runs exactly these bytes, now and from now on")
        self.refuse.setAutoDefault(True)
        self.setFocusProxy(self.refuse)

    def _connect(self) -> None:
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._let_go)
        self.run.clicked.connect(lambda: self.run_wanted.emit(self.facts.permissions))
        self.beside.run_all.clicked.connect(lambda: self.run_all_wanted.emit(self.facts.permissions))
        self.refuse.clicked.connect(self.refused)
        self.facts.opened.connect(self.grown)
        self.beside.open.toggled.connect(self.grown)
        self.look.clicked.connect(self.look_wanted)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.refused)

    def _lay_out(self) -> None:
        self._content = QWidget(self)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self.heading, 1)
        head.addWidget(self.count, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(2 * SPACING, SPACING + 4, 2 * SPACING, SPACING)
        column.setSpacing(SPACING // 2)
        column.addLayout(head)
        column.addWidget(self.lead)
        column.addSpacing(SPACING // 2)
        column.addWidget(self.facts)
        column.addWidget(self.beside)
        column.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self._content)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("What is known of the plugin")
        self._foot = QWidget(self)
        buttons = QHBoxLayout(self._foot)
        buttons.setContentsMargins(2 * SPACING, SPACING, 2 * SPACING, SPACING + 2)
        buttons.setSpacing(SPACING)
        buttons.addWidget(self.look)
        buttons.addStretch(1)
        buttons.addWidget(self.refuse)
        buttons.addWidget(self.run)
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.HLine)
        line.setForegroundRole(line.palette().ColorRole.Mid)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(line)
        whole.addWidget(self._foot)
        self._order_keys()

    def _order_keys(self) -> None:
        """Tab goes as one reads, and ends at the answers."""
        facts, editor = self.facts, self.facts.editor
        asked = (facts.more, editor.network, editor.read, editor.write, facts.fingerprint.copy)
        answers = (self.beside.open, self.beside.run_all, self.look, self.refuse, self.run)
        for first, second in pairwise((self._scroll, *asked, *answers)):
            QWidget.setTabOrder(first, second)
