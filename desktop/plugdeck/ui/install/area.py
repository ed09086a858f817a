"""The proposals at the top of the window, one bar a file; reads and copies files off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from plugdeck.catalogue.install import Proposal, install, propose
from plugdeck.catalogue.installed import Installed
from plugdeck.catalogue.report import Report
from plugdeck.errors import PlugdeckError
from plugdeck.ui.background import Background
from plugdeck.ui.install.bar import ProposalBar
from plugdeck.ui.install.words import summary
from plugdeck.ui.theme import SPACING

if TYPE_CHECKING:
    from plugdeck.catalogue.difference import Difference

_TALLEST = 260
_MOST_BARS = 30
"""More files than this wait until others are decided on."""

FindListed = Callable[[Report], Path | None]
"""The listed file that holds a plugin of the same name, if there is one."""


class InstallArea(QWidget):
    """Proposes files for install. A file that is proposed twice has one bar; nothing is installed unasked."""

    installed = Signal(object)
    """An ``Installed``, once a file."""
    show_wanted = Signal(object)
    """The Path of an installed plugin that the user wants to see."""

    compare_wanted = Signal(object, object)
    """The Path of the plugin that is there, and that of the proposed one."""

    def __init__(
        self, background: Background, parent: QWidget | None = None, *, find_listed: FindListed = lambda _: None
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._find_listed = find_listed
        self.whose = ""
        """Begins each verdict where it is a question which host's it is."""
        self._bars: dict[Path, ProposalBar] = {}
        self._queue: dict[Path, None] = {}
        self._content = QWidget(self)
        self._column = QVBoxLayout(self._content)
        self._scroll = QScrollArea(self)
        self._summary = QLabel(self)
        self.install_all = QPushButton("Install al&l", self)
        self.dismiss_all = QPushButton("Dismiss all", self)
        self._lay_out()
        self.install_all.clicked.connect(self._install_all)
        self.dismiss_all.clicked.connect(self._dismiss_all)
        self._refresh()

    @property
    def bars(self) -> tuple[ProposalBar, ...]:
        """The proposals, in the order in which they came."""
        return tuple(self._bars.values())

    def propose(self, paths: Iterable[Path]) -> None:
        """Shows a bar for each file, with its verdict as soon as it is read."""
        for path in paths:
            if path in self._bars:
                self._read(self._bars[path])
            else:
                self._queue[path] = None
        self._show_next()

    def renew(self) -> None:
        """Reads the files again, since what is installed has changed."""
        for bar in self.bars:
            if bar.proposal:
                self._read(bar)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The area is as tall as its bars, up to a limit; then it scrolls."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING // 2)
        self._content.installEventFilter(self)
        self._scroll.setWidget(self._content)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Plugins proposed for install")
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        head = QHBoxLayout()
        head.setSpacing(SPACING)
        head.addWidget(self._summary, 1)
        head.addWidget(self.install_all)
        head.addWidget(self.dismiss_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING // 2)
        layout.addLayout(head)
        layout.addWidget(self._scroll)

    def _show_next(self) -> None:
        """Makes bars of files that wait, as long as there is room."""
        while self._queue and len(self._bars) < _MOST_BARS:
            path = next(iter(self._queue))
            del self._queue[path]
            bar = self._bars[path] = ProposalBar(path, self._content)
            bar.install_wanted.connect(lambda bar=bar: self._install(bar))
            bar.show_wanted.connect(lambda bar=bar: self._show(bar))
            bar.compare_wanted.connect(lambda bar=bar: self._compare(bar))
            bar.dismissed.connect(lambda bar=bar: self._drop(bar))
            self._column.addWidget(bar)
            self._read(bar)
        self._refresh()

    def _read(self, bar: ProposalBar) -> None:
        path = bar.path
        self._background.run(lambda: propose(path), lambda proposal: self._take(bar, proposal))

    def _take(self, bar: ProposalBar, proposal: Proposal) -> None:
        if self._bars.get(bar.path) is bar:
            bar.show_proposal(proposal, self.whose)
            self._refresh()
            self._show_changes(bar, proposal)
            self._focus_only(bar)

    def _show_changes(self, bar: ProposalBar, proposal: Proposal) -> None:
        """Says what changes for those who use a plugin of the same name, once that has been found out."""
        listed = self._find_listed(proposal.report)
        self._background.run(
            lambda: _compare_with_known(proposal, listed),
            lambda found: bar.show_difference(found) if self._has(bar, proposal) else None,
        )

    def _has(self, bar: ProposalBar, proposal: Proposal) -> bool:
        return self._bars.get(bar.path) is bar and bar.proposal is proposal

    def _compare(self, bar: ProposalBar) -> None:
        if found := bar.difference:
            self.compare_wanted.emit(found.old, found.new)

    def _install(self, bar: ProposalBar) -> None:
        proposal = bar.proposal
        if proposal is None or not bar.is_installable:
            return
        bar.show_busy()
        self._background.run(
            # The bytes that were judged, or none: a file changed since is refused.
            lambda: install(bar.path, expected_sha256=proposal.sha256, even_if_incompatible=not bar.fits),
            lambda done: self._tell_installed(bar, done),
            lambda error: self._tell_failed(bar, error),
        )

    def _tell_installed(self, bar: ProposalBar, done: Installed) -> None:
        self._drop(bar)
        self.installed.emit(done)

    def _tell_failed(self, bar: ProposalBar, error: PlugdeckError) -> None:
        if self._bars.get(bar.path) is bar:
            bar.show_failure(f"{error} {error.remedy}".strip())
            # The file may be another one by now: the next try is about what it is then.
            path = bar.path
            self._background.run(lambda: propose(path), lambda proposal: setattr(bar, "proposal", proposal))

    def _show(self, bar: ProposalBar) -> None:
        target = bar.proposal.target if bar.proposal else None
        self._drop(bar)
        if target:
            self.show_wanted.emit(target)

    def _drop(self, bar: ProposalBar) -> None:
        if self._bars.pop(bar.path, None):
            bar.hide()
            self._column.removeWidget(bar)
            bar.deleteLater()
            self._show_next()

    def _install_all(self) -> None:
        for bar in self.bars:
            if bar.fits:
                self._install(bar)

    def _dismiss_all(self) -> None:
        self._queue.clear()
        for bar in self.bars:
            self._drop(bar)

    def _refresh(self) -> None:
        several = len(self._bars) > 1
        self._summary.setText(self._words())
        for widget in (self._summary, self.install_all, self.dismiss_all):
            widget.setVisible(several)
        self.install_all.setEnabled(any(bar.is_installable and bar.fits for bar in self.bars))
        self.setVisible(bool(self._bars))
        self._fit()

    def _words(self) -> str:
        known = [bar.proposal for bar in self.bars if bar.proposal]
        refused = sum(1 for proposal in known if proposal.refusal)
        already = sum(1 for proposal in known if proposal.already)
        reading = len(self._bars) - len(known)
        words = summary(len(known) - refused - already, refused, reading, len(self._queue))
        return f"{words}, {already} installed already" if already else words

    def _focus_only(self, bar: ProposalBar) -> None:
        """Enter installs, where there is only one thing to do and nobody is writing."""
        focused = QApplication.focusWidget()
        writes = isinstance(focused, QLineEdit) and focused.text()
        if len(self._bars) == 1 and bar.is_installable and bar.fits and not writes:
            bar.install.setAutoDefault(True)
            bar.install.setFocus()

    def _fit(self) -> None:
        width = max(self._scroll.viewport().width(), 200)
        wanted = self._column.totalHeightForWidth(width) if self._bars else 0
        self._scroll.setFixedHeight(min(_TALLEST, max(wanted, 0)))


def _compare_with_known(proposal: Proposal, listed: Path | None) -> Difference | None:
    """Another thread, which also imports what most installs do not need."""
    from plugdeck.ui.install.replacing import compare_with_known

    return compare_with_known(proposal, listed)
