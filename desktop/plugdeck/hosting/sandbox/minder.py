"""The parent of a worker: it waits, reports how the worker ended, and ends what the worker leaves behind.

bubblewrap tells a death by signal 11 as exit code 139, which a plugin may also have chosen for itself. So the worker
is a child of a process that was split off before any plugin was opened: that one knows. Whatever detaches itself from
the worker becomes a child of that process too (PR_SET_CHILD_SUBREAPER in prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from contextlib import suppress
from time import monotonic
from typing import NoReturn

from plugdeck.hosting.sandbox.packets import END_WORKER, pack_end

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
# What cannot be killed, or multiplies faster than it is killed, is left in the end.
_ENDING_S, _STEP_S = 5.0, 0.01


def split_off(line: socket.socket) -> None:
    """Returns in the child, which is the worker; the parent stays here, and never returns."""
    libc = ctypes.CDLL(None)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, as it may be inherited, nothing is left to wait for
    libc.prctl(_PR_SET_PDEATHSIG, END_WORKER)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # so that the worker cannot reach what is open here, however quick it is
    child = os.fork()
    if child:
        _mind(child, line)
    libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # it is looked at when it crashes
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _mind(worker: int, line: socket.socket) -> NoReturn:
    keep = line.fileno()
    for descriptor in range(keep):
        with suppress(OSError):
            os.close(descriptor)
    os.closerange(keep + 1, 1 << 16)
    ended = _end_of(worker)
    with suppress(OSError):
        line.send(pack_end(ended.si_code, ended.si_status))
    with suppress(OSError):
        _end_children()
    os._exit(0)


def _end_of(worker: int) -> os.waitid_result:
    """How the worker ended; it is killed when Plugdeck is gone, or asks. Orphans that end meanwhile are collected."""
    while True:
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            if ended.si_pid == worker:
                return ended
        if signal.sigwaitinfo({signal.SIGCHLD, END_WORKER}).si_signo == END_WORKER:
            os.kill(worker, signal.SIGKILL)


def _end_children() -> None:
    """Kills what the worker left, and what that leaves in turn: it all becomes a child of this process."""
    end = monotonic() + _ENDING_S
    while _has_children():
        for child in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(child, signal.SIGKILL)
        if monotonic() > end:
            return
        signal.sigtimedwait({signal.SIGCHLD}, _STEP_S)


def _has_children() -> bool:
    """Whether there are any; dead ones are collected."""
    with suppress(ChildProcessError):
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            pass
        return True
    return False


def _children() -> list[int]:
    """None of them is collected meanwhile, so their numbers are theirs."""
    with open(f"/proc/self/task/{os.getpid()}/children", "rb") as children:  # noqa: PTH123 - pathlib is not imported yet
        return [int(number) for number in children.read().split()]
