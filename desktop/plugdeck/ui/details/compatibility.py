"""The Compatibility tab: each finding with its severity, evidence and remedy, to read and to copy."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Finding
from plugdeck.ui.details.gone import is_gone
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.marks import SEVERITY_MARKS, SIZE, icon_of
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS

MOST_CARDS = 40
MOST_EVIDENCE = 30


class CompatibilityTab(QScrollArea):
    """The findings as cards, from the worst to the mildest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: Report | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Compatibility findings")

    def show_subject(self, subject: Subject | None) -> None:
        """Shows another report's findings."""
        report = subject.report if subject else None
        if report is not self._report:
            self._report = report
            self._fill()

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shapes again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._report:
            self._fill()

    def _fill(self) -> None:
        content = QWidget(self)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        if self._report:
            layout.addLayout(self._summary(self._report, content))
            for finding in self._report.findings[:MOST_CARDS]:
                layout.addWidget(FindingCard(finding, content))
            more = len(self._report.findings) - MOST_CARDS
            if more > 0:
                layout.addWidget(plain_label(f"… and {more} more; “Copy all” has every one.", content))
        layout.addStretch(1)
        self.setWidget(content)

    def _summary(self, report: Report, parent: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(plain_label(summary_of(report), parent), 1)
        if report.findings:
            copy = QPushButton("Copy all", parent)
            copy.setAccessibleName("Copy all findings as text")
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report_text(report)))
            row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        return row


class FindingCard(QFrame):
    """One finding: shape and severity in words, the sentence, what was seen, what to do."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAccessibleName(f"{finding.severity}: {visible_text(finding.message)}")
        mark = QLabel(self)
        mark.setPixmap(icon_of(SEVERITY_MARKS[finding.severity], self.palette()).pixmap(SIZE, SIZE))
        severity = plain_label(str(finding.severity).capitalize(), self, wraps=False)
        tint(severity, SEVERITY_MARKS[finding.severity][1])
        message = plain_label(visible_text(finding.message), self)
        font = QFont(message.font())
        font.setWeight(QFont.Weight.DemiBold)
        message.setFont(font)
        layout = QGridLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setHorizontalSpacing(SPACING)
        layout.setVerticalSpacing(SPACING // 2)
        layout.setColumnStretch(2, 1)
        top = Qt.AlignmentFlag.AlignTop
        layout.addWidget(mark, 0, 0, top)
        layout.addWidget(severity, 0, 1, top)
        layout.addWidget(message, 0, 2)
        if finding.evidence:
            layout.addWidget(self._evidence(finding), 1, 2)
        if finding.remedy:
            layout.addWidget(plain_label(visible_text(finding.remedy), self), 2, 2)
        identifier = plain_label(finding.id, self)
        tint(identifier, Tone.QUIET)
        layout.addWidget(identifier, 3, 2)

    def _evidence(self, finding: Finding) -> QLabel:
        lines = [visible_text(line) for line in finding.evidence[:MOST_EVIDENCE]]
        if len(finding.evidence) > MOST_EVIDENCE:
            lines.append(f"… {len(finding.evidence) - MOST_EVIDENCE} more lines")
        label = plain_label("\n".join(lines), self)
        label.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        tint(label, Tone.QUIET)
        return label


def summary_of(report: Report) -> str:
    """What the findings come to, in a sentence."""
    loads = "The dynamic loader would accept this file." if report.loads else "The dynamic loader would refuse it."
    if is_gone(report):
        loads = "What follows is of the file as it was."
    elif report.facts is None:
        loads = "The file could not be read."
    if not report.findings:
        return f"{STATUS_WORDS[report.status]}. {loads} Nothing speaks against it."
    return f"{STATUS_WORDS[report.status]}. {loads}"


def report_text(report: Report) -> str:
    """The whole verdict as text, for a message to somebody else."""
    lines = [visible_text(str(report.path)), summary_of(report)]
    for finding in report.findings:
        lines += ["", f"{finding.severity}: {visible_text(finding.message)} [{finding.id}]"]
        lines += [f"    {visible_text(line)}" for line in finding.evidence]
        lines += [visible_text(finding.remedy)] if finding.remedy else []
    return "\n".join(lines) + "\n"
