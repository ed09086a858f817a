"""One file that somebody wants to install: the verdict, and two buttons. Part of the layout, never a dialog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from plugdeck.catalogue.install import Proposal
from plugdeck.catalogue.report import Status
from plugdeck.ui.install.words import consequence, headline, verdict
from plugdeck.ui.marks import SIZE, STATUS_MARKS, icon_of
from plugdeck.ui.plain_label import plain_label, tint
from plugdeck.ui.theme import SPACING, Tone
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS

if TYPE_CHECKING:
    from plugdeck.catalogue.difference import Difference


class ProposalBar(QFrame):
    """First says that the file is being read, then shows its ``Proposal``."""

    install_wanted = Signal()
    show_wanted = Signal()
    """The user wants to see the plugin that is installed already."""
    compare_wanted = Signal()
    """The user wants to see every change from the plugin that is there already."""
    dismissed = Signal()

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.proposal: Proposal | None = None
        self.difference: Difference | None = None
        self._mark = QLabel(self)
        self._mark.setFixedSize(SIZE, SIZE)
        self.headline = plain_label(f"Reading {visible_text(path.name)}…", self)
        self.verdict = plain_label("", self)
        self.consequence = plain_label("", self)
        self.changes = plain_label("", self)
        self.install = QPushButton("&Install", self)
        self.show_it = QPushButton("&Show it", self)
        self.compare = QPushButton("&Compare…", self)
        self.dismiss = QPushButton("&Dismiss", self)
        self._dress()
        self._lay_out()

    @property
    def is_installable(self) -> bool:
        """Whether pressing Install makes sense now."""
        proposal = self.proposal
        return bool(proposal and not proposal.refusal and not proposal.already and self.install.isEnabled())

    @property
    def fits(self) -> bool:
        """Whether the plugin would load here."""
        return self.proposal is not None and self.proposal.report.status in {Status.COMPATIBLE, Status.WARNING}

    def show_proposal(self, proposal: Proposal, whose: str = "") -> None:
        """Shows the verdict and what can be done; ``whose`` says which host's verdict, where that is a question."""
        self.proposal = proposal
        self.headline.setText(headline(proposal))
        self._say(self.verdict, verdict(proposal) if proposal.refusal else f"{whose}{verdict(proposal)}")
        self._say(self.consequence, consequence(proposal))
        self.install.setText("&Install" if self.fits else "&Install all the same")
        self.install.setVisible(not proposal.refusal and not proposal.already)
        self.show_it.setVisible(proposal.already)
        self.setAccessibleName(f"{self.headline.text()} {self.verdict.text()}")
        self._paint()

    def show_difference(self, difference: Difference | None) -> None:
        """Shows what changes for those who use the plugin that is there already; nothing where there is none."""
        from plugdeck.ui.install.replacing import brief_words  # with much that most installs do not need

        self.difference = difference
        self._say(self.changes, brief_words(difference) if difference else "")
        self.compare.setVisible(difference is not None)

    def show_busy(self) -> None:
        """The copy is being made."""
        self.install.setEnabled(False)
        self.install.setText("Installing…")

    def show_failure(self, sentence: str) -> None:
        """It was not installed; it can be tried again."""
        self.install.setEnabled(True)
        self.install.setText("Try &again")
        self._say(self.verdict, visible_text(sentence))

    def changeEvent(self, event: QEvent) -> None:
        """Paints the shape again for another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.proposal:
            self._paint()

    def _say(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))

    def _dress(self) -> None:
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.setBackgroundRole(self.backgroundRole().Base)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        self.headline.setFont(font)
        name = visible_text(self.path.name)
        self.install.setAccessibleName(f"Install {name}")
        self.show_it.setAccessibleName(f"Show the installed {name}")
        self.compare.setAccessibleName(f"Compare {name} with the plugin that is there already")
        self.dismiss.setAccessibleName(f"Do not install {name}")
        self.changes.setAccessibleName("What changes")
        for widget in (self.verdict, self.consequence, self.changes, self.install, self.show_it, self.compare):
            widget.hide()
        self.install.clicked.connect(self.install_wanted)
        self.show_it.clicked.connect(self.show_wanted)
        self.compare.clicked.connect(self.compare_wanted)
        self.dismiss.clicked.connect(self.dismissed)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACING)
        for button in (self.install, self.show_it, self.compare, self.dismiss):
            buttons.addWidget(button)
        grid = QGridLayout(self)
        grid.setContentsMargins(SPACING + 4, SPACING, SPACING, SPACING)
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self._mark, 0, 0, top)
        grid.addWidget(self.headline, 0, 1)
        grid.addWidget(self.verdict, 1, 1)
        grid.addWidget(self.consequence, 2, 1)
        grid.addWidget(self.changes, 3, 1)
        grid.addLayout(buttons, 0, 2, 2, 1, top)

    def _paint(self) -> None:
        if not self.proposal:
            return
        status = self.proposal.report.status
        self._mark.setPixmap(icon_of(STATUS_MARKS[status], self.palette()).pixmap(SIZE, SIZE))
        self._mark.setAccessibleName(STATUS_WORDS[status])
        tint(self.consequence, Tone.QUIET)
