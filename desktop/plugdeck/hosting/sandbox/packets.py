"""What a worker's confinement reports on its line: where refusals are read from, and how the worker ended."""

from __future__ import annotations

import signal
from struct import Struct

WORKER = b"W"
"""From a worker that is not restricted: whoever sent it is the worker, and its minder ends what it leaves behind."""
LISTENER = b"L"
"""With a descriptor: where refused system calls are read from (seccomp_unotify(2))."""
END_WORKER = signal.SIGRTMIN + 3
"""To the minder: ends the worker. One that nothing else sends: a signal to the worker's whole group, which the minder
is in, must not look as if Plugdeck were gone."""
_END = b"E"
_LAYOUT = Struct("<cii")


def pack_end(si_code: int, si_status: int) -> bytes:
    """The packet that tells how the worker ended, in the terms of waitid(2)."""
    return _LAYOUT.pack(_END, si_code, si_status)


def parse_end(packet: bytes) -> tuple[int, int] | None:
    """The ``si_code`` and ``si_status`` in a packet, or None when it is something else."""
    if len(packet) != _LAYOUT.size or packet[:1] != _END:
        return None
    _, code, status = _LAYOUT.unpack(packet)
    return code, status
