"""A plugin's symbols as Qt sees them; sorts and filters itself, since a library may export a hundred thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QFontDatabase

from plugdeck.catalogue.report import Report
from plugdeck.ui.visible_text import visible_text

Index = QModelIndex | QPersistentModelIndex

_Role = Qt.ItemDataRole
_ROOT = QModelIndex()


class SymbolColumn(IntEnum):
    """The columns, from left to right."""

    NAME = 0
    KIND = 1
    TYPE = 2

    @property
    def title(self) -> str:
        """The word in the header."""
        return self.name.capitalize()


@dataclass(frozen=True, slots=True)
class SymbolLine:
    """One symbol in words."""

    cells: tuple[str, str, str]
    searched: str


def symbol_lines(report: Report) -> list[SymbolLine]:
    """The exported symbols of a report that was made with symbols. Any thread."""
    types = report.manifest.types if report.manifest else {}
    lines = []
    for symbol in report.symbols or ():
        name = f"{symbol.name}@{symbol.version}" if symbol.version else symbol.name
        cells = visible_text(name), str(symbol.kind).capitalize(), visible_text(types.get(symbol.name, ""))
        lines.append(SymbolLine(cells, f"{cells[0]}\n{cells[2]}".casefold()))
    lines.sort(key=lambda line: line.cells[0].casefold())
    return lines


class SymbolTableModel(QAbstractTableModel):
    """Symbols of one plugin, those that match the filter, in the order of the sorted column."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: Sequence[SymbolLine] = ()
        self._shown: list[SymbolLine] = []
        self._filter = ""
        self._column, self._descending = 0, False
        self._fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)

    @property
    def total(self) -> int:
        """How many symbols there are, shown or not."""
        return len(self._lines)

    def set_lines(self, lines: Sequence[SymbolLine]) -> None:
        """Replaces all symbols."""
        self._lines = lines
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Shows the symbols whose name or type holds ``text``."""
        self._filter = text.strip().casefold()
        self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by a column; Qt calls this when a header is clicked."""
        self._column, self._descending = max(0, column), order == Qt.SortOrder.DescendingOrder
        self._arrange()

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many symbols are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(SymbolColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == _Role.DisplayRole:
            return SymbolColumn(section).title
        return None

    def data(self, index: Index, role: int = _Role.DisplayRole) -> object:
        """Names and types in a fixed-width font."""
        if role in {_Role.DisplayRole, _Role.ToolTipRole}:
            text = self._shown[index.row()].cells[index.column()]
            # A tool tip is plain text when its first line cannot be taken for markup.
            return text if role == _Role.DisplayRole else f"{SymbolColumn(index.column()).title}\n{text or '–'}"
        if role == _Role.FontRole and index.column() != SymbolColumn.KIND:
            return QFont(self._fixed)
        return None

    def _arrange(self) -> None:
        self.beginResetModel()
        wanted, column = self._filter, self._column
        self._shown = [line for line in self._lines if wanted in line.searched]
        # ``_lines`` is in the order of names; sorting is stable, so ties stay in that order.
        if column or self._descending:
            self._shown.sort(key=lambda line: line.cells[column].casefold(), reverse=self._descending)
        self.endResetModel()
