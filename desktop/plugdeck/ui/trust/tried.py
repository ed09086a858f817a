"""What a plugin tried and was refused, with a button where the user could allow it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from plugdeck.text import visible
from plugdeck.ui.plain_label import plain_label
from plugdeck.ui.theme import SPACING
from plugdeck.ui.trust.permission_words import PATH_LIMIT, changes_files, folder_for, is_about_network

_MOST = 20


class Tried(QWidget):
    """One line an attempt; nothing is allowed but by its button."""

    folder_wanted = Signal(object, bool)
    """A Path to begin at, and whether it wanted to change something there."""
    network_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._attempts: tuple[str, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACING // 2)

    @property
    def lines(self) -> tuple[TriedLine, ...]:
        """The lines as they stand."""
        widgets = (item.widget() for at in range(self._column.count()) if (item := self._column.itemAt(at)))
        return tuple(widget for widget in widgets if isinstance(widget, TriedLine))

    def show_attempts(self, attempts: Sequence[str]) -> None:
        """Shows what it tried: verb phrases such as ``open a network or other socket``."""
        attempts = tuple(dict.fromkeys(attempts))
        if attempts == self._attempts:
            return
        self._attempts = attempts
        for line in self.lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        for attempt in attempts[:_MOST]:
            line = TriedLine(attempt, self)
            line.allow.clicked.connect(lambda _checked=False, attempt=attempt: self._ask(attempt))
            self._column.addWidget(line)

    def _ask(self, attempt: str) -> None:
        if is_about_network(attempt):
            self.network_wanted.emit()
        else:
            self.folder_wanted.emit(Path(folder_for(attempt)), changes_files(attempt))


class TriedLine(QWidget):
    """``It tried to open a network socket, and was refused.``"""

    def __init__(self, attempt: str, parent: QWidget) -> None:
        super().__init__(parent)
        deed = visible(attempt, PATH_LIMIT)
        self.words = plain_label(f"It tried to {deed}, and was refused.", self)
        about_network = is_about_network(attempt)
        self.allow = QPushButton("Allow the network" if about_network else "Allow…", self)
        self.allow.setAutoDefault(False)
        self.allow.setVisible(about_network or bool(folder_for(attempt)))
        self.allow.setAccessibleName(f"Allow it to {deed}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        row.addWidget(self.words, 1)
        row.addWidget(self.allow, 0, Qt.AlignmentFlag.AlignTop)
