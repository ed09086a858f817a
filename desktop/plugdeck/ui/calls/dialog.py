"""The window in which functions of a plugin are called: once, or once a second while plugins are swapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from plugdeck.catalogue.report import Report
from plugdeck.chain.callable_names import callable_names
from plugdeck.chain.calling import Beat, Callee
from plugdeck.chain.transform_host import HostFactory
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.text import visible
from plugdeck.ui.background import Background
from plugdeck.ui.calls.conversation import Conversation
from plugdeck.ui.calls.form import CallForm
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
        self._asked = QTimer(self, interval=_ASKED_MS, singleShot=True)
        self._places = [0]
        """In the list of plugins: of those that were chosen, the last one last."""
        self.conversation = Conversation(hosts, callee, self)
        self.form = CallForm(callee, others, self)
        self.call = QPushButton("&Call", self)
        self.news = plain_label("", self)
        self.answers = QPlainTextEdit(self)
        self._dress()
        self._lay_out()
        self._connect()
        self.resize(*_SIZE)
        background.run(
            lambda: callable_names(callee.path, callee.manifest),
            self.form.name_functions,
            lambda error: self._tell(str(error)),
        )

    def done(self, result: int) -> None:
        """The dialog is being closed, in whichever way: ends the plugin's process."""
        self.conversation.close()
        super().done(result)

    def _dress(self) -> None:
        self.answers.setReadOnly(True)
        self.answers.setAccessibleName("Answers")
        self.answers.setPlaceholderText("Answers come here.")
        self.answers.setMaximumBlockCount(_LINES_KEPT)
        self.answers.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        tint(self.news, Tone.CAUTION)
        self.news.hide()

    def _lay_out(self) -> None:
        buttons = close_box(self)
        buttons.addButton(self.call, QDialogButtonBox.ButtonRole.ActionRole)
        self.call.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACING, 2 * SPACING, 2 * SPACING, 2 * SPACING)
        column.setSpacing(SPACING)
        column.addWidget(self.form)
        column.addWidget(self.news)
        column.addWidget(self.answers, 1)
        column.addWidget(buttons)

    def _connect(self) -> None:
        self.call.clicked.connect(self._call)
        self.form.every_second.toggled.connect(self._repeat)
        self.form.changed.connect(lambda: self.call.setEnabled(bool(self.form.function.currentText())))
        self.form.plugin.activated.connect(self._choose)
        self._asked.timeout.connect(self._point_at_question)
        self.conversation.answered.connect(self._show)
        self.conversation.refused.connect(self._refuse)

    def _call(self) -> None:
        if (arguments := self._split()) is not None:
            self.conversation.call(self.form.function.currentText(), arguments)

    def _repeat(self, wanted: bool) -> None:
        if not wanted:
            self.conversation.rest()
        elif (arguments := self._split()) is not None:
            self.conversation.repeat(self.form.function.currentText(), arguments)
        else:
            self.form.every_second.setChecked(False)

    def _split(self) -> tuple[str, ...] | None:
        self._tell("")
        try:
            return split_arguments(self.form.arguments.text())
        except ValueError as error:
            self._tell(str(error))
            return None

    def _choose(self, place: int) -> None:
        self._tell("")
        self._asked.stop()
        self._places.append(place)
        report = self.form.plugin.itemData(place)
        if report is None:
            self.conversation.choose(self._callee)
        elif report.manifest:
            self._asked.start()
            self._approve(report, partial(self._choose_approved, place), partial(self._choose_refused, place))

    def _choose_approved(self, place: int, approval: Approval) -> None:
        if self._is_answered(place):
            report = self.form.plugin.itemData(place)
            self.conversation.choose(Callee(report.path, report.manifest, approval))

    def _choose_refused(self, place: int) -> None:
        if self._is_answered(place):
            self._go_back(place)

    def _is_answered(self, place: int) -> bool:
        """Whether an answer about a plugin still counts: the dialog may be closed by now, or another one chosen."""
        if not isValid(self) or self.form.plugin.currentIndex() != place:
            return False
        self._asked.stop()
        self._tell("")
        return True

    def _point_at_question(self) -> None:
        """The question stands in the window, which may lie behind this dialog."""
        name = visible(self.form.plugin.currentText(), 100)
        self._tell(f"{name} waits for your answer in Plugdeck's window. The plugin before it goes on until then.")

    def _show(self, beat: Beat, symbol: str, arguments: tuple[str, ...]) -> None:
        self.answers.appendPlainText(beat_line(beat, symbol, arguments))

    def _refuse(self, callee: Callee, why: str) -> None:
        self._go_back(self._places[-1])
        name = visible(callee.manifest.name, 100)
        self._tell(f"{name} did not take over, and the one before it goes on: {visible(why, 1000)}")

    def _go_back(self, place: int) -> None:
        """The plugin at this place of the list is not to answer: shows again which one does."""
        self._places = [chosen for chosen in self._places if chosen != place] or [0]
        self.form.plugin.setCurrentIndex(self._places[-1])

    def _tell(self, news: str) -> None:
        self.news.setText(news)
        self.news.setVisible(bool(news))
