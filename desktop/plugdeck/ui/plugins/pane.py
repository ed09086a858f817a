"""The left part of the window: folder, search, the table, and the line below it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QStackedLayout, QVBoxLayout, QWidget

from plugdeck.catalogue.report import Report, Status
from plugdeck.ui.plugins.feed import PluginFeed
from plugdeck.ui.plugins.filter_bar import FilterBar
from plugdeck.ui.plugins.folder_bar import FolderBar
from plugdeck.ui.plugins.foot import ListFoot
from plugdeck.ui.plugins.table_model import PluginTableModel
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text

if TYPE_CHECKING:
    from plugdeck.catalogue.scan import ScanSummary
    from plugdeck.ui.plugins.placeholder import Action, Placeholder
    from plugdeck.ui.plugins.table_view import PluginTableView


class PluginsPane(QWidget):
    """Shows one folder's plugins. Says what it wants done by signals; loads nothing itself."""

    selected = Signal(object)
    """The Report on the selected file, again whenever it changes, or None."""
    load_wanted = Signal(object)
    """A Report."""
    menu_wanted = Signal(object, QPoint)
    """A Report, and where on the screen."""
    samples_wanted = Signal()
    browse_wanted = Signal()
    folder_opened = Signal(object)
    """A Path."""
    changed = Signal(object)
    """The list of Report that are new or changed."""
    removed = Signal(object)
    """The set of Path of files that are gone."""
    scanned = Signal()

    def __init__(self, feed: PluginFeed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feed = feed
        self.model = PluginTableModel(self)
        self.filter = FilterBar(self)
        self.folders = FolderBar(self)
        self._table: PluginTableView | None = None
        self._placeholder: Placeholder | None = None
        self.prepare_table: Callable[[PluginTableView], None] = lambda _table: None
        """Gives the table the columns of the last session, when it is made."""
        self._error = ""
        self._is_following = False
        self._lay_out()
        self._connect()

    @property
    def selected_report(self) -> Report | None:
        """The report on the selected file."""
        path = self.table.current_path
        return self.model.report(path) if path else None

    @property
    def table(self) -> PluginTableView:
        """The table; made when there are rows for it, or when the rest of the window is."""
        if self._table is None:
            self._table = self._make_table()
        return self._table

    @property
    def placeholder(self) -> Placeholder:
        """What stands in the table's place while it is empty; made when first needed."""
        if self._placeholder is None:
            from plugdeck.ui.plugins.placeholder import Placeholder

            self._placeholder = Placeholder(self)
            self._stack.addWidget(self._placeholder)
        return self._placeholder

    def showEvent(self, event: QShowEvent) -> None:
        """Says what to do when no folder was opened by then."""
        self._refresh()
        super().showEvent(event)

    def finish(self) -> None:
        """What may wait until the window can be seen."""
        self.filter.finish()
        self.table.finish()
        self.paint_icons()
        self._order_tabs()
        self._refresh()

    def take_focus(self) -> None:
        """Puts the focus where the user is likely to begin."""
        buttons = self._placeholder.buttons if self._placeholder and self._placeholder.isVisible() else ()
        (buttons[0] if buttons else self.table).setFocus(Qt.FocusReason.OtherFocusReason)

    def put_host_chooser(self, chooser: QWidget) -> None:
        """Puts what chooses the host into the room that was kept for it."""
        room = self._host_slot.takeAt(0)
        assert room
        chooser.setFixedHeight(room.minimumSize().height())
        self._host_slot.addWidget(chooser)
        QWidget.setTabOrder(self.folders.rescan, chooser)

    def paint_icons(self) -> None:
        """Paints the shapes; again for another palette."""
        self.filter.paint_icons()
        self.folders.paint_icons()

    def open_folder(self, folder: Path) -> None:
        """Shows another folder."""
        self._error = ""
        if self._table and not self._is_following:
            self._table.forget_selection()
        self.model.clear()
        self.folders.show_folder(folder)
        self.feed.open(folder)
        self._refresh()
        self.folder_opened.emit(folder)

    def rescan(self) -> None:
        """Reads the folder again."""
        self._error = ""
        self.feed.rescan()
        self._refresh()

    def _lay_out(self) -> None:
        frame = QFrame(self)
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        frame.setAutoFillBackground(True)
        frame.setBackgroundRole(QPalette.ColorRole.Base)
        self._stack = QStackedLayout(frame)
        self._stack.setContentsMargins(1, 1, 1, 1)
        self._waiting = QLabel("Reading the folder…", parent=self)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._waiting)
        self.foot = ListFoot(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        # Room for the chooser, which comes after the first paint: nothing moves then.
        self._host_slot = QVBoxLayout()
        self._host_slot.addSpacing(self.filter.sizeHint().height())
        layout.addWidget(self.folders)
        layout.addLayout(self._host_slot)
        layout.addWidget(self.filter)
        layout.addWidget(frame, 1)
        layout.addWidget(self.foot)
        self._order_tabs()

    def _order_tabs(self) -> None:
        """What is used most comes first; the placeholder's buttons stand where the table is."""
        controls: list[QWidget] = [self.filter.search, self.filter.status]
        controls += (self._table,) if self._table else ()
        controls += self._placeholder.buttons if self._placeholder else ()
        controls += [self.foot.cancel, self.foot.load, self.folders.folders, self.folders.browse, self.folders.rescan]
        for first, second in pairwise(controls):
            QWidget.setTabOrder(first, second)

    def _connect(self) -> None:
        self.filter.changed.connect(self._filter)
        self.filter.left_downwards.connect(self._enter_table)
        self.folders.chosen.connect(self.open_folder)
        self.folders.browse_wanted.connect(self.browse_wanted)
        self.folders.rescan_wanted.connect(self.rescan)
        self.feed.reports_arrived.connect(self._put)
        self.feed.files_gone.connect(self._remove)
        self.feed.progress.connect(self.foot.show_progress)
        self.feed.finished.connect(self._finish)
        self.foot.cancel_wanted.connect(self.feed.cancel)
        self.foot.load_wanted.connect(lambda: self._ask_to_load(self.table.current_path))

    def _make_table(self) -> PluginTableView:
        from plugdeck.ui.plugins.table_view import PluginTableView

        table = PluginTableView(self.model, self)
        self.prepare_table(table)
        self._stack.addWidget(table)
        table.selected.connect(self._take_selection)
        table.activated_path.connect(self._ask_to_load)
        table.menu_wanted.connect(self._ask_for_menu)
        return table

    def _enter_table(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_loadable(self, loadable: bool) -> None:
        """Whether the selected plugin can be loaded now."""
        self.foot.load.setEnabled(loadable)

    def follow(self, path: Path | None) -> None:
        """Selects what was chosen elsewhere, if it is listed; opening another folder does not change that choice."""
        self._is_following = path is not None
        self.table.follow(path)

    def _filter(self, text: str, statuses: frozenset[Status]) -> None:
        self.model.set_filter(text, statuses)
        self._refresh()

    def _put(self, reports: list[Report]) -> None:
        self.model.put(reports)
        self._refresh()
        self.changed.emit(reports)
        if self.table.current_path in {report.path for report in reports}:
            self._tell_selected()

    def _remove(self, paths: set[Path]) -> None:
        self.model.remove(paths)
        self._refresh()
        self.removed.emit(paths)
        if self.table.current_path in paths:
            self._tell_selected()

    def _finish(self, summary: ScanSummary) -> None:
        self._error = summary.error
        self._refresh()
        if self.table.current_path is None and (first := self.model.row_at(0)):
            self.table.select_path(first.path)
        self.scanned.emit()

    def _take_selection(self) -> None:
        self._is_following = False
        self._tell_selected()

    def _tell_selected(self) -> None:
        self.selected.emit(self.selected_report)

    def _ask_to_load(self, path: Path | None) -> None:
        if path and (report := self.model.report(path)):
            self.load_wanted.emit(report)

    def _ask_for_menu(self, path: Path, position: QPoint) -> None:
        if report := self.model.report(path):
            self.menu_wanted.emit(report, position)

    def _refresh(self) -> None:
        """Shows the table or what stands for it, and the line below."""
        scanning = self.feed.is_scanning
        self.foot.show_scanning(scanning)
        self.filter.show_counts(self.model.counts())
        self.foot.count.setText(self._count_words())
        if self.model.rowCount() or (scanning and not self.model.is_filtered):
            # Of a table without rows one would see the header; until there is one, words say the same sooner.
            is_early = self._table is None and not self.model.rowCount()
            self._stack.setCurrentWidget(self._waiting if is_early else self.table)
            return
        self.placeholder.say(*self._explanation())
        self._order_tabs()
        self._stack.setCurrentWidget(self.placeholder)

    def _count_words(self) -> str:
        shown, total = self.model.rowCount(), self.model.total
        if self.feed.folder is None:
            return ""
        if self.feed.is_scanning and not total:
            return "Reading…"
        words = f"{total} plugin{'' if total == 1 else 's'}"
        return f"{shown} of {words}" if self.model.is_filtered else words

    def _explanation(self) -> tuple[str, str, list[Action]]:
        samples: Action = ("Open the &sample plugins", self.samples_wanted.emit)
        browse: Action = ("&Choose a folder…", self.browse_wanted.emit)
        if self._error:
            again: Action = ("Try &again", self.rescan)
            return "This folder cannot be read", visible_text(self._error), [again, browse]
        if self.feed.folder is None:
            text = "Choose a folder with .so files, or drop one here. Nothing in it is run until you load it."
            return "Look inside native plugins", text, [samples, browse]
        if self.model.total:
            return "No plugin matches", "Nothing in this folder fits the search.", [("&Show all", self.filter.clear)]
        text = "There is no .so file in this folder. Drop plugins on the window to install them, or look elsewhere."
        return "No plugins here", text, [samples, browse]
