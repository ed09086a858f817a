"""The Log tab: what a loaded plugin writes and says, live."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from plugdeck.hosting.plugin_log import KEPT_LINES, LogLevel, LogLine, PluginLog
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.theme import SPACING, Tone, tone_colour
from plugdeck.ui.visible_text import visible_text

_TONES = {LogLevel.DEBUG: Tone.QUIET, LogLevel.WARNING: Tone.CAUTION, LogLevel.ERROR: Tone.BAD}
_PORTION = 200
"""Lines written at once, so that a plugin that floods its log leaves the window time for the rest."""


class LogSource(Protocol):
    """What the tab needs of the chain."""

    def log(self, key: str) -> PluginLog | None:
        """The log of a step."""


class LogTab(QWidget):
    """Follows the log of one step; keeps to the end unless the user scrolled up."""

    _wake = Signal()

    def __init__(self, logs: LogSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logs = logs
        self._key: str | None = ""  # of no plugin, and not None either: the first subject is always shown
        self._forget: Callable[[], None] = lambda: None
        self._waiting: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._pending = False
        self.text = QPlainTextEdit(self)
        self._hint = QLabel(self)
        self._clear = QPushButton("Clear", self)
        self._set_up()
        self._wake.connect(self._write, Qt.ConnectionType.QueuedConnection)

    def show_subject(self, subject: Subject | None) -> None:
        """Follows another plugin's log; the same one goes on."""
        key = subject.key if subject else None
        if key == self._key:
            return
        self._key = key
        self._forget()
        self._forget = lambda: None
        self.text.clear()
        self._waiting.clear()
        log = self._logs.log(key) if key else None
        if log:
            # Registered first: a line that comes in between is shown twice rather than lost.
            self._forget = log.on_line(self._note)
            self._waiting.extend(log.lines())
            self._wake.emit()
        self._hint.setText("" if log else "A plugin's output and messages are shown here while it is loaded.")

    def _set_up(self) -> None:
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self.text.setMaximumBlockCount(KEPT_LINES)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setAccessibleName("The plugin's log")
        self.text.setTabChangesFocus(True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._clear.setAccessibleName("Clear the log view")
        self._clear.clicked.connect(self.text.clear)
        foot = QHBoxLayout()
        foot.addWidget(self._hint, 1)
        foot.addWidget(self._clear)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addWidget(self.text, 1)
        layout.addLayout(foot)

    def _note(self, line: LogLine) -> None:
        """Takes a line on any thread; a burst wakes the window once."""
        self._waiting.append(line)
        if not self._pending:
            self._pending = True
            with suppress(RuntimeError):  # the window may be gone before the plugin is
                self._wake.emit()

    def _write(self) -> None:
        self._pending = False
        bar = self.text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 1
        cursor = QTextCursor(self.text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        for _ in range(_PORTION):
            if not self._waiting:
                break
            self._append(cursor, self._waiting.popleft())
        cursor.endEditBlock()
        if at_end:
            bar.setValue(bar.maximum())
        if self._waiting:
            self._wake.emit()

    def _append(self, cursor: QTextCursor, line: LogLine) -> None:
        if not self.text.document().isEmpty():
            cursor.insertBlock()
        style = QTextCharFormat()
        style.setForeground(self._colour(line.level))
        cursor.insertText(log_words(line), style)

    def _colour(self, level: LogLevel) -> QColor:
        palette = self.palette()
        tone = _TONES.get(level)
        return tone_colour(tone, palette) if tone else palette.color(palette.ColorRole.Text)


def log_words(line: LogLine) -> str:
    """``12:30:01 error plugin: text``: the level and the source in words."""
    clock = time.strftime("%H:%M:%S", time.localtime(line.at))
    return f"{clock}  {line.level.name.lower():<7}  {line.source:<6}  {visible_text(line.text)}"
