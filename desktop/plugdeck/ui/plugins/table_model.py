"""The list of plugins as Qt sees it. Sorts and filters itself, on plain Python keys.

Rejected: QSortFilterProxyModel, which asks a Python model for every key of every comparison: at 10,000 rows that is
some hundred thousand calls from C++ to Python, and a second of a frozen window. One ``sorted`` takes milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication

from plugdeck.catalogue.report import Report, Status
from plugdeck.ui.plugins.column import SEPARATOR, Column
from plugdeck.ui.visible_text import visible_text

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from plugdeck.ui.plugins.elision import Distinct
    from plugdeck.ui.plugins.row import PluginRow, StepSummary

Index = QModelIndex | QPersistentModelIndex

_Role = Qt.ItemDataRole
FILE_ROLE = _Role.UserRole + 1
"""The file's name as a ``Distinct``, where several plugins have the name; else nothing."""
_ALL_STATUSES = frozenset(Status)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROOT = QModelIndex()
_ORDER = attrgetter("order")


class PluginTableModel(QAbstractTableModel):
    """Rows by path; shows those that match the filter, in the order of the sorted column.

    A change that moves rows resets the model, one that only changes words does not. The view keeps selection and
    scroll position over a reset (see ``PluginTableView``).
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[Path, PluginRow] = {}
        self._ordered: list[PluginRow] = []
        self._names: Counter[str] = Counter()
        self._shown: list[PluginRow] = []
        self._places: dict[Path, int] | None = None
        self._steps: Mapping[Path, StepSummary] = {}
        self._stale: set[Path] = set()
        self._words: tuple[str, ...] = ()
        self._statuses = _ALL_STATUSES
        self._column = Column.NAME
        self._descending = False

    @property
    def total(self) -> int:
        """How many plugins there are, shown or not."""
        return len(self._rows)

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self._words) or self._statuses != _ALL_STATUSES

    def counts(self) -> dict[Status, int]:
        """How many plugins have each status, shown or not."""
        found = Counter([row.report.status for row in self._ordered])
        return {status: found[status] for status in Status}

    def paths(self) -> set[Path]:
        """Every plugin's file, shown or not."""
        return set(self._rows)

    def report(self, path: Path) -> Report | None:
        """The report on a file, shown or not."""
        row = self._rows.get(path)
        return row.report if row else None

    def row_at(self, row: int) -> PluginRow | None:
        """The row shown at a position."""
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def place_of(self, path: Path) -> int | None:
        """Where a file's row is shown, or None."""
        if self._places is None:
            self._places = {row.path: place for place, row in enumerate(self._shown)}
        return self._places.get(path)

    def put(self, reports: Iterable[Report]) -> None:
        """Adds reports, and replaces those on the same files."""
        from plugdeck.ui.plugins.row import row_of  # when there are rows: after the window is shown

        for report in reports:
            self._rows[report.path] = row_of(report, self._steps.get(report.path))
            self._stale.discard(report.path)
        self._take_rows()

    def mark_stale(self) -> None:
        """Every verdict is of another host from now on, until a new report comes."""
        self._stale = set(self._rows)
        self._arrange()

    def remove(self, paths: Iterable[Path]) -> None:
        """Forgets files."""
        for path in paths:
            self._rows.pop(path, None)
        self._take_rows()

    def clear(self) -> None:
        """Forgets every file."""
        self._rows.clear()
        self._take_rows()

    def set_steps(self, steps: Mapping[Path, StepSummary]) -> None:
        """Tells which plugins are loaded, and how they stand."""
        if steps == self._steps:
            return
        from plugdeck.ui.plugins.row import with_step

        changed = set(steps) | set(self._steps)
        self._steps = steps
        for path in changed & self._rows.keys():
            self._rows[path] = with_step(self._rows[path], steps.get(path))
        self._take_rows()

    def set_filter(self, text: str, statuses: frozenset[Status] = _ALL_STATUSES) -> None:
        """Shows the rows that have every word of ``text`` and one of the statuses."""
        words = tuple(text.casefold().split())
        if (words, statuses) != (self._words, self._statuses):
            self._words, self._statuses = words, statuses
            self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by a column; Qt calls this when a header is clicked."""
        self._column, self._descending = Column(max(0, column)), order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many rows are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(Column):
            if role == _Role.DisplayRole:
                return Column(section).title
            if role == _Role.TextAlignmentRole and section == Column.PRIORITY:
                return _RIGHT
        return None

    def data(self, index: Index, role: int = _Role.DisplayRole) -> object:
        """What a cell shows: text first, a shape beside it for status and state."""
        row, column = self._shown[index.row()], index.column()
        is_old = column == Column.STATUS and row.path in self._stale
        return _old_status(row, role) if is_old else self._cell(row, column, role)

    def _cell(self, row: PluginRow, column: int, role: int) -> object:
        if role == _Role.DisplayRole:
            return self._name(row) if column == Column.NAME else row.cells[column]
        if role == _Role.DecorationRole:
            return _icon(row, column)
        if role == _Role.TextAlignmentRole:
            return _RIGHT if column == Column.PRIORITY else None
        if role == _Role.AccessibleTextRole:
            text = self._name(row) if column == Column.NAME else row.cells[column]
            return f"{Column(column).title}: {text or 'none'}"
        if role == _Role.ToolTipRole:
            return _tool_tip(row)
        return self._distinct_file(row) if role == FILE_ROLE else None

    def _name(self, row: PluginRow) -> str:
        """The plugin's name; where several plugins have it, the file's as well."""
        file = self._file(row)
        return f"{row.cells[Column.NAME]}{SEPARATOR}{file}" if file else row.cells[Column.NAME]

    def _file(self, row: PluginRow) -> str:
        return visible_text(row.path.name) if self._names[row.cells[Column.NAME]] > 1 else ""

    def _distinct_file(self, row: PluginRow) -> Distinct | None:
        """Compares with the neighbours in the order of names and paths: the files that are most like it."""
        from plugdeck.ui.plugins.elision import distinct_among

        if not (file := self._file(row)):
            return None
        place = bisect_left(self._ordered, row.order, key=_ORDER)
        around = self._ordered[max(0, place - 1) : place + 2]
        others = [each for each in around if each.path != row.path and each.cells[0] == row.cells[0]]
        return distinct_among(file, [visible_text(each.path.name) for each in others])

    def _take_rows(self) -> None:
        """After rows came, went or changed: puts all in the order of their names, which is that of every tie."""
        self._ordered = sorted(self._rows.values(), key=_ORDER)
        self._names = Counter([row.cells[Column.NAME] for row in self._ordered])
        loaded_elsewhere = self._steps.keys() - self._rows.keys()
        self._names.update(visible_text(self._steps[path].name) for path in loaded_elsewhere)
        self._arrange()

    def _arrange(self) -> None:
        """Works out which rows are shown, in which order, and tells the view the smallest change."""
        shown = self._matching() if self.is_filtered else list(self._ordered)
        column = self._column
        if column is not Column.NAME or self._descending:
            shown.sort(key=lambda row: row.keys[column], reverse=self._descending)
        if list(map(_ORDER, shown)) == list(map(_ORDER, self._shown)):
            self._shown = shown
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(Column) - 1))
            return
        self.beginResetModel()
        self._shown, self._places = shown, None
        self.endResetModel()

    def _matching(self) -> list[PluginRow]:
        from plugdeck.ui.plugins.row import matching

        return matching(self._ordered, self._words, self._statuses)


def _icon(row: PluginRow, column: int) -> QIcon | None:
    from plugdeck.ui.marks import STATE_MARKS, STATUS_MARKS, icon_of

    if column == Column.STATUS:
        return icon_of(STATUS_MARKS[row.report.status], QGuiApplication.palette())
    if column == Column.STATE and row.step:
        return icon_of(STATE_MARKS[row.state], QGuiApplication.palette())
    return None


def _old_status(row: PluginRow, role: int) -> object:
    """The status that another host gave, as such: in brackets, grey, with another shape."""
    from plugdeck.ui.marks import Shape, icon_of
    from plugdeck.ui.theme import Tone, tone_colour

    palette, words = QGuiApplication.palette(), row.cells[Column.STATUS]
    looks: dict[int, str] = {
        _Role.DisplayRole: f"({words})",
        _Role.AccessibleTextRole: f"Status for the host before: {words}",
        _Role.ToolTipRole: f"Status\n{words} for the host before. It is being judged for the chosen one.",
    }
    if role == _Role.DecorationRole:
        return icon_of((Shape.HALF, Tone.QUIET), palette)
    return tone_colour(Tone.QUIET, palette) if role == _Role.ForegroundRole else looks.get(role)


def _tool_tip(row: PluginRow) -> str:
    """Plain text: Qt takes a tool tip for markup by its first line, so that line is our own."""
    findings: Sequence[str] = [f"• {visible_text(finding.message)}" for finding in row.report.findings[:4]]
    return "\n".join(["Plugin", row.cells[Column.NAME], visible_text(str(row.path)), *findings])
