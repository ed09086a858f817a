"""Which row has something to tell since now: it is brought into sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QScrollArea

from plugdeck.chain.step import StepView
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.chain.row import StepRow

_TELLING = frozenset({PluginState.STALE, PluginState.CRASHED, PluginState.TIMED_OUT, PluginState.QUARANTINED})


class RowNews(QObject):
    """Remembers how the steps stood when they were looked at last."""

    def __init__(self, scroll: QScrollArea, rows: Callable[[], Sequence[StepRow]]) -> None:
        """``rows`` gives what is scrolled, in the order in which it lies there."""
        super().__init__(scroll)
        self._scroll = scroll
        self._rows = rows
        self._states: dict[str, PluginState] = {}
        self._row: StepRow | None = None
        self._timer = QTimer(self, interval=0, singleShot=True)  # once the rows have their places
        self._timer.timeout.connect(self._show)

    def look(self, steps: Sequence[StepView]) -> None:
        """Looks what is new; ``rows`` has one for each of these steps, in the same order."""
        news = [row for step, row in zip(steps, self._rows(), strict=True) if self._is_news(step)]
        self._states = {step.key: step.state for step in steps}
        if news:
            self._row = news[-1]
            self._timer.start()

    def _is_news(self, step: StepView) -> bool:
        """Whether it has come, has found its place by its own priority, or has something to tell since now."""
        before = self._states.get(step.key)
        has_come = before is None or (before is PluginState.LOADING and step.is_loaded and step.outcome is None)
        return has_come or (step.state is not before and step.state in _TELLING)

    def _show(self) -> None:
        rows, row = self._rows(), self._row
        if row is None or row not in rows:
            return
        index = rows.index(row)
        if not index or row.y() > rows[index - 1].y():
            self._scroll.ensureWidgetVisible(row, 0, 0)
            self._scroll.ensureVisible(0, row.geometry().bottom(), 0, 0)  # of a higher one what can be done, at its end
        elif self._scroll.isVisible():
            self._timer.start()  # it has just come, and is laid out next
