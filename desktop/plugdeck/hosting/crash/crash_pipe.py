"""The pipe on which a worker announces that a thread of it stands still at a fault, in ``faulthandler``'s words."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from threading import Lock, Thread

from plugdeck.hosting.watcher import Watcher

_MOST_BYTES = 64 * 1024
"""Of one announcement, which is a few lines; more is not read while somebody looks."""
_SIGNAL = re.compile(rb"Fatal Python error: ([A-Za-z ]+)\n")
_SIGNALS = {
    b"Segmentation fault": signal.SIGSEGV,
    b"Bus error": signal.SIGBUS,
    b"Illegal instruction": signal.SIGILL,
    b"Floating point exception": signal.SIGFPE,
    b"Aborted": signal.SIGABRT,
}


class CrashPipe:
    """Our end of it. What comes through it is no more than a reason to look.

    A plugin can write there too. Whoever cries wolf is looked at each time, by one thread, and what it writes meanwhile
    stays in the pipe; the worker's end does not block, so that a true announcement waits for nothing.
    """

    def __init__(self, watcher: Watcher, reading: int, look: Callable[[], object]) -> None:
        """Takes over the descriptor.

        Args:
            watcher: reads it.
            reading: our end.
            look: called on a thread of its own after an announcement; returns when there is nothing more to see.
        """
        self._watcher = watcher
        self._descriptor = reading
        self._look = look
        self._lock = Lock()
        self._said = b""
        self._is_looking = False
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
            if not said:
                self._close()
                return
            if len(self._said) >= _MOST_BYTES:
                self._watcher.forget(self._descriptor)
            if not self._is_looking and not self._begin_to_look():
                self._watcher.tick(self._try_again)

    def _begin_to_look(self) -> bool:
        """Whether it is looked at from now on: not where no thread can be started."""
        self._is_looking = True
        try:
            Thread(target=self._look_once, name="plugdeck-crash", daemon=True).start()
        except RuntimeError:
            self._is_looking = False
        return self._is_looking

    def _try_again(self) -> bool:
        """Whether that has to be tried once more: what was announced is not announced twice."""
        with self._lock:
            return self._descriptor >= 0 and not self._is_looking and not self._begin_to_look()

    def _look_once(self) -> None:
        """After a false alarm it is listened to again, from the beginning of what is to come."""
        try:
            self._look()
        finally:
            with self._lock:
                self._is_looking, self._said = False, b""
                if self._descriptor >= 0:
                    self._watcher.forget(self._descriptor)
                    self._watcher.watch(self._descriptor, self._read)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self._watcher.forget(descriptor)
            os.close(descriptor)
