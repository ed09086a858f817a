"""From the wish to load a plugin to a step of the chain: the own worker's verdict decides, whatever host is chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Severity
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.host.judgement import OWN_WORKER
from plugdeck.ui.plugin_settings import kept_settings

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow


class WindowLoading(QObject):
    """Loads at once where the verdict is known, and else as soon as it is, if the same plugin is shown then."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._wanted: Report | None = None
        window.judging.verdict_arrived.connect(self._go_on)

    def load(self, report: Report) -> None:
        """Loads a plugin into the chain, or shows why that cannot be."""
        by_worker = self._window.judging.worker_report(report)
        if by_worker is None:
            self._wanted = report
            self._window.judging.ask_worker(report)
        elif why := self._window.loading.why_not(by_worker):
            self._explain(report, why)
        elif step := self._window.loading.step_of(report.path):
            self._show(report, step.key)
        else:
            self._window.files.rebuilds.approve(by_worker, partial(self._load, report, by_worker))

    def _load(self, report: Report, by_worker: Report, approval: Approval) -> None:
        window = self._window
        kept = kept_settings(window.services.settings, report.path)
        values = dict(kept.values)
        key = window.loading.load(by_worker, approval, priority=kept.priority, values=values)
        if key:
            self._show(report, key)

    def _show(self, report: Report, key: str) -> None:
        window = self._window
        window.loading.note([report])  # what is shown stays the verdict of the chosen host
        window.show_step(key)
        if report.manifest and report.manifest.parameters:
            window.details.open_tab(Tab.PARAMETERS)

    def _explain(self, report: Report, why: str) -> None:
        self._window.details.open_tab(Tab.COMPATIBILITY)
        who = "" if self._window.judging.judgement(report).is_own else f" This is said by {OWN_WORKER}, which loads it."
        self._window.notices.tell(f"{why}{who}", severity=Severity.WARNING, passing=True)

    def _go_on(self, _by_worker: Report) -> None:
        """The own worker has spoken: now it is known whether the shown plugin can be loaded."""
        report, wanted = self._window.selected_report, self._wanted
        self._wanted = None
        self._window.show_report(report)
        if report and report is wanted:
            self.load(report)
