"""Ctrl+C in the terminal and a polite kill close the window as the user would, so that its settings are kept.

Python runs its signal handlers between byte codes, and while Qt waits for events there are none: so the signal's
number is also written to a socket that Qt watches.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class QuitSignals(QObject):
    """Calls ``quit_window`` when the process is asked to end, until ``close``."""

    def __init__(self, quit_window: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._quit = quit_window
        self._old_fd = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        # A handler of Python's own, so that the signal is noted at all; what is done about it comes by the socket.
        self._old = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}

    def close(self) -> None:
        """Leaves signals as they were."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._reading.close()
        self._writing.close()

    def _read(self) -> None:
        if any(number in _SIGNALS for number in self._reading.recv(64)):
            self._quit()
