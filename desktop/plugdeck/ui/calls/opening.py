"""From a plugin of the list to the dialog that calls it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from plugdeck.catalogue.report import Report
from plugdeck.chain.calling import Callee
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.ui.calls.callees import alike
from plugdeck.ui.calls.dialog import CallDialog

if TYPE_CHECKING:
    from plugdeck.ui.main_window import MainWindow


def open_calls(window: MainWindow, report: Report) -> None:
    """Opens it when the user has said yes to the plugin: at once, or after a question, which is about our worker."""
    by_worker = window.judging.worker_report(report) or report
    window.files.rebuilds.approve(by_worker, partial(_open, window, report))


def _open(window: MainWindow, report: Report, approval: Approval) -> None:
    if report.manifest is None:
        return
    model = window.plugins.model
    listed = [found for path in model.paths() if (found := model.report(path))]
    CallDialog(
        Callee(report.path, report.manifest, approval),
        alike(report, listed),
        window.shell,
        hosts=window.services.supervisor,
        background=window.services.background,
        approve=window.files.rebuilds.approve,
    ).show()
