"""The user's decisions as a table: a line for each, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from time import localtime, strftime

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from plugdeck.text import visible
from plugdeck.trust.decision import Decision
from plugdeck.trust.question_text import allowed_words
from plugdeck.ui.trust.fingerprint import short_hash
from plugdeck.ui.trust.permission_words import PATH_LIMIT, permissions_in_short, shown_path
from plugdeck.ui.trust.question_words import NAME_LIMIT

_Role = Qt.ItemDataRole
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class DecisionColumn(IntEnum):
    """The columns, from left to right."""

    PLUGIN = 0
    ANSWER = 1
    MAY = 2
    DAY = 3
    SHA256 = 4

    @property
    def title(self) -> str:
        """The words above it."""
        return ("Plugin", "Answer", "May also", "Decided", "SHA-256")[self]


class DecisionModel(QAbstractTableModel):
    """Every text is cut and plain: the name is the plugin's own word."""

    def __init__(self) -> None:
        super().__init__()
        self._decisions: Sequence[Decision] = ()

    def set_decisions(self, decisions: Sequence[Decision]) -> None:
        """Replaces all."""
        self.beginResetModel()
        self._decisions = decisions
        self.endResetModel()

    def decision(self, index: Index) -> Decision | None:
        """The decision of a line."""
        return self._decisions[index.row()] if index.isValid() else None

    def place_of(self, sha256: str) -> int | None:
        """The line about these bytes."""
        return next((row for row, each in enumerate(self._decisions) if each.sha256 == sha256), None)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """How many decisions there are."""
        return 0 if parent.isValid() else len(self._decisions)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """How many columns there are."""
        return 0 if parent.isValid() else len(DecisionColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == _Role.DisplayRole:
            return DecisionColumn(section).title
        return None

    def data(self, index: Index, role: int = _Role.DisplayRole) -> object:
        """What a cell says; its tool tip says all of it."""
        if role not in {_Role.DisplayRole, _Role.ToolTipRole}:
            return None
        decision, column = self._decisions[index.row()], DecisionColumn(index.column())
        # A tool tip is plain text when its first line cannot be taken for markup.
        return cell(decision, column) if role == _Role.DisplayRole else f"{column.title}\n{whole(decision, column)}"


def cell(decision: Decision, column: DecisionColumn) -> str:
    """The short form."""
    match column:
        case DecisionColumn.PLUGIN:
            return visible(decision.name, NAME_LIMIT)
        case DecisionColumn.ANSWER:
            return "Quarantined" if decision.quarantine else "May run"
        case DecisionColumn.MAY:
            return (permissions_in_short(decision.approval.permissions) if decision.approval else "") or "–"
        case DecisionColumn.DAY:
            return strftime("%Y-%m-%d", localtime(decision.decided))
        case DecisionColumn.SHA256:
            return short_hash(decision.sha256)


def whole(decision: Decision, column: DecisionColumn) -> str:
    """All there is to say."""
    match column:
        case DecisionColumn.PLUGIN if decision.path:
            return f"{cell(decision, column)}\n{visible(decision.path, PATH_LIMIT)}"
        case DecisionColumn.ANSWER if decision.quarantine:
            return visible(decision.quarantine, PATH_LIMIT)
        case DecisionColumn.ANSWER if decision.approval:
            return allowed_words(decision.approval.lowest_tier).capitalize()
        case DecisionColumn.MAY if decision.approval:
            permissions = decision.approval.permissions
            lines = [f"read {shown_path(path)}" for path in permissions.readable]
            lines += [f"read and change {shown_path(path)}" for path in permissions.writable]
            return "\n".join([*lines, *(["use the network"] if permissions.network else [])]) or "nothing"
        case DecisionColumn.SHA256:
            return decision.sha256
    return cell(decision, column)
