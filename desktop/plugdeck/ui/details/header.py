"""The strip above the tabs: which plugin this is, how it stands, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from plugdeck.catalogue.report import Status
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.chain.words import RESTART_WHY_NOT, can_restart
from plugdeck.ui.details.header_words import standing_words, title_words, verdict_words, worker_words
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.marks import SIZE, STATE_MARKS, STATUS_MARKS, icon_of
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import LIFT, LIFT_WHY, RESTART, START_AGAIN, STATUS_WORDS, USE_NEW

WHY = (
    "Native code stays mapped in its process until that process ends: threads, callbacks and data of the plugin may "
    "still be in use. So there is no unload. Switch it off in the chain to leave it out of the picture, or restart "
    "its host to begin afresh."
)
NO_TRANSFORM = "Not an image transform: call its functions with Plugin → Call a function…"
_RESTART_WHY = "Ends the plugin's process and starts a new one with the same settings"
_USABLE = {Status.COMPATIBLE, Status.WARNING}


class DetailsHeader(QWidget):
    """Name, version, verdict and state; the buttons change with the state."""

    load_wanted = Signal()
    restart_wanted = Signal()
    lift_wanted = Signal()
    replace_wanted = Signal()
    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject: Subject | None = None
        self._standing_tone = Tone.QUIET
        self._mark, self._state_mark = QLabel(self), QLabel(self)
        self.name = plain_label("", self, wraps=False)
        self.verdict = plain_label("", self)
        self.worker = plain_label("", self)
        self.use = plain_label(NO_TRANSFORM, self)
        self.state = plain_label("", self)
        self.confinement = plain_label("", self)
        self.standing = plain_label("", self)
        self.why = plain_label(WHY, self)
        self._why_button = QToolButton(self)
        self.back = QPushButton(self)
        self.load = QPushButton("Load", self)
        self.restart = QPushButton(RESTART, self)
        self.lift = QPushButton(LIFT, self)
        self.replace = QPushButton(USE_NEW, self)
        self._dress()
        self._lay_out()

    def show_subject(self, subject: Subject, *, loadable: bool) -> None:
        """Shows another plugin, or the same one in another state."""
        self._subject = subject
        report, step = subject.report, subject.step
        manifest = report.manifest
        self.name.setText(title_words(subject))
        self.verdict.setText(verdict_words(subject))
        self.worker.setText(worker_words(subject))
        self.worker.setVisible(not subject.judged.is_own)
        self.use.setVisible(bool(manifest and not manifest.is_transform and report.status in _USABLE))
        self._show_state(subject)
        self.load.setVisible(step is None)
        self.load.setEnabled(loadable)
        is_held = step is not None and step.state is PluginState.QUARANTINED
        self.lift.setVisible(is_held)
        self.restart.setVisible(step is not None and not is_held)
        self.restart.setText(RESTART if step and step.is_loaded else START_AGAIN)
        self.restart.setEnabled(step is not None and step.state is not PluginState.LOADING and can_restart(step))
        self.restart.setToolTip(RESTART_WHY_NOT if step and not can_restart(step) else _RESTART_WHY)
        self.replace.setVisible(bool(step and step.stale))
        self._paint_marks()

    def show_way_back(self, name: str) -> None:
        """Offers to go back to a file by its name; nothing for no name."""
        self.back.setVisible(bool(name))
        self.back.setText(f"← {self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 140)}")
        self.back.setAccessibleName(f"Back to {name}")
        # Qt takes a tool tip for markup by its first line, so that line is our own.
        self.back.setToolTip(f"Back (Alt+Left)\n{name}")

    def show_standing(self, words: str, tone: Tone) -> None:
        """Says who vouches for the plugin and what the user allows it beside its job, or what keeps it from running."""
        self.standing.setText(visible_text(words))
        self.standing.setVisible(bool(words))
        self._standing_tone = tone
        tint(self.standing, tone)

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shapes again for another palette."""
        if event.type() == QEvent.Type.PaletteChange and self._subject:
            self._paint_marks()
        super().changeEvent(event)

    def _show_state(self, subject: Subject) -> None:
        step = subject.step
        is_loaded = step is not None and step.is_loaded
        self.state.setText(standing_words(subject))
        is_short = is_loaded and not (step and step.error)
        for widget in (self.state, self._state_mark):
            widget.setVisible(step is not None)
        # Short words have the button beside them; a sentence takes the whole width.
        self.state.setWordWrap(not is_short)
        self._state_row.setStretch(1, 0 if is_short else 1)
        self._state_row.setStretch(3, 1 if is_short else 0)
        self.confinement.setText(visible_text(step.confinement) if step else "")
        self.confinement.setVisible(is_loaded and bool(self.confinement.text()))
        self._why_button.setVisible(is_loaded)
        self._show_why()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another number of lines."""
        super().resizeEvent(event)
        self._show_why()

    def _show_why(self) -> None:
        """Shows the explanation whole: the tabs below give way, which a wrapped label alone cannot make them do."""
        # Not isVisible(): before the window is shown, nothing is.
        self.why.setVisible(self._why_button.isChecked() and not self._why_button.isHidden())
        margins = self.contentsMargins().left() + 2 * SPACING
        self.why.setMinimumHeight(self.why.heightForWidth(max(self.width() - 2 * margins, 100)))

    def _dress(self) -> None:
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.2)
        font.setWeight(QFont.Weight.DemiBold)
        self.name.setFont(font)
        self.name.setAccessibleName("Selected plugin")
        self.verdict.setAccessibleName("Verdict")
        self.worker.setAccessibleName("Verdict of Plugdeck's own worker")
        self.use.setAccessibleName("What it can be used for")
        self.state.setAccessibleName("State")
        self.confinement.setAccessibleName("Confinement")
        for widget in (self.why, self.worker, self.back, self.lift, self.confinement, self.standing):
            widget.hide()
        self._why_button.setText("Why?")
        self._why_button.setAutoRaise(True)
        self._why_button.setCheckable(True)
        self._why_button.setAccessibleName("Why a loaded plugin cannot be unloaded")
        self._why_button.toggled.connect(self._show_why)
        self.load.setAccessibleName("Load this plugin into the chain")
        self.lift.setToolTip(LIFT_WHY)
        self.replace.setToolTip("Starts a new process with the file as it is now")
        self.back.clicked.connect(self.back_wanted)
        self.load.clicked.connect(self.load_wanted)
        self.restart.clicked.connect(self.restart_wanted)
        self.lift.clicked.connect(self.lift_wanted)
        self.replace.clicked.connect(self.replace_wanted)

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        self._state_row = second
        for row in (first, second):
            row.setSpacing(SPACING)
        first.addWidget(self.back)
        first.addWidget(self._mark)
        first.addWidget(self.name)
        first.addStretch(1)
        for button in (self.load, self.replace, self.restart, self.lift):
            first.addWidget(button)
        second.addWidget(self._state_mark, 0, Qt.AlignmentFlag.AlignTop)
        second.addWidget(self.state)
        second.addWidget(self._why_button, 0, Qt.AlignmentFlag.AlignTop)
        second.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING + 2, SPACING, SPACING, 0)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(first)
        layout.addWidget(self.use)
        layout.addWidget(self.verdict)
        layout.addWidget(self.worker)
        layout.addLayout(second)
        layout.addWidget(self.confinement)
        layout.addWidget(self.standing)
        layout.addWidget(self.why)

    def _paint_marks(self) -> None:
        if not self._subject:
            return
        report, step = self._subject.report, self._subject.step
        self._mark.setPixmap(icon_of(STATUS_MARKS[report.status], self.palette()).pixmap(SIZE, SIZE))
        self._mark.setAccessibleName(STATUS_WORDS[report.status])
        if step:
            self._state_mark.setPixmap(icon_of(STATE_MARKS[step.state], self.palette()).pixmap(SIZE, SIZE))
        for label in (self.verdict, self.worker, self.confinement, self.why):
            tint(label, Tone.QUIET)
        tint(self.standing, self._standing_tone)
