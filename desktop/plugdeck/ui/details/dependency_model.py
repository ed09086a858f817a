"""The tree of dependencies as Qt sees it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon

from plugdeck.ui.details.dependency_nodes import NO_PARENT, Node, NodeKind
from plugdeck.ui.marks import Shape, icon_of
from plugdeck.ui.theme import Tone, tone_colour

Index = QModelIndex | QPersistentModelIndex

_Role = Qt.ItemDataRole
_ROOT = QModelIndex()
_MARKS = {NodeKind.PROBLEM: (Shape.CROSS, Tone.BAD), NodeKind.FINE: (Shape.TICK, Tone.GOOD)}
_HELD_MARK = (Shape.RING, Tone.QUIET)
_DIMMED = {NodeKind.IN_HOST, NodeKind.GROUP}


class DependencyColumn(IntEnum):
    """The columns, from left to right."""

    NAME = 0
    PROBLEM = 1
    RULE = 2
    FOUND_AT = 3

    @property
    def title(self) -> str:
        """The words in the header."""
        return self.name.capitalize().replace("_", " ")


_CELL = {
    DependencyColumn.NAME: 0,
    DependencyColumn.FOUND_AT: 1,
    DependencyColumn.RULE: 2,
    DependencyColumn.PROBLEM: 3,
}


class DependencyModel(QAbstractItemModel):
    """The lines of one tree; an index carries its line's place in the list, never a pointer."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: Sequence[Node] = ()

    def set_nodes(self, nodes: Sequence[Node]) -> None:
        """Replaces the tree; the first line is its root."""
        self.beginResetModel()
        self._nodes = nodes
        self.endResetModel()

    def node(self, index: Index) -> Node | None:
        """The line at an index."""
        return self._nodes[index.internalId()] if index.isValid() else None

    def index_of(self, place: int, column: int = 0) -> QModelIndex:
        """The index of a line."""
        return self.createIndex(self._nodes[place].row, column, place)

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        """The child of a line; the root for no parent."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        above = self.node(parent)
        return self.createIndex(row, column, above.children[row] if above else 0)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # QObject.parent() takes nothing
        """The line above."""
        node = self.node(index)
        return QModelIndex() if node is None or node.parent == NO_PARENT else self.index_of(node.parent)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many children a line has."""
        if not parent.isValid():
            return min(len(self._nodes), 1)
        node = self.node(parent)
        return len(node.children) if node and parent.column() == 0 else 0

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns there are."""
        return len(DependencyColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == _Role.DisplayRole:
            return DependencyColumn(section).title
        return None

    def data(self, index: Index, role: int = _Role.DisplayRole) -> object:
        """Text for every state, a shape beside the name, and quiet ink for what the host has already."""
        node, column = self.node(index), DependencyColumn(index.column())
        if node is None:
            return None
        text = node.cells[_CELL[column]]
        if role == _Role.DisplayRole:
            return text
        if role == _Role.ToolTipRole:
            # Plain text: Qt takes a tool tip for markup by its first line, so that line is our own.
            return f"{column.title}\n{text}" if text else None
        if role == _Role.AccessibleTextRole:
            return f"{text}, {node.kind}" if column is DependencyColumn.NAME else f"{column.title}: {text or 'none'}"
        return _look(node, column, role)


_QUIET_COLUMNS = {DependencyColumn.RULE, DependencyColumn.FOUND_AT}


def _look(node: Node, column: DependencyColumn, role: int) -> QIcon | QColor | None:
    palette = QGuiApplication.palette()
    if role == _Role.DecorationRole and column is DependencyColumn.NAME:
        return icon_of(_MARKS.get(node.kind, _HELD_MARK), palette)
    if role == _Role.ForegroundRole and (node.kind in _DIMMED or column in _QUIET_COLUMNS):
        return tone_colour(Tone.QUIET, palette)
    return None
