"""What is known of a plugin before it runs, line by line: name, place, signature, hash, findings, confinement."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from plugdeck.hosting.sandbox.confinement import Permissions, Tier
from plugdeck.text import visible
from plugdeck.trust.question import Question
from plugdeck.ui.chain.toned_label import TonedLabel
from plugdeck.ui.marks import SIZE, icon_of
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.trust.fingerprint import Fingerprint
from plugdeck.ui.trust.permission_words import NOTHING_MORE, PATH_LIMIT, permission_lines
from plugdeck.ui.trust.permissions_editor import PermissionsEditor
from plugdeck.ui.trust.question_words import TIER_MARKS, Mark, confinement, findings_in_short, own_words, signature

_SIGNED, _CHECKED, _CONFINED = "Signed", "Checked", "Confined"
_EVERYTHING = "Everything that you may do: without confinement, nothing can be kept from it."


class QuestionFacts(QWidget):
    """A line a fact: its name, a shape where it is good or bad news, and the words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.identity, self.purpose = plain_label("", self), TonedLabel(Tone.QUIET, self)
        self.origin, self.signature = plain_label("", self), plain_label("", self)
        self.fingerprint = Fingerprint(self)
        self.findings, self.confinement = plain_label("", self), plain_label("", self)
        self.why = TonedLabel(Tone.QUIET, self)
        self.permissions_words = plain_label("", self)
        self.more = QPushButton("Let it do &more…", self)
        self.editor = PermissionsEditor(self)
        self._marks: dict[str, QLabel] = {}
        self._spoken: list[tuple[str, QLabel]] = []
        self._grid = QGridLayout(self)
        self._lay_out()
        self.more.clicked.connect(self._open_editor)

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
        held, why = confinement(question)
        self.confinement.setText(held)
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self._show_permissions(question)
        for name, label in self._spoken:
            label.setAccessibleName(f"{name}: {label.text()}")
        self.paint(question)

    def paint(self, question: Question) -> None:
        """Paints the shapes in the colours of the palette."""
        marks: dict[str, Mark] = {
            _SIGNED: signature(question.signature)[1],
            _CHECKED: findings_in_short(question.report.findings)[1],
            _CONFINED: TIER_MARKS[question.tier],
        }
        for name, label in self._marks.items():
            if name in marks:
                label.setPixmap(icon_of(marks[name], self.palette()).pixmap(SIZE, SIZE))

    def _show_permissions(self, question: Question) -> None:
        """Without confinement there is nothing to allow: it has all of the user's rights."""
        is_held = question.tier is not Tier.LIMITED
        self.editor.show_permissions(question.permissions)
        lines = permission_lines(question.permissions)
        self.permissions_words.setText("\n".join(lines) or NOTHING_MORE if is_held else _EVERYTHING)
        self.permissions_words.setVisible(not (is_held and lines))
        self.editor.setVisible(bool(is_held and lines))
        self.more.setVisible(is_held and not lines)

    def _open_editor(self) -> None:
        self.more.hide()
        self.permissions_words.hide()
        self.editor.show()
        self.editor.read.setFocus()

    def _lay_out(self) -> None:
        self.more.setAutoDefault(False)
        self.more.setAccessibleName("Let it do more: read or change folders, use the network")
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SPACING)
        self._grid.setVerticalSpacing(SPACING)
        self._grid.setColumnStretch(2, 1)
        for label in (self.purpose, self.why):
            label.make_readable()
        self._add("Plugin", self.identity, self.purpose)
        self._add("From", self.origin)
        self._add(_SIGNED, self.signature)
        self._add(_CHECKED, self.findings)
        self._add(_CONFINED, self.confinement, self.why)
        self._add("It may", self.permissions_words, self.more, self.editor)
        self._add("SHA-256", self.fingerprint)
        self.more.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def _add(self, name: str, *parts: QWidget) -> None:
        row = self._grid.rowCount()
        top = Qt.AlignmentFlag.AlignTop
        caption = TonedLabel(Tone.QUIET, self)
        caption.setText(name)
        mark = self._marks[name] = QLabel(self)
        cell = QVBoxLayout()
        cell.setSpacing(2)
        for part in parts:
            if isinstance(part, QLabel):
                self._spoken.append((name, part))
            cell.addWidget(part)
        self._grid.addWidget(caption, row, 0, top)
        self._grid.addWidget(mark, row, 1, top)
        self._grid.addLayout(cell, row, 2)
