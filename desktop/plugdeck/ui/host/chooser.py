"""“Judged for: …”: a button whose menu holds the hosts used lately, and the ways to others."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.ui.drops import local_files
from plugdeck.ui.host.judgement import OWN_WORKER, host_path, host_words
from plugdeck.ui.host.judging import HostJudging, KnownHost
from plugdeck.ui.theme import SPACING
from plugdeck.ui.visible_text import visible_text

_ARROW_AND_MARGINS = 36
_LOOK = "text-align: left; padding: 4px 5px"
_DROP = "Drop a program here to judge for it."
GONE = "not there any more"


class HostChooser(QWidget):
    """Shows and changes the host of a ``HostJudging``; takes a program or a folder that is dropped on it."""

    program_wanted = Signal()
    sysroot_wanted = Signal()

    def __init__(self, judging: HostJudging, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._judging = judging
        self._name = ""
        self.button = QPushButton(self)
        self.menu = QMenu(self.button)
        self._actions: dict[HostChoice, QAction] = {}
        label = QLabel("&Judged for", self)
        label.setBuddy(self.button)
        label.setContentsMargins(2, 0, 0, 0)  # a J reaches out to the left of its place
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(label)
        row.addWidget(self.button, 1)
        self.button.setMenu(self.menu)
        self.setFocusProxy(self.button)
        self.button.setStyleSheet(_LOOK)
        self.button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        self.setAcceptDrops(True)
        judging.chosen.connect(self.refresh)
        judging.known.connect(self._take_known)
        judging.vanished_changed.connect(self._mark_vanished)
        self.refresh(judging.choice)

    def changeEvent(self, event: QEvent) -> None:
        """A style sheet keeps the colours of the palette that it was first painted with."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.button.styleSheet():
            self.button.setStyleSheet("")
            self.button.setStyleSheet(_LOOK)

    def refresh(self, choice: HostChoice, name: str = "") -> None:
        """Shows which host is chosen; ``name`` is what is known of it beyond its own."""
        self._name = host_words(choice)
        self.button.setAccessibleName(f"Judged for {self._name}")
        # Qt takes a tool tip for markup by its first line, so that line is our own.
        lines = ("Whose dynamic loader the verdicts are of (Ctrl+J)", visible_text(name), host_path(choice), _DROP)
        self.button.setToolTip("\n".join(filter(None, lines)))
        self._elide()

    def _take_known(self, known: KnownHost) -> None:
        self.refresh(known.choice, known.name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width, another part of the name."""
        super().resizeEvent(event)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        """Room for the words before it and a few letters."""
        return QSize(180, super().minimumSizeHint().height())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes one local file or folder."""
        if len(local_files(event.mimeData())) == 1:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Judges for what was dropped."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._judging.choose_path(local_files(event.mimeData())[0])

    def _elide(self) -> None:
        room = max(self.button.width() - _ARROW_AND_MARGINS, 20)
        words = self.button.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
        self.button.setText(words.replace("&", "&&"))

    # --- the menu

    def _fill(self) -> None:
        """Made anew each time it is opened: a menu of yesterday's hosts would be of no use."""
        self.menu.clear()
        self._actions = {}
        group = QActionGroup(self.menu)
        for choice in (WORKER, *self._judging.recent):
            self._add_host(choice, group)
        self.menu.addSeparator()
        self.menu.addAction("Choose a &program…", self.program_wanted.emit)
        self.menu.addAction("Choose another &system's folder (sysroot)…", self.sysroot_wanted.emit)
        if recent := self._judging.recent:
            removal = self.menu.addMenu("&Remove from this list")
            removal.setToolTipsVisible(True)
            for choice in recent:
                self._dress(removal.addAction("", partial(self._judging.remove, choice)), choice)
        self._mark_vanished()
        self._judging.look_for_recent()

    def _add_host(self, choice: HostChoice, group: QActionGroup) -> None:
        action = self._actions[choice] = self.menu.addAction("")
        action.setCheckable(True)
        action.setChecked(choice == self._judging.choice)
        action.setActionGroup(group)
        action.triggered.connect(partial(self._judging.choose, choice))
        self._dress(action, choice)

    def _dress(self, action: QAction, choice: HostChoice) -> None:
        action.setText(host_words(choice).replace("&", "&&"))
        action.setToolTip(f"Host\n{host_path(choice) or OWN_WORKER}")

    def _mark_vanished(self) -> None:
        for choice, action in self._actions.items():
            is_gone = choice in self._judging.vanished
            words = host_words(choice).replace("&", "&&")
            action.setText(f"{words} – {GONE}" if is_gone else words)
            action.setEnabled(not is_gone)
