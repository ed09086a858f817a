"""The first thing that somebody should see: the sample plugins, some of them at work on the sample picture."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from plugdeck.ui.details.tab import Tab
from plugdeck.ui.main_window import MainWindow

LOADED: dict[str, dict[str, float]] = {
    "brightness-contrast": {"brightness": -4, "contrast": 12},
    "sepia": {},
    "vignette": {},
}
"""Samples to load, with parameters that show well; names that a plugin does not have are ignored by it."""


class SampleSession(QObject):
    """Opens the samples, and loads some of them when they are listed. Works once."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._is_done = False
        window.plugins.scanned.connect(self._load)
        window.commands.open_samples()

    def _load(self) -> None:
        if self._is_done or not self._window.plugins.model.total:
            return
        self._is_done = True
        model, loading = self._window.plugins.model, self._window.loading
        reports = {report.name: report for path in model.paths() if (report := model.report(path))}
        for name, values in LOADED.items():
            report = reports.get(name)
            if report and report.manifest:
                known = {parameter.name for parameter in report.manifest.parameters}
                chosen = {key: value for key, value in values.items() if key in known}
                self._window.trust.asking.approve(report, partial(loading.load, report, values=chosen))
        first = next((reports[name] for name in LOADED if name in reports), None)
        if first:
            self._window.plugins.table.select_path(first.path)
            self._window.details.open_tab(Tab.PARAMETERS)
