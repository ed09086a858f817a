"""What a worker was refused: read from the kernel, told in words, and answered with an error (seccomp_unotify(2))."""

from __future__ import annotations

import errno
import os
import select
from collections.abc import Callable
from fcntl import ioctl
from struct import Struct
from threading import Lock

from plugdeck.hosting.sandbox.system_calls import SystemCalls
from plugdeck.hosting.watcher import Watcher

_RECEIVE, _SEND = 0xC050_2100, 0xC018_2101  # SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
_NOTICE = Struct("=QIIiIQ6Q")  # struct seccomp_notif
_ANSWER = Struct("=QqiI")  # struct seccomp_notif_resp
_MOST = 200
"""Then nobody listens any more, and the kernel refuses by itself (ENOSYS): a plugin that tries without end costs the
window nothing."""


class Refusals:
    """The refusals of one worker, on the watcher's thread while it lives. Each deed is told once."""

    def __init__(self, watcher: Watcher, listener: int, calls: SystemCalls, tell: Callable[[str], None]) -> None:
        """Takes over the listener's descriptor; ``tell`` gets what the plugin tried, as a verb phrase."""
        self._watcher = watcher
        self._listener = listener
        self._calls = calls
        self._tell = tell
        self._lock = Lock()
        self._asked = select.poll()
        self._asked.register(listener, select.POLLIN)
        self._count = 0
        self._told: set[str] = set()
        watcher.watch(listener, self._answer)

    def close(self) -> None:
        """Lets the kernel answer from now on. Any thread."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        listener, self._listener = self._listener, -1
        if listener >= 0:
            self._watcher.forget(listener)
            os.close(listener)

    def _answer(self) -> None:
        """Reading would wait for a question that nobody asks any more, so it is looked for first."""
        with self._lock:
            if self._listener >= 0 and self._asked.poll(0):
                self._answer_one()

    def _answer_one(self) -> None:
        notice = bytearray(_NOTICE.size)
        try:
            ioctl(self._listener, _RECEIVE, notice)
            identifier, _, _, number, *_ = _NOTICE.unpack(notice)
            ioctl(self._listener, _SEND, _ANSWER.pack(identifier, 0, -errno.EPERM, 0))
        except OSError as failure:  # ENOENT: whoever asked was killed meanwhile; anything else: the worker is gone
            if failure.errno != errno.ENOENT:
                self._close()
            return
        self._count += 1
        deed = self._calls.deed(number)
        if deed not in self._told:
            self._told.add(deed)
            self._tell(deed)
        if self._count >= _MOST:
            self._close()
