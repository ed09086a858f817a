"""What is known of a plugin before it runs: name, place, signature, findings, confinement, permissions, hash."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Permissions, Tier
from plugdeck.text import visible
from plugdeck.trust.question import Question
from plugdeck.trust.question_text import first_load_words
from plugdeck.ui.background import Background
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import Tone
from plugdeck.ui.trust.fact_grid import FactGrid
from plugdeck.ui.trust.fingerprint import Fingerprint
from plugdeck.ui.trust.permission_words import NOTHING_MORE, ONLY_CALLS, PATH_LIMIT
from plugdeck.ui.trust.permissions_editor import PermissionsEditor
from plugdeck.ui.trust.question_words import (
    TIER_MARKS,
    confinement,
    findings_in_short,
    own_words,
    readable_files,
    signature,
)

_SIGNED, _CHECKED, _FIRST_LOAD, _CONFINED = "Signed", "Checked", "First load", "Confined"
_READS = "Beside that, it sees files that have its name, and libraries that it needs:"
_EVERYTHING = "Do everything that you may do: without confinement, nothing can be kept from it."


class QuestionFacts(FactGrid):
    """The permissions are closed at first: most plugins need none."""

    opened = Signal()
    """There is more to see than before."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.identity, self.purpose = plain_label("", self), TonedLabel(Tone.QUIET, self)
        self.origin, self.signature = plain_label("", self), plain_label("", self)
        self.fingerprint = Fingerprint(self)
        self.findings, self.confinement = plain_label("", self), plain_label("", self)
        self.why = TonedLabel(Tone.QUIET, self)
        self.first_load = plain_label("", self)
        self.files = plain_label("", self)
        self.permissions_words = plain_label("", self)
        self.more = QPushButton("Let it do &more…", self)
        self.editor = PermissionsEditor(background, self)
        self._lay_out()
        self.more.clicked.connect(self._open_editor)
        self.editor.edited.connect(self.opened)

    @property
    def permissions(self) -> Permissions:
        """What the user wants to allow it."""
        return self.editor.permissions

    def show_question(self, question: Question) -> None:
        """Shows another plugin."""
        who, purpose = own_words(question)
        self.identity.setText(who)
        self.purpose.setText(f"It says: {purpose}" if purpose else "")
        self.purpose.setVisible(bool(purpose))
        self.origin.setText(visible(question.origin, PATH_LIMIT))
        self.signature.setText(signature(question.signature)[0])
        self.fingerprint.show_hash(question.sha256)
        self.findings.setText(findings_in_short(question.report.findings)[0])
        why_long = first_load_words(question.report)
        self.first_load.setText(why_long)
        self.first_load.setVisible(bool(why_long))
        self.show_fact(_FIRST_LOAD, bool(why_long))
        held, why = confinement(question)
        self.confinement.setText(held)
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self._show_permissions(question)
        self.name_labels()
        self.paint(question)

    def paint(self, question: Question) -> None:
        """Paints the shapes in the colours of the palette."""
        self.paint_mark(_SIGNED, signature(question.signature)[1])
        self.paint_mark(_CHECKED, findings_in_short(question.report.findings)[1])
        self.paint_mark(_CONFINED, TIER_MARKS[question.tier])

    def _show_permissions(self, question: Question) -> None:
        """Without confinement there is nothing to allow: it has all of the user's rights."""
        is_held = question.tier is not Tier.LIMITED
        self.editor.show_permissions(question.permissions, question.sha256)
        has_some = question.permissions != NO_PERMISSIONS
        manifest = question.report.manifest
        nothing_more = NOTHING_MORE if manifest and manifest.is_transform else ONLY_CALLS
        self.editor.nothing.setText(nothing_more)
        self.permissions_words.setText(nothing_more if is_held else _EVERYTHING)
        self.permissions_words.setVisible(not (is_held and has_some))
        self.editor.setVisible(is_held and has_some)
        self.more.setVisible(is_held and not has_some)
        self.files.setText(f"{_READS}\n{readable_files(question)}")
        self.files.setVisible(bool(question.files))

    def _open_editor(self) -> None:
        self.more.hide()
        self.permissions_words.hide()
        self.editor.show()
        self.editor.read.setFocus()
        self.opened.emit()

    def _lay_out(self) -> None:
        self.more.setAutoDefault(False)
        self.more.setAccessibleName("Let it do more: read or change folders, use the network")
        self.more.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for label in (self.purpose, self.why):
            label.make_readable()
        self.add_fact("Plugin", self.identity, self.purpose)
        self.add_fact("From", self.origin)
        self.add_fact(_SIGNED, self.signature)
        self.add_fact(_CHECKED, self.findings)
        self.add_fact(_FIRST_LOAD, self.first_load)
        self.add_fact(_CONFINED, self.confinement, self.why)
        self.add_fact("It may", self.permissions_words, self.files, self.more, self.editor)
        self.add_fact("SHA-256", self.fingerprint)
