"""The search field and the status filter above the table."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from plugdeck.catalogue.report import Status
from plugdeck.ui.theme import SPACING
from plugdeck.ui.words import STATUS_WORDS

_ALL = frozenset(Status)


class FilterBar(QWidget):
    """Narrows the list by words and by status, at each key stroke."""

    changed = Signal(str, object)
    """The text, and the frozenset of statuses."""
    left_downwards = Signal()
    """The user pressed Down in the search field, towards the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search plugins")
        self.search.setAcceptDrops(False)  # a dropped plugin is for the window
        self.search.setAccessibleName("Search plugins by name, file, version or dialect")
        self.status = QComboBox(self)
        self.status.setAccessibleName("Show plugins of one status")
        self.status.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._fill_statuses()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.search, 1)
        layout.addWidget(self.status)
        self.search.textChanged.connect(self._tell)
        self.status.currentIndexChanged.connect(self._tell)

    @property
    def statuses(self) -> frozenset[Status]:
        """The statuses to show."""
        chosen = self.status.currentData()
        return frozenset({Status(chosen)}) if chosen else _ALL

    def focus_search(self) -> None:
        """Puts the cursor into the search field, its text selected."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def clear(self) -> None:
        """Shows everything again."""
        self.search.clear()
        self.status.setCurrentIndex(0)

    def choose_status(self, status: str) -> None:
        """Chooses a status by its value; an unknown one means all."""
        self.status.setCurrentIndex(max(0, self.status.findData(status)))

    def show_counts(self, counts: Mapping[Status, int]) -> None:
        """Says beside each status how many plugins have it."""
        for index in range(1, self.status.count()):
            status = Status(self.status.itemData(index))
            text = f"{STATUS_WORDS[status]} ({counts[status]})"
            if self.status.itemText(index) != text:
                self.status.setItemText(index, text)

    def finish(self) -> None:
        """What may wait until the window can be seen: Down goes to the list, Escape or a button clears the search."""
        from PySide6.QtGui import QKeySequence, QShortcut

        self.search.setClearButtonEnabled(True)

        for key, act in ((Qt.Key.Key_Down, self.left_downwards.emit), (Qt.Key.Key_Escape, self.search.clear)):
            shortcut = QShortcut(QKeySequence(key), self.search, context=Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(act)

    def paint_icons(self) -> None:
        """Puts the shapes beside the statuses; again for another palette."""
        from plugdeck.ui.marks import STATUS_MARKS, icon_of

        for index in range(1, self.status.count()):
            mark = STATUS_MARKS[Status(self.status.itemData(index))]
            self.status.setItemIcon(index, icon_of(mark, self.palette()))

    def _fill_statuses(self) -> None:
        self.status.addItem("All statuses", "")
        for status in Status:
            self.status.addItem(STATUS_WORDS[status], status.value)

    def _tell(self) -> None:
        self.changed.emit(self.search.text(), self.statuses)
