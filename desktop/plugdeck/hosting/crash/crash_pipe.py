"""The pipe on which a worker announces that a thread of it stands still at a fault."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock, Thread

from plugdeck.hosting.watcher import Watcher

_MOST_BYTES = 64 * 1024
_MOST_ANNOUNCEMENTS = 8
"""A plugin can write there too: whoever cries wolf is not listened to for ever."""


class CrashPipe:
    """Our end of it. What comes through it is no more than a reason to look."""

    def __init__(self, watcher: Watcher, reading: int, look: Callable[[], bool]) -> None:
        """Takes over the descriptor.

        Args:
            watcher: reads it.
            reading: our end.
            look: called on a thread of its own after an announcement; False when there was nothing to be seen.
        """
        self._watcher = watcher
        self._descriptor = reading
        self._look = look
        self._lock = Lock()
        self._announced = 0
        self._looking: Thread | None = None
        os.set_blocking(reading, False)
        watcher.watch(reading, self._read)

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
            if not said or self._announced >= _MOST_ANNOUNCEMENTS:
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
