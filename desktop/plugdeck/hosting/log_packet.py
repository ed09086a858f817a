"""The lines that plugins log, as they cross a socket of their own, so that they come between calls too.

As in ``wire``, the other side is not trusted. One level means no line: it tells how many lines found no room.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from plugdeck.hosting.wire import WireError

MAXIMUM_LOG_BYTES = 16 * 1024

_HEAD = Struct("<HB")
_LEFT_OUT = 0xFF
_MOST_DIGITS = 12


class LogPacket(NamedTuple):
    """A line that a plugin logs."""

    slot: int
    level: int
    text: str


def encode_log(packet: LogPacket) -> bytes:
    """The packet of a log line; text beyond the limit is cut."""
    text = packet.text.encode("utf-8", "surrogateescape")[:MAXIMUM_LOG_BYTES]
    return _HEAD.pack(packet.slot, packet.level) + text


def decode_log(packet: bytes) -> LogPacket:
    """The reverse of ``encode_log``. Raises WireError."""
    if len(packet) < _HEAD.size:
        raise WireError("a log line is shorter than its header")
    slot, level = _HEAD.unpack_from(packet)
    return LogPacket(slot, level, packet[_HEAD.size :].decode("utf-8", "surrogateescape"))


def note_of_left_out(count: int) -> LogPacket:
    """What says, among log lines, that so many of them found no room."""
    return LogPacket(0, _LEFT_OUT, str(count))


def left_out_by(packet: bytes) -> int:
    """How many lines such a note says are missing; 0 for a line, of which only the beginning is looked at."""
    is_short = _HEAD.size < len(packet) <= _HEAD.size + _MOST_DIGITS
    is_note = is_short and packet[_HEAD.size - 1] == _LEFT_OUT and packet[_HEAD.size :].isdigit()
    return int(packet[_HEAD.size :]) if is_note else 0
