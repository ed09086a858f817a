"""One line of the plugin list: what the table shows, sorts by and searches, worked out once a change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck.catalogue.report import Report, Status
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.plugins.column import Column
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS

if TYPE_CHECKING:
    from plugdeck.chain.step import StepView

_STATUS_ORDER = {status: rank for rank, status in enumerate(Status)}
_STATE_ORDER = {state: rank for rank, state in enumerate(PluginState)}
_DIGITS = re.compile(r"\d{1,18}")

_LAST = 2**31
"""Sorts after every priority."""

SortKey = str | int


@dataclass(frozen=True, slots=True)
class StepSummary:
    """What the list shows of a loaded plugin, or of one that is kept from running."""

    state: PluginState
    priority: int | None
    """In the chain; None for what is not in it."""
    name: str = ""
    standing: str = ""
    """How it stands, in a word or two; the state itself where nothing is given."""


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A report with everything derived from it; made by ``row_of``."""

    report: Report
    step: StepSummary | None
    cells: tuple[str, ...]
    keys: tuple[SortKey, ...]
    """For each column, what it sorts by: one string or number, since ten thousand tuples take too long to compare."""
    order: str
    """The order of the names; of those that sort the same by another column too. No two rows have the same."""
    searched: str
    """Case-folded text that the search field looks in."""

    @property
    def path(self) -> Path:
        """The file; it identifies the row."""
        return self.report.path

    @property
    def state(self) -> PluginState:
        """Where the plugin is on its way."""
        return self.step.state if self.step else PluginState.NOT_LOADED


def summary_of(step: StepView) -> StepSummary:
    """What the list shows of a step."""
    return StepSummary(step.state, step.priority, step.name, step.standing)


def row_of(report: Report, step: StepSummary | None = None) -> PluginRow:
    """The row for a report, and for the chain's step of the same file if there is one."""
    manifest = report.manifest
    name = visible_text(report.name)
    version = visible_text(manifest.version) if manifest else ""
    dialect = str(report.dialect) if report.dialect else ""
    by_name = _natural(name)
    keys: tuple[SortKey, ...] = (
        by_name,
        _natural(version),
        dialect,
        _STATUS_ORDER[report.status],
        *_step_keys(step),
    )
    cells = (name, version, dialect, STATUS_WORDS[report.status], _state_words(step), _priority_words(step))
    searched = f"{name}\n{visible_text(report.path.name)}\n{version}\n{dialect}".casefold()
    return PluginRow(report, step, cells, keys, f"{by_name}\0{report.path}", searched)


def with_step(row: PluginRow, step: StepSummary | None) -> PluginRow:
    """The row after its step changed."""
    cells = (*row.cells[: Column.STATE], _state_words(step), _priority_words(step))
    return replace(row, step=step, cells=cells, keys=(*row.keys[: Column.STATE], *_step_keys(step)))


def matching(rows: Iterable[PluginRow], words: Sequence[str], statuses: frozenset[Status]) -> list[PluginRow]:
    """The rows that have every (case-folded) word and one of the statuses, in the same order."""
    found = [row for row in rows if row.report.status in statuses]
    for word in words:
        found = [row for row in found if word in row.searched]
    return found


def _step_keys(step: StepSummary | None) -> tuple[int, int]:
    if step is None:
        return _STATE_ORDER[PluginState.NOT_LOADED], _LAST
    return _STATE_ORDER[step.state], _LAST if step.priority is None else step.priority


def _state_words(step: StepSummary | None) -> str:
    return (step.standing or str(step.state)).capitalize() if step else ""


def _priority_words(step: StepSummary | None) -> str:
    return "" if step is None or step.priority is None else str(step.priority)


def _natural(text: str) -> str:
    """``blur10`` after ``blur9``, upper and lower case together: numbers are padded to one width."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(18), text.casefold())
