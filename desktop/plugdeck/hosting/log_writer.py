"""The worker's end of the socket that takes what its plugins log."""

from __future__ import annotations

import select
import socket
from threading import Lock

from plugdeck.hosting.log_packet import LogPacket, encode_log, note_of_left_out

_LAST_MS = 1000


class LogWriter:
    """Writes lines without ever waiting; how many found no room is told when there is room again. Any thread."""

    def __init__(self, line: socket.socket) -> None:
        """The socket does not block, and stays its owner's."""
        self._socket = line
        self._lock = Lock()
        self._left_out = 0

    def write(self, slot: int, level: int, text: str) -> None:
        """Sends a line, or counts it as left out."""
        with self._lock:
            if not self._tell_left_out() or not self._send(LogPacket(slot, level, text)):
                self._left_out += 1

    def tell_left_out(self) -> None:
        """Says how many lines were left out, if there is room for that; for a moment in which nobody logs."""
        if self._left_out:
            with self._lock:
                self._tell_left_out()

    def finish(self) -> None:
        """The last moment to say so: waits for room, but not for long, since whoever reads may be busy or gone."""
        if self._left_out:
            room = select.poll()
            room.register(self._socket, select.POLLOUT)
            room.poll(_LAST_MS)
            self.tell_left_out()

    def _tell_left_out(self) -> bool:
        """Whether nothing is left to be told."""
        if self._left_out and self._send(note_of_left_out(self._left_out)):
            self._left_out = 0
        return not self._left_out

    def _send(self, packet: LogPacket) -> bool:
        try:
            self._socket.send(encode_log(packet))
        except OSError:  # nobody takes the lines as fast as they come, or at all
            return False
        return True
