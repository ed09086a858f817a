"""The parent of a worker that is sealed off: it waits, and reports how the worker ended.

bubblewrap tells a death by signal 11 as exit code 139, which a plugin may also have chosen for itself. So the worker
is a child of a process that was split off before any plugin was opened: that one knows.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from contextlib import suppress
from typing import NoReturn

from plugdeck.hosting.sandbox.packets import pack_end

_PR_SET_DUMPABLE, _PR_SET_PDEATHSIG = 4, 1


def split_off(line: socket.socket) -> None:
    """Returns in the child, which is the worker; the parent stays here, and never returns."""
    child = os.fork()
    libc = ctypes.CDLL(None)
    if child:
        libc.prctl(_PR_SET_DUMPABLE, 0)  # so that the worker cannot reach what is open here
        _mind(child, line)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _mind(child: int, line: socket.socket) -> NoReturn:
    keep = line.fileno()
    for descriptor in range(keep):
        with suppress(OSError):
            os.close(descriptor)
    os.closerange(keep + 1, 1 << 16)
    ended = os.waitid(os.P_PID, child, os.WEXITED)
    if ended:
        with suppress(OSError):
            line.send(pack_end(ended.si_code, ended.si_status))
    os._exit(0)
