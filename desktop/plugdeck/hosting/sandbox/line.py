"""The socket on which a worker's confinement reports: what was refused, and how it ended."""

from __future__ import annotations

import os
import select
import signal
import socket
from array import array
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from threading import Lock

from plugdeck.hosting.outcome import Status
from plugdeck.hosting.sandbox.packets import LISTENER, WORKER, parse_end
from plugdeck.hosting.sandbox.refusals import Refusals
from plugdeck.hosting.sandbox.system_calls import system_calls
from plugdeck.hosting.watcher import Watcher

_MOST_BYTES = 64
_ENDING_MS = 2000
_CREDENTIALS = Struct("iII")  # struct ucred: the sender's number as we see it, and its user and group


class Line:
    """Our end of it. The other end is closed before a plugin is opened, but for the minder's."""

    def __init__(self, watcher: Watcher, ours: socket.socket, tell: Callable[[str], None]) -> None:
        """Takes over the socket, which tells who sent what; ``tell`` gets what the plugin was refused, in a phrase."""
        self._watcher = watcher
        self._socket = ours
        self._tell = tell
        self._lock = Lock()
        self._refusals: Refusals | None = None
        self._status: Status | None = None
        self._pid: int | None = None
        self._is_over = False
        self._is_minded = False
        self._pidfd = -1
        self._is_gone = False
        ours.setblocking(False)
        watcher.watch(ours.fileno(), self._read)

    def worker_pid(self) -> int | None:
        """The worker's own number, once it is ready: that of the process that was started is bubblewrap's."""
        with self._lock:
            while self._pid is None and self._take():
                pass
            return self._pid

    def has_told_end(self) -> bool:
        """Whether the minder has said how the worker ended; it may have more to do."""
        with self._lock:
            while self._take():
                pass
            return self._status is not None

    def has_minder(self) -> bool:
        """Whether it has said that a minder has to outlive the worker."""
        self.worker_pid()
        return self._is_minded

    def signal_worker(self, number: int) -> bool:
        """Sends a signal to the worker, unless it is gone; False when it is not known, or out of reach."""
        self.worker_pid()
        with self._lock:
            if self._pidfd < 0:
                return self._is_gone
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)
            return True

    def end(self) -> Status | None:
        """Closes everything; how the worker ended, as far as its minder said. When the process is gone, once."""
        self._watcher.forget(self._socket.fileno())
        with self._lock:
            while self._take():
                pass
            self._socket.close()
            worker, self._pidfd, self._is_gone = self._pidfd, -1, True
        if worker >= 0:
            _wait_for(worker)
        if self._refusals:
            self._refusals.close()
        return self._status

    def _know(self, pid: int) -> None:
        self._pid = pid
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._is_gone = True
        except OSError:  # no descriptor is left for it: whoever started it has to do
            return

    def _read(self) -> None:
        with self._lock:
            if self._socket.fileno() >= 0:
                self._take()
                if self._is_over:
                    self._watcher.forget(self._socket.fileno())

    def _take(self) -> bool:
        """Reads one report; False when there is none, for now or for good.

        A watcher may call for a descriptor that was another's a moment ago: nothing to read is not the end.
        """
        try:
            packet, ancillary, _, _ = self._socket.recvmsg(_MOST_BYTES, 128, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return False
        except OSError:
            self._is_over = True
            return False
        self._is_over = not packet
        descriptors = array("i")
        for _, kind, data in ancillary:
            if kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
            elif kind == socket.SCM_CREDENTIALS and packet in (LISTENER, WORKER):
                self._know(_CREDENTIALS.unpack(data)[0])
        self._is_minded = self._is_minded or packet == WORKER
        calls = system_calls()
        if packet == LISTENER and len(descriptors) == 1 and calls and self._refusals is None:
            self._refusals = Refusals(self._watcher, descriptors.pop(), calls, self._tell)
        for descriptor in descriptors:
            with suppress(OSError):
                os.close(descriptor)
        if self._status is None and (ended := parse_end(packet)):
            self._status = Status(*ended)
        return bool(packet)


def _wait_for(pidfd: int) -> None:
    """Until it has ended, and closes it: the kernel ends what lives in a namespace just after who made that."""
    ending = select.poll()
    ending.register(pidfd, select.POLLIN)
    ending.poll(_ENDING_MS)
    os.close(pidfd)
