"""The table of plugins: keeps what is selected, and what is at the top, while rows come and go."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from plugdeck.ui.plugins.column import Column
from plugdeck.ui.plugins.table_model import PluginTableModel

_WIDTHS = {
    Column.NAME: 150,
    Column.VERSION: 58,
    Column.DIALECT: 58,
    Column.STATUS: 118,
    Column.STATE: 104,
    Column.PRIORITY: 58,
}
_GIVING_WAY = (Column.DIALECT, Column.VERSION)
"""Hidden, the first one first, where a narrow list has no room for them; the details say both."""
_LEAST_NAME = 110
_ROW_PADDING = 10
_SHAPE_AND_MARGINS = 32


class PluginTableView(QTableView):
    """One plugin can be selected; Enter or a double click asks to load it."""

    selected = Signal(object)
    """The selected file's Path, or None."""
    activated_path = Signal(object)
    """The Path of the file to load."""
    menu_wanted = Signal(object, QPoint)
    """The Path, and where on the screen."""

    def __init__(self, model: PluginTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plugins = model
        self._kept: Path | None = None
        self._top: Path | None = None
        self._restoring = False
        self._hidden_widths: dict[Column, int] = {}
        self.setModel(model)
        self._set_up()
        self._set_up_headers()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        # Not when the current row changes: a click makes a row current before it selects it, and a table without a
        # current row makes its first one current when it gets the focus, and selects nothing.
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self.doubleClicked.connect(self._activate)
        self.customContextMenuRequested.connect(self._ask_for_menu)

    @property
    def current_path(self) -> Path | None:
        """The selected file; it stays selected while a filter hides it."""
        return self._kept

    @property
    def column_widths(self) -> list[int]:
        """Every column's width, also of those that are hidden for lack of room."""
        header = self.horizontalHeader()
        return [self._hidden_widths.get(column, header.sectionSize(column)) for column in Column]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Makes room for the name."""
        super().resizeEvent(event)
        self._fit_columns()

    def select_path(self, path: Path, *, focus: bool = False) -> None:
        """Selects a file, now or as soon as it is listed."""
        self._keep(path)
        self._select_kept(scroll=True)
        if focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def follow(self, path: Path | None) -> None:
        """Selects what is shown elsewhere, without telling of it; nothing when it is not listed."""
        if path != self._kept:
            self._kept = path
            self._select_kept(scroll=True)

    def forget_selection(self) -> None:
        """Nothing is selected any more, not even when a file that was comes back."""
        self._select_nothing()
        self._keep(None)

    def finish(self) -> None:
        """What may wait until the window can be seen."""
        from plugdeck.ui.plugins.name_delegate import NameDelegate

        self.setItemDelegateForColumn(Column.NAME, NameDelegate(self))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter loads, as a double click does."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self._activate(self.currentIndex())
            return
        super().keyPressEvent(event)

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End go to the first and the last plugin, not to the row's first and last cell."""
        if action in {QAbstractItemView.CursorAction.MoveHome, QAbstractItemView.CursorAction.MoveEnd}:
            row = 0 if action is QAbstractItemView.CursorAction.MoveHome else self._plugins.rowCount() - 1
            return self._plugins.index(row, max(0, self.currentIndex().column()))
        return super().moveCursor(action, modifiers)

    def keyboardSearch(self, search: str) -> None:
        """Typing looks for a name, whichever cell was clicked."""
        current = self.currentIndex()
        if current.isValid() and current.column() != Column.NAME:
            name = self._plugins.index(current.row(), Column.NAME)
            self.selectionModel().setCurrentIndex(name, QItemSelectionModel.SelectionFlag.NoUpdate)
        super().keyboardSearch(search)

    def _set_up(self) -> None:
        self.setAccessibleName("Plugins")
        self.setAccessibleDescription("Enter loads the selected plugin into the chain")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setFrameShape(QTableView.Shape.NoFrame)

    def _set_up_headers(self) -> None:
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(self.fontMetrics().height() + _ROW_PADDING)
        rows.hide()
        columns.setHighlightSections(False)
        columns.setSectionsMovable(True)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setStretchLastSection(False)
        for column, width in _WIDTHS.items():
            columns.resizeSection(column, width)
        state = self.fontMetrics().horizontalAdvance("Quarantined") + _SHAPE_AND_MARGINS
        columns.resizeSection(Column.STATE, max(_WIDTHS[Column.STATE], state))
        columns.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        columns.setMinimumSectionSize(48)
        columns.setSortIndicator(Column.NAME, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def _fit_columns(self) -> None:
        """Shows as many columns as leave the name legible."""
        header, widths = self.horizontalHeader(), self.column_widths
        room = self.viewport().width() - sum(widths[column] for column in Column if column is not Column.NAME)
        for column in _GIVING_WAY:
            is_hidden = room < _LEAST_NAME
            if is_hidden:
                self._hidden_widths[column] = widths[column]
                room += widths[column]
            header.setSectionHidden(column, is_hidden)
            if not is_hidden:
                self._hidden_widths.pop(column, None)

    def _activate(self, index: QModelIndex) -> None:
        row = self._plugins.row_at(index.row())
        if row:
            self.activated_path.emit(row.path)

    def _ask_for_menu(self, position: QPoint) -> None:
        row = self._plugins.row_at(self.indexAt(position).row())
        if row:
            self.menu_wanted.emit(row.path, self.viewport().mapToGlobal(position))

    def _tell_selection(self) -> None:
        rows = self.selectionModel().selectedRows()
        row = self._plugins.row_at(rows[0].row()) if rows else None
        if row and not self._restoring:
            self._keep(row.path)

    def _keep(self, path: Path | None) -> None:
        if path != self._kept:
            self._kept = path
            self.selected.emit(path)

    def _remember(self) -> None:
        row = self._plugins.row_at(self.rowAt(0))
        self._top = row.path if row else None

    def _restore(self) -> None:
        """After a reset: the same row is selected, and the same row, if it is still shown, is at the top."""
        # Without a layout the scroll bars still have the range of the old rows.
        self.doItemsLayout()
        place = self._plugins.place_of(self._top) if self._top else None
        if place:
            self.scrollTo(self._plugins.index(place, 0), QAbstractItemView.ScrollHint.PositionAtTop)
        self._select_kept(scroll=False)

    def _select_nothing(self) -> None:
        self._restoring = True
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())
        self._restoring = False

    def _select_kept(self, *, scroll: bool) -> None:
        place = self._plugins.place_of(self._kept) if self._kept else None
        if place is None:
            self._select_nothing()
            return
        index = self._plugins.index(place, 0)
        self._restoring = True
        bars = self.verticalScrollBar(), self.horizontalScrollBar()
        before = [bar.value() for bar in bars]
        self.setCurrentIndex(index)
        if scroll:
            self.executeDelayedItemsLayout()
            self.scrollTo(index)
        else:
            for bar, value in zip(bars, before, strict=True):
                bar.setValue(value)
        self._restoring = False
