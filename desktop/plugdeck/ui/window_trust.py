"""The question before a first run, in the window: where it is shown, who has the focus, and where that goes after."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from plugdeck.catalogue.report import Report
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.marks import Shape
from plugdeck.ui.message_bar import MessageBar
from plugdeck.ui.plugins.row import StepSummary
from plugdeck.ui.theme import Tone
from plugdeck.ui.trust.asking import Asking
from plugdeck.ui.trust.panel import QuestionPanel
from plugdeck.ui.trust.quarantined import Quarantined
from plugdeck.ui.trust.records_watch import RecordsWatch
from plugdeck.ui.trust.standing import Standings
from plugdeck.ui.trust.waiting_words import waiting_words

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow

_LEAST_PICTURE = 150
_ASKED_AGAIN = "Load it to be asked about that, or lift it in Preferences."


class WindowTrust(QObject):
    """Shows questions in the place of the details; whoever selects another plugin puts the question aside."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._sizes: list[int] = []
        self._focus: QWidget | None = None
        self._selected: Path | None = None
        self.standings = Standings(window.services.records, window.services.background, self)
        self.quarantined = Quarantined(window.services.records, window.services.background, window.plugins.model, self)
        self.asking = Asking(window.services.records, window.services.background, self)
        RecordsWatch(window.shell, window.services.records, window.services.background)
        self.panel = QuestionPanel(window.services.background, window.shell)
        self.waiting = MessageBar((Shape.CLOCK, Tone.CAUTION), window.shell)
        self.answer = self.waiting.add_button("Show the &question", self.asking.come_back)
        self.panel.hide()
        self._connect()

    def follow(self, report: Report | None) -> None:
        """Another plugin was selected; the list also tells when the report of the same one is a new one."""
        if report and report.path != self._selected:
            self._selected = report.path
            self.look_at(report.path)

    def look_at(self, path: Path) -> None:
        """The user looks at another plugin: its question is shown if one waits, and any other put aside."""
        if not self.asking.come_back(path):
            self.asking.step_aside()

    def show_standing(self) -> None:
        """Has the details say who vouches for a loaded plugin and what it may do, or why another one may not run."""
        details = self._window.details
        step = details.subject.step if details.subject else None
        if step:
            found = self.standings.of(step.sha256, step.path)
            details.header.show_standing(found.words(step) if found else "", found.tone(step) if found else Tone.QUIET)
        else:
            why = self.quarantined.reasons.get(details.subject.report.path, "") if details.subject else ""
            details.header.show_standing(f"Quarantined. {why} {_ASKED_AGAIN}" if why else "", Tone.BAD)

    def summaries(self) -> dict[Path, StepSummary]:
        """How the list shows what is in quarantine, for plugins that are not in the chain."""
        return {path: StepSummary(PluginState.QUARANTINED, None) for path in self.quarantined.reasons}

    def close(self) -> None:
        """Hears no more of the records."""
        self.standings.close()
        self.quarantined.close()

    def _connect(self) -> None:
        asking, panel = self.asking, self.panel
        asking.changed.connect(self._show)
        self.standings.changed.connect(self.show_standing)
        plugins = self._window.plugins
        plugins.changed.connect(self.quarantined.note)
        plugins.scanned.connect(self.quarantined.look_again)
        self.quarantined.look_again()  # the list is there before the rest of the window
        for source in (asking, self.standings):
            source.failed.connect(self._window.notices.tell_error)
        panel.run_wanted.connect(asking.run_current)
        panel.run_all_wanted.connect(asking.run_together)
        panel.refused.connect(asking.refuse_current)
        panel.look_wanted.connect(self._look_inside)
        panel.grown.connect(self._make_room)

    # --- what is shown

    def _show(self) -> None:
        asking, question = self.asking, self.asking.current
        waiting = asking.waiting
        self.waiting.say("" if question else waiting_words(waiting))
        if question is None:
            self._close()
            return
        is_new = question is not self.panel.question
        number = next(at for at, each in enumerate(waiting, 1) if each is question)
        self.panel.show_question(question, asking.beside(), number, len(waiting))
        if is_new:
            self._open()

    def _open(self) -> None:
        """Makes room, and gives the focus to the safe answer, unless the user is writing."""
        details, panel = self._window.details, self.panel
        focused = QApplication.focusWidget()
        was_hidden = panel.isHidden()
        if was_hidden:
            self._focus = focused
            panel.show()
        is_writing = isinstance(focused, QLineEdit) and focused.text() and not details.isAncestorOf(focused)
        if not is_writing:
            panel.refuse.setFocus(Qt.FocusReason.OtherFocusReason)
        if was_hidden:
            details.hide()  # with the focus in it, Qt would give that to a row of the chain, which selects its plugin
        self._make_room()

    def _close(self) -> None:
        if self.panel.isHidden():
            return
        had_focus = self.panel.isAncestorOf(QApplication.focusWidget() or self._window.shell)
        self.panel.forget()
        self._window.details.show()
        if had_focus:
            self._return_focus()
        self.panel.hide()
        self._give_room_back()

    def _return_focus(self) -> None:
        focus, self._focus = self._focus, None
        if focus and focus.window() is self._window.shell and focus.isVisible() and focus.isEnabled():
            focus.setFocus()
        else:
            self._window.plugins.take_focus()

    def _make_room(self) -> None:
        """As tall as the question wants, as long as something of the picture is left; never less than before."""
        splitter = self._window.shell.splitters["right"]
        picture, details = splitter.sizes()
        wanted = self.panel.height_for(splitter.width()) + 2
        taller = min(wanted, picture + details - _LEAST_PICTURE)
        if taller > details:
            self._sizes = self._sizes or [picture, details]
            splitter.setSizes([picture + details - taller, taller])

    def _give_room_back(self) -> None:
        if self._sizes:
            self._window.shell.splitters["right"].setSizes(self._sizes)
            self._sizes = []

    # --- what the user does

    def _look_inside(self) -> None:
        """Shows the details of what is asked about, from which its question can be had again."""
        question = self.asking.current
        if question:
            self.asking.step_aside()
            self._window.show_report(question.report)
