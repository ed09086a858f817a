"""From the wish to use a changed file to a swap: it is read and asked about first, and never on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from plugdeck.catalogue.report import Report
from plugdeck.chain.admission import for_mode, mode_of_new_build
from plugdeck.chain.chain import Chain
from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval
from plugdeck.ui.preview.latest import Latest

Run = Callable[[Approval], object]
Approve = Callable[[Report, Run, Callable[[], None], Run], None]
"""Asks the user, where that is needed, before a plugin runs; then does what is to be done.

It is given what to do when nobody had to be asked, on a no, and on a yes.
"""


def ask_nobody(_report: Report, run: Run, _leave: Callable[[], None], _run_asked: Run) -> None:
    """Runs it at once: for plugins that nobody has to be asked about."""
    run(NO_APPROVAL_NEEDED)


class Replacing(QObject):
    """Hands a file that fits to the chain; why another one was not taken is told on its step."""

    moved_out = Signal(str)
    """The key of a step that ran inside Plugdeck, and whose new file does not."""

    def __init__(
        self,
        chain: Chain,
        parent: QObject | None = None,
        *,
        read_plugin: Callable[[Path], Report],
        approve: Approve,
        follows: Callable[[Path], bool],
    ) -> None:
        super().__init__(parent)
        self._chain = chain
        self._read_plugin = read_plugin
        self._approve = approve
        self._follows = follows

    def use_new(self, key: str) -> None:
        """Begins to use the file that lies at the step's path now; returns at once."""
        step = self._chain.step(key)
        if step is None:
            return
        work = Latest(self)
        work.succeeded.connect(partial(self._take_report, key))
        work.succeeded.connect(work.deleteLater)
        work.failed.connect(lambda sentence, remedy: self._refuse(key, f"{sentence} {remedy}"))
        work.failed.connect(work.deleteLater)
        work.start(partial(self._read_plugin, step.path))

    def _take_report(self, key: str, report: Report) -> None:
        if report.manifest and report.manifest.is_transform and report.loads:
            replace = partial(self._replace, key, report.manifest)
            self._approve(report, replace, lambda: None, partial(replace, was_asked=True))
            return
        worst = next((finding for finding in report.findings if finding.stops_load), None)
        self._refuse(key, f"{worst.message} {worst.remedy}" if worst else "It is no image transform any more.")

    def _replace(self, key: str, manifest: Manifest, approval: Approval, *, was_asked: bool = False) -> None:
        if step := self._chain.step(key):
            mode = mode_of_new_build(step.mode, is_followed=not was_asked and self._follows(step.path))
            self._chain.replace(key, manifest, for_mode(approval, mode), mode)
            if mode is not step.mode:
                self.moved_out.emit(key)

    def _refuse(self, key: str, why: str) -> None:
        self._chain.refuse_replacement(key, why.strip())
