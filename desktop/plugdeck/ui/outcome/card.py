"""The card of an outcome: what happened, what comes next, what can be done, and all that is known behind a button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from plugdeck.chain.step import StepView
from plugdeck.hosting.outcome_report import denial_text, report_text
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.marks import SIZE, icon_of
from plugdeck.ui.outcome.report_view import ReportView
from plugdeck.ui.outcome.words import CardText, card_of, seconds_left
from plugdeck.ui.theme import SPACING, Tone, tone_colour
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import KEEP_OFF, LIFT, LIFT_WHY, START_AGAIN

_COPIED_MS = 2000
_EDGE = 3


class OutcomeCard(QFrame):
    """Shows nothing while there is nothing to tell. All text of it is plain; what the plugin said is escaped."""

    start_wanted = Signal()
    keep_off_wanted = Signal()
    lift_wanted = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._text: CardText | None = None
        super().__init__(parent)
        self._report = ""
        self.mark = QLabel(self)
        self.happened = TonedLabel(Tone.BAD, self)
        self.next = TonedLabel(Tone.QUIET, self)
        self.start = QPushButton(START_AGAIN, self)
        self.keep_off = QPushButton(KEEP_OFF, self)
        self.lift = QPushButton(LIFT, self)
        self.copy = QPushButton("Copy report", self)
        self.open = QToolButton(self)
        self.dismiss = QToolButton(self)
        self.details = ReportView(self)
        self._prepare()
        self._lay_out()
        self._connect()
        self.hide()

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """What takes the focus, in the order in which it is read."""
        return self.open, self.dismiss, self.start, self.lift, self.keep_off, self.copy, self.details

    def show_step(self, step: StepView, build_id: str = "") -> None:
        """Shows the outcome of a step as it is now."""
        text, before = card_of(step), self._text
        self._text = text
        if text is None:
            self.hide()
            return
        self._say(text)
        self._offer(text)
        self._name(visible_text(step.label))
        self._note_report(step, text, build_id)
        self.show()
        if before is None or before.happened != text.happened:
            QAccessible.updateAccessibility(QAccessibleEvent(self.happened, QAccessible.Event.Alert))

    def count_down(self, step: StepView) -> None:
        """Renews the seconds until it is started again."""
        if words := seconds_left(step):
            self.next.setText(words)

    def _say(self, text: CardText) -> None:
        tone = text.mark[1]
        self.happened.setText(visible_text(text.happened, keep_lines=True))
        self.happened.set_tone(tone)
        self.next.setText(visible_text(text.next))
        self.next.setVisible(bool(text.next))
        self._paint_mark()
        self.update()

    def _offer(self, text: CardText) -> None:
        has_report = text.outcome is not None or bool(text.denied)
        self.start.setVisible(text.can_start)
        self.keep_off.setVisible(text.can_keep_off)
        self.lift.setVisible(text.can_lift)
        self.dismiss.setVisible(text.can_dismiss)
        self.copy.setVisible(has_report)
        self.open.setVisible(has_report)
        if not has_report:
            self.open.setChecked(False)

    def _name(self, name: str) -> None:
        """For those who hear it."""
        self.setAccessibleName(f"What happened to {name}")
        self.start.setAccessibleName(f"Start {name} again")
        self.keep_off.setAccessibleName(f"Keep {name} off")
        self.lift.setAccessibleName(f"Lift the quarantine of {name}")
        self.copy.setAccessibleName(f"Copy the report on {name}")
        self.open.setAccessibleName(f"Details of what happened to {name}")
        self.dismiss.setAccessibleName(f"Dismiss what happened to {name}")

    def _note_report(self, step: StepView, text: CardText, build_id: str) -> None:
        report = ""
        if text.outcome:
            report = report_text(
                step, text.outcome, sha256=step.sha256, build_id=build_id, confinement=step.confinement
            )
        elif text.denied:
            report = denial_text(step, step.denied, sha256=step.sha256, build_id=build_id, confinement=step.confinement)
        if report != self._report:
            self._report = report
            self.copy.setText("Copy report")
            self.details.show_report(report)

    # --- putting it together

    def _prepare(self) -> None:
        self.happened.make_readable()
        self.next.make_readable()
        self.open.setText("Details")
        self.open.setCheckable(True)
        self.open.setAutoRaise(True)
        self.open.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.open.setToolTip("Where it happened, how it got there, and what it said last")
        self.dismiss.setText("✕")
        self.dismiss.setAutoRaise(True)
        self.dismiss.setToolTip("Dismiss")
        self.start.setToolTip("Starts a new process for it at once, with the same settings")
        self.keep_off.setToolTip("It is not started again by itself, also when Plugdeck is started the next time")
        self.lift.setToolTip(LIFT_WHY)
        self.copy.setToolTip("Copies all that is known as text, for whoever wrote the plugin")
        self._show_details(False)

    def _lay_out(self) -> None:
        top = Qt.AlignmentFlag.AlignTop
        corner, below = QHBoxLayout(), QHBoxLayout()
        for row in (corner, below):
            row.setSpacing(SPACING // 2)
        corner.addWidget(self.open)
        corner.addWidget(self.dismiss)
        for button in (self.start, self.lift, self.keep_off, self.copy):
            button.setAutoDefault(False)
            below.addWidget(button)
        below.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACING + _EDGE, SPACING - 2, SPACING - 2, SPACING - 2)
        grid.setHorizontalSpacing(SPACING - 2)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.mark, 0, 0, top)
        grid.addWidget(self.happened, 0, 1, top)
        grid.addLayout(corner, 0, 2, top)
        grid.addWidget(self.next, 1, 1, 1, 2)
        grid.addLayout(below, 2, 1, 1, 2)
        grid.addWidget(self.details, 3, 1, 1, 2)

    def _connect(self) -> None:
        self.start.clicked.connect(self.start_wanted)
        self.keep_off.clicked.connect(self.keep_off_wanted)
        self.lift.clicked.connect(self.lift_wanted)
        self.dismiss.clicked.connect(self.dismissed)
        self.copy.clicked.connect(self._copy)
        self.open.toggled.connect(self._show_details)

    def _show_details(self, is_open: bool) -> None:
        self.open.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.details.setVisible(is_open)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
        self.copy.setText("Copied")
        QTimer.singleShot(_COPIED_MS, self.copy, lambda: self.copy.setText("Copy report"))

    # --- its look

    def changeEvent(self, event: QEvent) -> None:
        """Marks belong to a palette."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange}:
            self._paint_mark()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil in the colour of what happened, and an edge of it; the shape and the words say the same."""
        if self._text is None:
            return
        painter = QPainter(self)
        colour = tone_colour(self._text.mark[1], self.palette())
        painter.fillRect(0, 0, _EDGE, self.height(), colour)
        colour.setAlpha(20)
        painter.fillRect(self.rect(), colour)

    def _paint_mark(self) -> None:
        if self._text:
            self.mark.setPixmap(icon_of(self._text.mark, self.palette()).pixmap(SIZE, SIZE))
