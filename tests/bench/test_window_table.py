"""Ten thousand plugins in the list: the window's heart must not stop while they are scrolled, filtered and sorted."""

from __future__ import annotations

import dataclasses
import time
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Status
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.background import Background
from plugdeck.ui.plugins.row import Column, StepSummary
from plugdeck.ui.shell import Shell

PLUGINS = 10_000
LIMIT_MS = 50
PORTION = 250

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Heart:
    """Beats every two milliseconds; remembers the longest pause."""

    def __init__(self) -> None:
        self._beats: list[float] = []
        self._timer = QTimer()
        self._timer.timeout.connect(lambda: self._beats.append(time.perf_counter()))
        self._timer.start(2)

    def longest_pause_ms(self) -> float:
        """Since the last time this was asked."""
        beats, self._beats = self._beats, self._beats[-1:]
        return max((later - earlier for earlier, later in pairwise(beats)), default=0.0) * 1000


@pytest.fixture
def reports(build_plugin):
    source = '#include "plugdeck.h"\nPD_PLUGIN("plugin", "1.0.0", "", "MIT", "")\n'
    report = examine(build_plugin(source), symbols=False)
    statuses = list(Status)

    def copy(number: int):
        version = f"{number % 7}.{number % 11}.{number % 13}"
        manifest = dataclasses.replace(report.manifest, name=f"plugin {number * 7919 % PLUGINS}", version=version)
        path = Path(f"/plugins/plugin-{number}.so")
        return dataclasses.replace(report, path=path, manifest=manifest, status=statuses[number % len(statuses)])

    return [copy(number) for number in range(PLUGINS)]


def test_ten_thousand_plugins_never_stall_the_window(qtbot: QtBot, reports, benchmark, capsys):
    shell = Shell(Background())
    qtbot.addWidget(shell)
    shell.resize(1280, 800)
    shell.show()
    pane, heart, pauses = shell.plugins, Heart(), {}

    def turn(what: str, act) -> None:
        act()
        for _ in range(4):  # until the list is painted, and the heart has beaten after that
            qtbot.wait(4)
        pauses[what] = max(pauses.get(what, 0.0), heart.longest_pause_ms())

    turn("start", lambda: None)
    pauses.clear()
    for begin in range(0, PLUGINS, PORTION):
        turn("fill", lambda begin=begin: pane.feed.reports_arrived.emit(reports[begin : begin + PORTION]))
    assert pane.model.rowCount() == PLUGINS
    pane.table.select_path(reports[4711].path)
    bar = pane.table.verticalScrollBar()
    for step in range(60):
        turn("scroll", lambda step=step: bar.setValue(step * bar.maximum() // 60))
    for text in ("p", "pl", "plugin", "plugin 1", "plugin 12", "plugin 123", "plugin 12", "plugin", ""):
        turn("filter", lambda text=text: pane.filter.search.setText(text))
    for column in [*Column, *reversed(Column)]:
        turn("sort", lambda column=column: pane.table.horizontalHeader().sectionClicked.emit(column))
        turn(
            "sort",
            lambda column=column: pane.table.sortByColumn(column, pane.table.horizontalHeader().sortIndicatorOrder()),
        )
    for priority in range(10):
        steps = {report.path: StepSummary(PluginState.LOADED, priority) for report in reports[:20]}
        turn("state", lambda steps=steps: pane.model.set_steps(steps))
    benchmark.extra_info.update(pauses)
    benchmark.pedantic(lambda: pane.model.sort(Column.VERSION), rounds=3)
    with capsys.disabled():
        words = ", ".join(f"{what} {pause:.0f} ms" for what, pause in pauses.items())
        print(f"\nlongest pause of the GUI thread with {PLUGINS} plugins: {words} (limit {LIMIT_MS})")
    assert max(pauses.values()) <= LIMIT_MS
