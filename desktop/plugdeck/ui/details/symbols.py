"""The Symbols tab: what the plugin exports, read from the file when the tab is looked at."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from plugdeck.catalogue.report import Report
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.ui.background import Background
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.details.symbol_model import SymbolColumn, SymbolLine, SymbolTableModel, symbol_lines
from plugdeck.ui.theme import SPACING

_FILTER_MS = 120
"""So long after the last key stroke many symbols are filtered; few are at once."""
_FEW = 5000
TOO_MANY = "Too many symbols to list"


class SymbolsTab(QWidget):
    """A table of symbols with a filter."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._report: Report | None = None
        self.model = SymbolTableModel(self)
        self.table = QTableView(self)
        self.filter = QLineEdit(self)
        self._count = QLabel(self)
        self._timer = QTimer(self, singleShot=True, interval=_FILTER_MS)
        self._timer.timeout.connect(self._apply_filter)
        self._set_up()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        top.addWidget(self._count)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)

    def show_subject(self, subject: Subject | None) -> None:
        """Reads the symbols of another file; of the same report they are there already."""
        report = subject.report if subject else None
        if report is self._report:
            return
        self._report = report
        self.model.set_lines([])
        if report is None or report.facts is None or report.facts.elf is None:
            self._count.setText("No symbols can be read" if report else "")
            return
        self._count.setText("Reading…")
        choice = subject.judged.choice if subject else WORKER
        self._background.run(
            lambda: _read(report, choice),
            lambda lines: self._show(report, lines),
            lambda error: self._count.setText(str(error)) if report is self._report else None,
        )

    def _set_up(self) -> None:
        self.filter.setPlaceholderText("Filter symbols")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter symbols by name or type")
        self.filter.textChanged.connect(self._filter_soon)
        self._count.setTextFormat(Qt.TextFormat.PlainText)
        table = self.table
        table.setAccessibleName("Exported symbols")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setFrameShape(QFrame.Shape.NoFrame)
        rows, columns = table.verticalHeader(), table.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(table.fontMetrics().height() + 6)
        rows.hide()
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.resizeSection(SymbolColumn.NAME, 260)
        columns.resizeSection(SymbolColumn.KIND, 110)
        columns.setStretchLastSection(True)
        columns.setSortIndicator(SymbolColumn.NAME, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        copy = QShortcut(QKeySequence.StandardKey.Copy, table, context=Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    def _show(self, report: Report, lines: list[SymbolLine] | None) -> None:
        if report is not self._report:
            return
        if lines is None:
            self._count.setText(TOO_MANY)
            return
        self.model.set_lines(lines)
        self._show_count()

    def _filter_soon(self) -> None:
        self._timer.start(0 if self.model.total < _FEW else _FILTER_MS)

    def _apply_filter(self) -> None:
        self.model.set_filter(self.filter.text())
        self._show_count()

    def _show_count(self) -> None:
        shown, total = self.model.rowCount(), self.model.total
        words = "exports nothing" if not total else f"{total} exported"
        self._count.setText(f"{shown} of {words}" if shown != total else words.capitalize())

    def _copy(self) -> None:
        chosen = self.table.selectionModel().selectedRows()
        lines = ["\t".join(self._cells(index.row())).rstrip() for index in chosen]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _cells(self, row: int) -> list[str]:
        return [str(self.model.index(row, column).data()) for column in SymbolColumn]


def _read(report: Report, choice: HostChoice) -> list[SymbolLine] | None:
    """Examines the file again for the same host, this time with its symbols; None when it has too many. Another
    thread."""
    from plugdeck.catalogue.examine import examine

    if report.facts and report.facts.exports is not None:
        return symbol_lines(report)
    again = examine(report.path, choice.host(), symbols=True)
    has_too_many = again.facts is not None and again.facts.elf is not None and again.symbols is None
    return None if has_too_many else symbol_lines(again)
