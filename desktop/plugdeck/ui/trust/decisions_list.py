"""The list of decisions in the preferences: what may run and what is in quarantine, and how to take that back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QPushButton, QTableView, QVBoxLayout, QWidget

from plugdeck.trust.decision import Decision
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.preview.latest import Latest
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.trust.decisions_model import DecisionColumn, DecisionModel
from plugdeck.ui.trust.records_watch import RecordsWatch
from plugdeck.ui.visible_text import visible_text

_NONE = "You have not been asked about any plugin yet. Those that come with Plugdeck are not asked about."
_AFTER = "What you take back is asked again before it runs the next time; what runs already goes on."


class DecisionsList(QWidget):
    """Follows the records, also when another window changes them."""

    _recorded = Signal()

    def __init__(self, records: TrustRecords, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records = records
        self._background = background
        self._notice = ""
        self._request = Latest(self, background)
        self.model = DecisionModel()
        self.table = QTableView(self)
        self.note = TonedLabel(Tone.QUIET, self)
        self.withdraw = QPushButton("Take my yes &back", self)
        self.lift = QPushButton("Lift &quarantine", self)
        self.copy = QPushButton("Copy the &SHA-256", self)
        self._lay_out()
        self._request.succeeded.connect(self._show)
        self.table.selectionModel().selectionChanged.connect(self._enable)
        self.withdraw.clicked.connect(lambda: self._change(records.withdraw))
        self.lift.clicked.connect(lambda: self._change(records.lift))
        self.copy.clicked.connect(self._copy)
        self._recorded.connect(self.renew, Qt.ConnectionType.QueuedConnection)
        self._forget_records = records.on_change(self._note)
        RecordsWatch(self, records, background)
        self.renew()

    @property
    def chosen(self) -> Decision | None:
        """The selected decision."""
        return self.model.decision(self.table.currentIndex())

    def renew(self) -> None:
        """Reads the decisions again, on another thread."""
        records = self._records
        self._request.start(lambda: (records.decisions(), records.notice))

    def hideEvent(self, event: QHideEvent) -> None:
        """Its window is closed and gone: it hears no more of the records."""
        self._forget_records()
        super().hideEvent(event)

    def _note(self) -> None:
        """On any thread."""
        with suppress(RuntimeError):  # the window may be gone
            self._recorded.emit()

    def _show(self, read: tuple[tuple[Decision, ...], str]) -> None:
        decisions, self._notice = read
        chosen = self.chosen
        self.model.set_decisions(decisions)
        place = self.model.place_of(chosen.sha256) if chosen else None
        if decisions:
            self.table.selectRow(place if place is not None else 0)
        self.table.setVisible(bool(decisions))
        self._enable()

    def _enable(self) -> None:
        chosen = self.chosen
        self.withdraw.setEnabled(bool(chosen and chosen.approval))
        self.lift.setEnabled(bool(chosen and chosen.quarantine))
        self.copy.setEnabled(chosen is not None)
        said = (chosen.quarantine or _AFTER) if chosen else _NONE
        self.note.setText(visible_text(f"{said} {self._notice}".strip()))

    def _change(self, change: Callable[[str], None]) -> None:
        if chosen := self.chosen:
            self._background.run(lambda: change(chosen.sha256), lambda _: None)

    def _copy(self) -> None:
        if chosen := self.chosen:
            QGuiApplication.clipboard().setText(chosen.sha256)

    def _lay_out(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setAccessibleName("Plugins that you decided about")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(DecisionColumn.PLUGIN, QHeaderView.ResizeMode.Stretch)
        for column, wide in ((DecisionColumn.ANSWER, 14), (DecisionColumn.MAY, 16), (DecisionColumn.DAY, 11)):
            header.resizeSection(column, self.fontMetrics().horizontalAdvance("n") * wide)
        header.resizeSection(DecisionColumn.SHA256, self.fontMetrics().horizontalAdvance("0000 " * 4 + "… 0000") + 16)
        self.note.make_readable()
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        for button in (self.withdraw, self.lift, self.copy):
            button.setAutoDefault(False)
            button.setEnabled(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(table, 1)
        layout.addWidget(self.note)
        layout.addLayout(buttons)
