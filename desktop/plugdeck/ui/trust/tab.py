"""The Permissions tab: what a loaded plugin may do, what it tried, and what the user's yes rests on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import localtime, strftime
from typing import TypeVar

from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from plugdeck.chain.step import StepView
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.trust.permission_edit import PermissionEdit
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.plugins.placeholder import Placeholder
from plugdeck.ui.services import Services
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.trust.fact_grid import FactGrid
from plugdeck.ui.trust.fingerprint import Fingerprint
from plugdeck.ui.trust.permissions_editor import PermissionsEditor
from plugdeck.ui.trust.question_words import signature
from plugdeck.ui.trust.standing import Standing, Standings
from plugdeck.ui.trust.tried import Tried
from plugdeck.ui.visible_text import visible_text

Result = TypeVar("Result")

_TRIED, _SIGNED = "It tried", "Signed"
_SHARED = "Only plugins that are allowed the same may share its process, and after a change it has one of its own."
_STILL_OLD = (
    "It did not come up with these, so the process from before goes on, with what that was allowed. "
    "Take it out of the chain to end it."
)
_HIDDEN = "Files that it may not read are not there for it: which ones it looked for is not known."
_RESTARTS = "A change starts its process again, with the same settings, and is remembered for exactly this file."


class PermissionsTab(QWidget):
    """Widening is always the user's act; taking back works at once, too."""

    def __init__(self, services: Services, standings: Standings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._standings = standings
        self._step: StepView | None = None
        self._standing: Standing | None = None
        self.nothing = Placeholder(self)
        self.editor = PermissionsEditor(services.background, self)
        self.note = TonedLabel(Tone.QUIET, self)
        self.tried = Tried(self)
        self.confinement = plain_label("", self)
        self.allowed = plain_label("", self)
        self.withdraw = QPushButton("Take my yes &back", self)
        self.signature = plain_label("", self)
        self.fingerprint = Fingerprint(self)
        self._facts = FactGrid(self)
        self._lay_out()
        self._connect()

    def show_subject(self, subject: Subject | None) -> None:
        """Shows a loaded plugin's permissions, or how to get at some."""
        self._step = step = subject.step if subject else None
        if step is None or not step.sha256:
            self._say_nothing(subject)
            return
        self._stack.setCurrentIndex(1)
        self._show_step(step)

    def _say_nothing(self, subject: Subject | None) -> None:
        if subject is None:
            self.nothing.say("Nothing is selected", "Select a loaded plugin to see what it may do.")
        else:
            self.nothing.say(
                "It is not in the chain",
                "What it may do is changed here while it is. Before a plugin runs for the first time, in the chain or "
                "to answer a call, you are asked; your answers are in File → Preferences.",
            )
        self._stack.setCurrentIndex(0)

    def _show_step(self, step: StepView) -> None:
        self._standing = standing = self._standings.of(step.sha256, step.path)
        self.editor.setEnabled(bool(standing))  # until then it shows what another plugin may do
        self.tried.show_attempts(step.denied)
        self.tried.setVisible(bool(step.denied))
        self._facts.show_fact(_TRIED, bool(step.denied))
        self.confinement.setText(visible_text(step.confinement) or "It is not running.")
        self.fingerprint.show_hash(step.sha256)
        if standing:
            self._show_standing(step, standing)
        self._facts.name_labels()

    def _show_standing(self, step: StepView, standing: Standing) -> None:
        approval = standing.approval
        self.editor.show_permissions(approval.permissions if approval else Permissions(), step.key)
        hindrance = _hindrance(step, approval)
        for widget in (self.editor, self.tried):
            widget.setEnabled(not hindrance)
        mode = step.mode or self._services.hosts.mode
        shared = f" {_SHARED}" if mode is HostingMode.TOGETHER and not step.manifest.needs_own_process else ""
        self.note.setText(hindrance or f"{_RESTARTS} {_HIDDEN}{shared}")
        self.allowed.setText(_allowed_words(standing))
        self.withdraw.setVisible(bool(standing.decision and standing.decision.approval))
        words, mark = signature(standing.signature)
        self.signature.setText(words)
        self._facts.paint_mark(_SIGNED, mark)

    def _change_permissions(self, edit: PermissionEdit) -> None:
        """Remembers the change, and then starts the plugin with what it may do by now."""
        step, standing = self._step, self._standing
        if step is None or standing is None:
            return
        chain, records = self._services.chain, self._services.records
        unasked = standing.unasked(step)

        def start(approval: Approval | None) -> None:
            if approval:
                chain.replace(step.key, step.manifest, approval)

        self._keep(lambda: records.change_permissions(step.sha256, edit, unasked=unasked), start)

    def _keep(self, change: Callable[[], Result], then: Callable[[Result], None] = lambda _: None) -> None:
        """Decides something off the GUI thread, and tells when it could not be saved."""
        records, failed = self._services.records, self._standings.failed.emit

        def go_on(done: tuple[Result, str]) -> None:
            result, unsaved = done
            if unsaved:
                failed(PlugdeckError(unsaved))
            then(result)

        self._services.background.run(lambda: (change(), records.unsaved_notice), go_on, failed)

    def _allow_network(self) -> None:
        if (standing := self._standing) and (approval := standing.approval):
            self.editor.offer(replace(approval.permissions, network=True))

    def _ask_for_folder(self, start: Path, writable: bool) -> None:
        self.editor.ask_for_folder(writable=writable, start=start)

    def _withdraw(self) -> None:
        if step := self._step:
            sha256, records = step.sha256, self._services.records
            self._keep(lambda: records.withdraw(sha256))

    def _renew(self) -> None:
        with suppress(RuntimeError):  # the window may be closing
            if self._step and self._step.sha256:
                self._show_step(self._step)

    def _connect(self) -> None:
        self.editor.edited.connect(self._change_permissions)
        self.tried.network_wanted.connect(self._allow_network)
        self.tried.folder_wanted.connect(self._ask_for_folder)
        self.withdraw.clicked.connect(self._withdraw)
        self._standings.changed.connect(self._renew)

    def _lay_out(self) -> None:
        self.note.make_readable()
        self.withdraw.setAutoDefault(False)
        self.withdraw.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.withdraw.setToolTip("What runs goes on; you are asked before it is loaded again")
        facts = self._facts
        facts.add_fact("It may", self.editor, self.note)
        facts.add_fact(_TRIED, self.tried)
        facts.add_fact("Confined", self.confinement)
        facts.add_fact("Allowed", self.allowed, self.withdraw)
        facts.add_fact(_SIGNED, self.signature)
        facts.add_fact("SHA-256", self.fingerprint)
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        column.addWidget(facts)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(scroll.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(scroll)


def _hindrance(step: StepView, approval: Approval | None) -> str:
    """Why nothing can be changed now; empty when it can."""
    if approval is None:
        return "You took your yes back. You are asked again, and about this too, before it is loaded the next time."
    if step.stale or step.is_deleted:
        return "Its file changed since it was loaded. What the new one may do is asked when you use it."
    if step.confinement.startswith(Tier.LIMITED.words):
        return "Nothing confines it, so there is nothing that it could be allowed or refused."
    if step.not_taken and step.is_loaded and step.approval.permissions != approval.permissions:
        return _STILL_OLD
    if step.is_kept_off or step.quarantine:
        return "It is kept from running. Start it again first."
    return ""


def _allowed_words(standing: Standing) -> str:
    decision = standing.decision
    if decision and decision.approval:
        return f"You said yes to it on {strftime('%Y-%m-%d', localtime(decision.decided))}."
    return "It comes with Plugdeck, so you were not asked." if standing.is_shipped else "You took your yes back."
