"""One finding: shape and severity in words, the sentence, what was seen, and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QToolButton, QWidget

from plugdeck.compat.finding import Finding
from plugdeck.ui.marks import SEVERITY_MARKS, SIZE, icon_of
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text

MOST_EVIDENCE = 30


class FindingCard(QFrame):
    """Every part of it can be selected; a button copies the whole."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(f"{finding.severity}: {visible_text(finding.message)}")
        mark = QLabel(self)
        mark.setPixmap(icon_of(SEVERITY_MARKS[finding.severity], self.palette()).pixmap(SIZE, SIZE))
        severity = plain_label(str(finding.severity).capitalize(), self, wraps=False)
        tint(severity, SEVERITY_MARKS[finding.severity][1])
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnStretch(2, 1)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(mark, 0, 0, top)
        grid.addWidget(severity, 0, 1, top)
        grid.addWidget(self._copy_button(finding), 0, 3, top)
        for row, label in enumerate(self._texts(finding)):
            grid.addWidget(label, row, 2)

    def _texts(self, finding: Finding) -> list[QLabel]:
        """What is to be read, from top to bottom."""
        labels = [self._message(finding)]
        if finding.evidence:
            labels.append(self._evidence(finding))
        if finding.remedy:
            labels.append(plain_label(f"→ {visible_text(finding.remedy)}", self))
        identifier = plain_label(finding.id, self)
        tint(identifier, Tone.QUIET)
        return [*labels, identifier]

    def _message(self, finding: Finding) -> QLabel:
        label = plain_label(visible_text(finding.message), self)
        font = QFont(label.font())
        font.setWeight(QFont.Weight.DemiBold)
        label.setFont(font)
        return label

    def _evidence(self, finding: Finding) -> QLabel:
        lines = [visible_text(line) for line in finding.evidence[:MOST_EVIDENCE]]
        if len(finding.evidence) > MOST_EVIDENCE:
            lines.append(f"… {len(finding.evidence) - MOST_EVIDENCE} more lines")
        label = plain_label("\n".join(lines), self)
        label.setAccessibleName("What was seen")
        label.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        tint(label, Tone.QUIET)
        return label

    def _copy_button(self, finding: Finding) -> QToolButton:
        button = QToolButton(self)
        button.setText("Copy")
        button.setAutoRaise(True)
        button.setAccessibleName("Copy this finding as text")
        button.clicked.connect(lambda: QGuiApplication.clipboard().setText(finding_text(finding)))
        return button


def finding_text(finding: Finding) -> str:
    """The finding with all of its evidence as lines of text."""
    lines = [f"{finding.severity}: {visible_text(finding.message)} [{finding.id}]"]
    lines += [f"    {visible_text(line)}" for line in finding.evidence]
    lines += [visible_text(finding.remedy)] if finding.remedy else []
    return "\n".join(lines)
