"""What a plugin writes and says, kept for the log view: bounded, and untrusted text."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from threading import Lock
from time import time

from plugdeck.listeners import Listeners

KEPT_LINES = 2000
MAXIMUM_LINE_CHARACTERS = 4000


class LogLevel(IntEnum):
    """How much a line matters; the numbers are those of ``plugdeck.h``."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


class LogSource(StrEnum):
    """Where a line comes from."""

    STDOUT = "stdout"
    STDERR = "stderr"
    PLUGIN = "plugin"
    """The plugin logged it through the host's table."""
    HOST = "host"
    """Plugdeck says it, about the plugin's process."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. ``text`` is as the plugin wrote it: make it visible before it is shown (``plugdeck.text``)."""

    at: float
    """Seconds since 1970."""
    source: LogSource
    level: LogLevel
    text: str


class PluginLog:
    """The last ``KEPT_LINES`` lines; survives restarts of the plugin's process. Any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lines: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._listeners: Listeners[LogLine] = Listeners()

    def lines(self) -> tuple[LogLine, ...]:
        """What there is, oldest first."""
        with self._lock:
            return tuple(self._lines)

    def on_line(self, callback: Callable[[LogLine], None]) -> Callable[[], None]:
        """Calls back for every later line, on any thread; the function returned ends it.

        The callback must return soon, and must not call the plugin.
        """
        return self._listeners.add(callback)

    def add(self, source: LogSource, level: LogLevel, text: str) -> None:
        """Appends a line; what is longer than ``MAXIMUM_LINE_CHARACTERS`` is cut."""
        if len(text) > MAXIMUM_LINE_CHARACTERS:
            text = f"{text[: MAXIMUM_LINE_CHARACTERS - 1]}…"
        line = LogLine(time(), source, level, text)
        with self._lock:
            self._lines.append(line)
        self._listeners.notify(line)
