"""The Compatibility tab: for which host, what it comes to, and each finding, to read and to copy."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from plugdeck.catalogue.report import Report
from plugdeck.ui.details.finding_card import FindingCard, finding_text
from plugdeck.ui.details.gone import is_gone
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.host.judgement import BY_OWN_WORKER, OWN_WORKER, Judgement, host_words
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS

MOST_CARDS = 40


class CompatibilityTab(QScrollArea):
    """The findings as cards, from the worst to the mildest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject: Subject | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Compatibility findings")

    def show_subject(self, subject: Subject | None) -> None:
        """Shows another report's findings, or the same ones of another host."""
        before, self._subject = self._subject, subject
        if _matter(before) != _matter(subject):
            self._fill()

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shapes again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._subject:
            self._fill()

    def _fill(self) -> None:
        content = QWidget(self)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        if self._subject:
            report, judged = self._subject.report, self._subject.judged
            layout.addLayout(self._summary(report, judged, content))
            for finding in report.findings[:MOST_CARDS]:
                layout.addWidget(FindingCard(finding, content))
            more = len(report.findings) - MOST_CARDS
            if more > 0:
                layout.addWidget(plain_label(f"… and {more} more; “Copy report” has every one.", content))
        layout.addStretch(1)
        self.setWidget(content)

    def _summary(self, report: Report, judged: Judgement, parent: QWidget) -> QHBoxLayout:
        row, words = QHBoxLayout(), QVBoxLayout()
        words.setSpacing(SPACING // 2)
        words.addWidget(_quiet(host_line(judged), parent))
        words.addWidget(plain_label(summary_of(report), parent))
        if worker := worker_line(judged):
            words.addWidget(plain_label(worker, parent))
        row.addLayout(words, 1)
        copy = QPushButton("Copy report", parent)
        copy.setAccessibleName("Copy the verdict with all findings as text")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report_text(report, judged)))
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        return row


def _matter(subject: Subject | None) -> tuple[int, Judgement] | None:
    """What the page depends on: reports are told apart by which they are, comparing them takes long."""
    return (id(subject.report), subject.judged) if subject else None


def _quiet(text: str, parent: QWidget) -> QLabel:
    label = plain_label(text, parent)
    tint(label, Tone.QUIET)
    return label


def host_line(judged: Judgement) -> str:
    """Which host the verdict speaks of."""
    line = f"Judged for {host_words(judged.choice)}."
    return f"{line} This verdict is an old one: the chosen host is another." if judged.is_stale else line


def worker_line(judged: Judgement) -> str:
    """What the own worker says, where the verdict is another host's; empty where it is its own."""
    if judged.is_own:
        return ""
    if judged.by_worker is None:
        return f"Load uses {OWN_WORKER}, which is being asked…"
    return f"Load uses {OWN_WORKER}: {summary_of(judged.by_worker)}"


def summary_of(report: Report) -> str:
    """What the findings come to, in a sentence."""
    loads = "The dynamic loader would accept this file." if report.loads else "The dynamic loader would refuse it."
    if any(found.stops_load and found.id.startswith("go.") for found in report.findings):
        loads = "Opening it would fail."  # the loader may well map it; Go is what stands against it
    if is_gone(report):
        loads = "What follows is of the file as it was."
    elif report.facts is None:
        loads = "The file could not be read."
    if not report.findings:
        return f"{STATUS_WORDS[report.status]}. {loads} Nothing speaks against it."
    return f"{STATUS_WORDS[report.status]}. {loads}"


def report_text(report: Report, judged: Judgement = BY_OWN_WORKER) -> str:
    """The whole verdict as text, for a message to somebody else."""
    lines = [visible_text(str(report.path)), host_line(judged), summary_of(report), worker_line(judged)]
    findings = [f"\n{finding_text(finding)}" for finding in report.findings]
    return "\n".join([*filter(None, lines), *findings]) + "\n"
