"""What a worker's confinement reports on its line: where refusals are read from, and how the worker ended."""

from __future__ import annotations

from struct import Struct

from plugdeck.hosting.outcome import Status

LISTENER = b"L"
"""With a descriptor: where refused system calls are read from (seccomp_unotify(2))."""
_END = b"E"
_LAYOUT = Struct("<cii")


def pack_end(status: Status) -> bytes:
    """The packet that tells how the worker ended."""
    return _LAYOUT.pack(_END, *status)


def parse_end(packet: bytes) -> Status | None:
    """The status in a packet, or None when it is something else."""
    if len(packet) != _LAYOUT.size or packet[:1] != _END:
        return None
    _, code, status = _LAYOUT.unpack(packet)
    return Status(code, status)
