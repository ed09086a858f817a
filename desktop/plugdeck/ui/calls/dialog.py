"""The window in which functions of a plugin are called: once, or once a second while plugins are swapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from plugdeck.catalogue.report import Report
from plugdeck.chain.callable_names import callable_names
from plugdeck.chain.calling import Beat, Callee
from plugdeck.chain.transform_host import HostFactory
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.text import visible
from plugdeck.ui.background import Background
from plugdeck.ui.calls.conversation import Conversation
from plugdeck.ui.calls.words import beat_line, split_arguments
from plugdeck.ui.close_box import close_box
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone

Approve = Callable[[Report, Callable[[Approval], None], Callable[[], None]], None]
"""Asks the user about a plugin from outside, unless he said yes to it before; what follows a yes, and what a no."""

_SIZE = (640, 460)
_LINES_KEPT = 2000
_ASKED_MS = 300
"""Without a question, another plugin is there within this time."""


class CallDialog(QDialog):
    """Stays beside the window, which goes on."""

    def __init__(
        self,
        callee: Callee,
        others: Sequence[Report],
        parent: QWidget | None = None,
        *,
        hosts: HostFactory,
        background: Background,
        approve: Approve,
    ) -> None:
        """Calls nothing yet.

        Args:
            callee: the plugin that is asked first.
            others: what could take its place.
            parent: the window.
            hosts: where plugins run.
            background: reads the names of what can be called.
            approve: asks before another plugin runs the first time.
        """
        super().__init__(parent)
        self.setObjectName("calls")
        self.setWindowTitle(f"Call {visible(callee.manifest.name)}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._callee = callee
        self._approve = approve
        self._types: dict[str, str] = {}
        self._asked = QTimer(self, interval=_ASKED_MS, singleShot=True)
        self._places = [0]
        """In the list of plugins: of those that were chosen, the last one last."""
        self.conversation = Conversation(hosts, callee, self)
        self.plugin = QComboBox(self)
        self.function = QComboBox(self)
        self.arguments = QLineEdit(self)
        self.type = plain_label("", self)
        self.every_second = QCheckBox("Every &second", self)
        self.call = QPushButton("&Call", self)
        self.news = plain_label("", self)
        self.answers = QPlainTextEdit(self)
        self._fill(others)
        self._lay_out()
        self._connect()
        self.resize(*_SIZE)
        background.run(
            lambda: callable_names(callee.path, callee.manifest), self._name, lambda error: self._tell(str(error))
        )

    def done(self, result: int) -> None:
        """The dialog is being closed, in whichever way: ends the plugin's process."""
        self.conversation.close()
        super().done(result)

    def _fill(self, others: Sequence[Report]) -> None:
        self.plugin.addItem(_title(self._callee.manifest.name, self._callee.path.name), None)
        for report in others:
            self.plugin.addItem(_title(report.name, report.path.name), report)
        self.plugin.setAccessibleName("The plugin that answers")
        self.plugin.setToolTip("Another one takes over between two calls, once it has answered a call of its own")
        self.function.setEditable(True)
        self.function.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.function.setAccessibleName("The function to call")
        self.arguments.setPlaceholderText("separated by spaces, “quoted” where one has a space")
        self.answers.setReadOnly(True)
        self.answers.setAccessibleName("Answers")
        self.answers.setPlaceholderText("Answers come here.")
        self.answers.setMaximumBlockCount(_LINES_KEPT)
        self.answers.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        tint(self.news, Tone.CAUTION)
        self.news.hide()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(SPACING)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Plugin", self.plugin)
        form.addRow("&Function", self.function)
        form.addRow("", self.type)
        form.addRow("&Arguments", self.arguments)
        form.addRow("", self.every_second)
        buttons = close_box(self)
        buttons.addButton(self.call, QDialogButtonBox.ButtonRole.ActionRole)
        self.call.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(SPACING)
        column.addLayout(form)
        column.addWidget(self.news)
        column.addWidget(self.answers, 1)
        column.addWidget(buttons)

    def _connect(self) -> None:
        self.call.clicked.connect(self._call)
        self.every_second.toggled.connect(self._repeat)
        self.function.editTextChanged.connect(self._changed)
        self.arguments.textChanged.connect(self._changed)
        self.plugin.activated.connect(self._choose)
        self._asked.timeout.connect(self._point_at_question)
        self.conversation.answered.connect(self._show)
        self.conversation.refused.connect(self._refuse)

    def _name(self, names: Sequence[tuple[str, str]]) -> None:
        self._types = dict(names)
        typed = self.function.currentText()
        self.function.addItems(list(self._types))
        if typed:
            self.function.setEditText(typed)
        self._changed()

    def _changed(self) -> None:
        """Another function or other arguments: what was repeated was something else."""
        self.every_second.setChecked(False)
        name = self.function.currentText()
        self.type.setText(visible(self._types.get(name, ""), 500))
        self.call.setEnabled(bool(name))
        self.every_second.setEnabled(bool(name))

    def _call(self) -> None:
        if (arguments := self._split()) is not None:
            self.conversation.call(self.function.currentText(), arguments)

    def _repeat(self, wanted: bool) -> None:
        if not wanted:
            self.conversation.rest()
        elif (arguments := self._split()) is not None:
            self.conversation.repeat(self.function.currentText(), arguments)
        else:
            self.every_second.setChecked(False)

    def _split(self) -> tuple[str, ...] | None:
        self._tell("")
        try:
            return split_arguments(self.arguments.text())
        except ValueError as error:
            self._tell(str(error))
            return None

    def _choose(self, place: int) -> None:
        self._tell("")
        self._asked.stop()
        self._places.append(place)
        report = self.plugin.itemData(place)
        if report is None:
            self.conversation.choose(self._callee)
        elif report.manifest:
            self._asked.start()
            self._approve(report, partial(self._choose_approved, place), partial(self._choose_refused, place))

    def _choose_approved(self, place: int, approval: Approval) -> None:
        if self._is_answered(place):
            report = self.plugin.itemData(place)
            self.conversation.choose(Callee(report.path, report.manifest, approval))

    def _choose_refused(self, place: int) -> None:
        if self._is_answered(place):
            self._go_back(place)

    def _is_answered(self, place: int) -> bool:
        """Whether an answer about a plugin still counts: the dialog may be closed by now, or another one chosen."""
        if not isValid(self) or self.plugin.currentIndex() != place:
            return False
        self._asked.stop()
        self._tell("")
        return True

    def _point_at_question(self) -> None:
        """The question stands in the window, which may lie behind this dialog."""
        name = visible(self.plugin.currentText(), 100)
        self._tell(f"{name} waits for your answer in Plugdeck's window. The plugin before it goes on until then.")

    def _show(self, beat: Beat) -> None:
        self.answers.appendPlainText(beat_line(beat))

    def _refuse(self, callee: Callee, why: str) -> None:
        self._go_back(self._places[-1])
        name = visible(callee.manifest.name, 100)
        self._tell(f"{name} did not take over, and the one before it goes on: {visible(why, 1000)}")

    def _go_back(self, place: int) -> None:
        """The plugin at this place of the list is not to answer: shows again which one does."""
        self._places = [chosen for chosen in self._places if chosen != place] or [0]
        self.plugin.setCurrentIndex(self._places[-1])

    def _tell(self, news: str) -> None:
        self.news.setText(news)
        self.news.setVisible(bool(news))


def _title(name: str, file: str) -> str:
    return visible(f"{name} — {file}", 200)
