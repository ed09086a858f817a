"""The line to one worker: packets out, packets in before a deadline, and the flag that says "no longer wanted"."""

from __future__ import annotations

import select
import socket
from array import array
from collections.abc import Callable
from contextlib import ExitStack, suppress
from mmap import PAGESIZE
from time import monotonic

from plugdeck.hosting import wire
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.waiting import comes_at_once
from plugdeck.hosting.wire import Kind, Message

Cancelled = Callable[[], bool]

# How often a caller is asked whether it still wants the result.
_CANCEL_POLL_MS = 10


class ChannelClosedError(Exception):
    """The process is dead, or has closed its end."""


class Channel:
    """Our end. Used by one thread at a time; ``theirs`` goes to the worker."""

    def __init__(self) -> None:
        with ExitStack() as undo:
            self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.enter_context(self._ours)
            undo.enter_context(self.theirs)
            self._flag_memory = FrameMemory(PAGESIZE)
            undo.callback(self._flag_memory.destroy)
            self._flag = self._flag_memory.map_for_writing()
            undo.pop_all()
        self._ours.setblocking(False)
        self._flag_memory.seal()
        self._poll = select.poll()
        self._poll.register(self._ours, select.POLLIN)
        self._pidfd = -1

    @property
    def flag_descriptor(self) -> int:
        """The page whose first byte is the flag: read-only for the worker."""
        return self._flag_memory.descriptor

    def attach(self, pidfd: int) -> None:
        """From now on a wait ends when this process does. Closes ``theirs``, which the process has."""
        self.theirs.close()
        self._pidfd = pidfd
        self._poll.register(pidfd, select.POLLIN)

    def send(
        self,
        kind: Kind,
        request: int = 0,
        body: bytes = b"",
        descriptors: tuple[int, ...] = (),
        *,
        deadline_s: float = 0,
    ) -> None:
        """Sends a packet.

        Raises:
            TimeoutError: the worker did not make room for it in time.
            ChannelClosedError: there is nobody to read it.
        """
        packet = wire.encode(kind, request, body)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))] if descriptors else []
        try:
            self._send(packet, rights)
        except BlockingIOError:
            if not self._is_roomy(deadline_s):
                raise TimeoutError from None
            self._send(packet, rights)

    def receive(self, deadline_s: float, cancelled: Cancelled | None = None, *, is_short: bool = False) -> Message:
        """Waits for a packet.

        Args:
            deadline_s: how long.
            cancelled: asked meanwhile; when it turns true, the flag is set.
            is_short: the answer is likely to come at once.

        Raises:
            TimeoutError: none came in time.
            ChannelClosedError: none will come.
            WireError: it is no message.
        """
        if not (is_short and comes_at_once(self._poll)) and not self._wait(deadline_s, cancelled):
            raise TimeoutError
        try:
            packet = self._ours.recv(wire.MAXIMUM_BYTES + 1)
        except OSError as failure:  # nothing to read: it was the process's death that ended the wait
            raise ChannelClosedError from failure
        if not packet:
            raise ChannelClosedError
        return wire.decode(packet)

    def is_process_dead(self, wait_ms: int) -> bool:
        """Whether the process has ended, or does so within ``wait_ms``."""
        process = select.poll()
        process.register(self._pidfd, select.POLLIN)
        return bool(process.poll(wait_ms))

    def close(self) -> None:
        """Closes everything but the pidfd, which belongs to whoever attached it."""
        with suppress(OSError):
            self.theirs.close()
        self._ours.close()
        self._flag.close()
        self._flag_memory.destroy()

    def _send(self, packet: bytes, rights: list[tuple[int, int, array[int]]]) -> None:
        try:
            if rights:
                self._ours.sendmsg([packet], rights)
            else:
                self._ours.send(packet)
        except BlockingIOError:
            raise
        except OSError as failure:
            raise ChannelClosedError from failure

    def _is_roomy(self, deadline_s: float) -> bool:
        """Whether there is room for a packet before the deadline. Many notes may lie there that are not read yet."""
        room = select.poll()
        room.register(self._ours, select.POLLOUT)
        return bool(room.poll(deadline_s * 1000))

    def _wait(self, deadline_s: float, cancelled: Cancelled | None) -> bool:
        if cancelled is None:
            return bool(self._poll.poll(deadline_s * 1000))
        self._flag[0] = 0
        end = monotonic() + deadline_s
        while (left_ms := (end - monotonic()) * 1000) > 0:
            if self._poll.poll(min(_CANCEL_POLL_MS, left_ms)):
                return True
            if cancelled():
                self._flag[0] = 1
        return False
