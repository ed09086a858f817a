"""The pipe on which a worker announces that a thread of it stands still at a fault, in ``faulthandler``'s words."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from threading import Lock, Thread

from plugdeck.hosting.watcher import Watcher

_MOST_BYTES = 64 * 1024
_MOST_BYTES_EVER = 256 * 1024
_SIGNAL = re.compile(rb"Fatal Python error: ([A-Za-z ]+)\n")
_SIGNALS = {
    b"Segmentation fault": signal.SIGSEGV,
    b"Bus error": signal.SIGBUS,
    b"Illegal instruction": signal.SIGILL,
    b"Floating point exception": signal.SIGFPE,
    b"Aborted": signal.SIGABRT,
}
_MOST_ANNOUNCEMENTS = 8
"""A plugin can write there too: whoever cries wolf is not listened to for ever."""


class CrashPipe:
    """Our end of it. What comes through it is no more than a reason to look."""

    def __init__(self, watcher: Watcher, reading: int, look: Callable[[], object]) -> None:
        """Takes over the descriptor.

        Args:
            watcher: reads it.
            reading: our end.
            look: called on a thread of its own after an announcement.
        """
        self._watcher = watcher
        self._descriptor = reading
        self._look = look
        self._lock = Lock()
        self._announced = 0
        self._said = b""
        self._looking: Thread | None = None
        os.set_blocking(reading, False)
        watcher.watch(reading, self._read)

    @property
    def signal(self) -> int | None:
        """Which one was announced last; None as long as that is not known. The plugin could have written it too."""
        announced = _SIGNAL.findall(self._said)
        return _SIGNALS.get(announced[-1]) if announced else None

    def close(self) -> None:
        """Stops listening. Any thread, any number of times."""
        with self._lock:
            self._close()

    def _read(self) -> None:
        with self._lock:
            if self._descriptor < 0:
                return
            try:
                said = os.read(self._descriptor, _MOST_BYTES)
            except BlockingIOError:
                return
            self._said += said
            if not said or self._announced >= _MOST_ANNOUNCEMENTS or len(self._said) > _MOST_BYTES_EVER:
                self._close()
            elif self._looking is None or not self._looking.is_alive():
                self._announced += 1
                self._looking = Thread(target=self._look, name="plugdeck-crash", daemon=True)
                self._looking.start()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self._watcher.forget(descriptor)
            os.close(descriptor)
