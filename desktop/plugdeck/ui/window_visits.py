"""Files that the details show though they are not listed: needed libraries, and plugins of other folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Severity
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.ui.details.visits import Visits
from plugdeck.ui.host.judgement import OWN_WORKER

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow


class WindowVisits(QObject):
    """Shows them, leads back, and keeps their verdicts those of the chosen host; the list sees to its own."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.trail = Visits(window.judging, window.services.background, self)
        self.trail.arrived.connect(self._show)
        self.trail.failed.connect(lambda sentence: window.notices.tell(sentence, severity=Severity.ERROR))
        window.judging.chosen.connect(self._take_host)

    def go_to(self, path: Path) -> None:
        """Shows another file than the shown one, with a way back."""
        if report := self._window.selected_report:
            self.trail.go_to(path, report)

    def go_back(self) -> None:
        """Shows again what the shown file was reached from."""
        if report := self.trail.go_back():
            self._window.show_report(self._window.plugins.model.report(report.path) or report)
            self.look_again()

    def look_again(self) -> None:
        """Has what is shown, but is not listed, judged anew where that was done for another host."""
        window, report = self._window, self._window.selected_report
        is_listed = report is not None and report is window.plugins.model.report(report.path)
        if report and not is_listed and window.judging.judgement(report).is_stale:
            self.trail.look_again(report.path)

    def name_worker(self, choice: HostChoice) -> None:
        """Proposals to install are judged for the own worker, which is to be said while another host is chosen."""
        self._window.proposals.whose = "" if choice == WORKER else f"For {OWN_WORKER}: "

    def _show(self, report: Report) -> None:
        self._window.loading.note([report])
        self._window.show_report(report)

    def _take_host(self, choice: HostChoice) -> None:
        self.name_worker(choice)
        self._window.proposals.renew()
        self._window.show_report(self._window.selected_report)
        self.look_again()
