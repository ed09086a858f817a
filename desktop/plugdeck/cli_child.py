"""Work in a copy of this process, so that native code which crashes or hangs in it ends with a sentence.

Plugins that run ``in-app`` share the command's own process. When one crashes there, nobody is left to say why; so the
command runs in a forked copy of itself, and the original only waits for it. Called while there is one thread.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from plugdeck.cli_errors import exit_code_of
from plugdeck.hosting.outcome import HostError, outcome_of_status

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# After Ctrl+C, which both get: time to end in good order, so that no half-written file stays.
_GRACE_MS = 1000
_REMEDY = "Leave out `--mode in-app`: then each plugin has a process of its own, and the one that fails is named."


def run_in_child(work: Callable[[], int], during: str) -> int:
    """The exit code of ``work``, which has told of its own errors.

    Args:
        work: what to run there.
        during: what it is, for the sentence about its death.

    Raises:
        HostError: it crashed, or native code in it ended the process.
    """
    done, done_there = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if not pid:
        _work_and_leave(work, done_there)
    os.close(done_there)
    os.set_blocking(done, False)  # a process that a plugin started may keep the other end open
    with os.fdopen(done, "rb", buffering=0) as news:
        status = _wait(pid)
        code = news.read(1)
    if code:
        return code[0]
    raise HostError(outcome_of_status(status, during), remedy=_REMEDY)


def _work_and_leave(work: Callable[[], int], done: int) -> None:
    """In the child; does not return, so that nothing of the parent's is done twice."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        code = exit_code_of(work)
        sys.stderr.flush()
    finally:
        os.write(done, bytes([code]))
        os._exit(code)


def _wait(pid: int) -> os.waitid_result | None:
    """How the child ended. Raises KeyboardInterrupt, with the child gone."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED)
    except KeyboardInterrupt:
        _end(pid)
        raise


def _end(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        with suppress(KeyboardInterrupt):
            ended.poll(_GRACE_MS)
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.waitpid(pid, 0)
    finally:
        os.close(descriptor)
