"""What the window does for itself, before it starts anything: others neither look into it nor inherit from it."""

from __future__ import annotations

import os
from contextlib import suppress

ALLOW_DEBUGGERS = "PLUGDECK_ALLOW_DEBUGGERS"
"""The variable that leaves out what keeps debuggers away, for whoever works on Plugdeck."""
_PR_SET_DUMPABLE = 4  # linux/prctl.h
_FIRST_INHERITED = 3


def protect_own_process() -> None:
    """Keeps this process's memory and descriptors to itself, for as long as it runs (PR_SET_DUMPABLE in prctl(2)).

    A plugin with the user's own rights (tier C) could otherwise read the window's memory, or steer it as a debugger
    does. Workers are not touched by it: the kernel starts every program afresh. Takes about a millisecond.

    To be called before any plugin runs, and not before the desktop's portal knows this process, which it refuses to
    serve otherwise (``ui/portal.py``, ADR 0027).
    """
    keep_descriptors()
    if not os.environ.get(ALLOW_DEBUGGERS):
        import ctypes  # not needed by a process that only reads and judges

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def keep_descriptors() -> None:
    """No program that is started from now on inherits what was open when this one was started.

    Python's own descriptors are not handed on; those of whoever started this process are, unless they are marked.
    """
    with os.scandir("/proc/self/fd") as entries:
        descriptors = [int(entry.name) for entry in entries]
    for descriptor in descriptors:
        with suppress(OSError):  # it was the one with which the folder was read
            if descriptor >= _FIRST_INHERITED:
                os.set_inheritable(descriptor, False)
