"""Looking at a worker that did not answer in time: whether it runs, waits or is stopped, and where."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from plugdeck.hosting.crash.examination import Examined, examine
from plugdeck.hosting.crash.process_view import read_text, thread_state
from plugdeck.hosting.crash_site import CrashSite
from plugdeck.hosting.outcome import Activity

_STAND_STILL_S = 1.0
_MOST_THREADS = 64
# System calls of x86-64 in which plugins wait, by what they wait for.
_WAITS = {
    "for time to pass": (35, 230),  # nanosleep, clock_nanosleep
    "for a lock or another thread": (202,),  # futex
    "for a signal": (34, 128, 130),  # pause, rt_sigtimedwait, rt_sigsuspend
    "for another process": (61, 247),  # wait4, waitid
    "for data": (0, 7, 17, 19, 23, 45, 47, 232, 270, 271, 281),  # read, poll, select, recvmsg, epoll_wait, …
    "for somebody to take its data": (1, 18, 20, 44, 46),  # write, sendto, …
    "for a lock on a file": (72, 73),  # fcntl, flock
}
_WAIT_OF = {number: words for words, numbers in _WAITS.items() for number in numbers}


@dataclass(frozen=True, slots=True)
class Hang:
    """What was seen of it."""

    activity: Activity | None = None
    waits: str = ""
    """For what; empty when it does not wait, or that is not known."""
    site: CrashSite | None = None
    """Where it was."""
    crashed: Examined | None = None
    """Set when it does not hang at all: it crashed, and could not announce that."""


def look_at_hang(pid: int, send: Callable[[int], bool]) -> Hang:
    """What the process is doing; it stands still after that, or has ended, and is good for nothing any more.

    Its main thread is the one that calls plugins. To learn where it is, it is sent SIGABRT, whose handler makes it
    stand still; not where it is stopped, since a stopped process handles no signals.

    Args:
        pid: its number, by which it is looked at.
        send: sends it a signal, and never whoever else has its number by then; False when it cannot be got hold of.
    """
    with suppress(PermissionError):
        if crashed := examine(pid):
            return Hang(crashed=crashed)
    state = thread_state(pid, pid)
    if state in {"T", "t"}:
        return Hang(Activity.STOPPED)
    activity = {"R": Activity.RUNNING, "S": Activity.WAITING, "D": Activity.WAITING}.get(state)
    waits = _waits(pid) if activity is Activity.WAITING else ""
    with suppress(OSError):
        if send(signal.SIGABRT) and (seen := examine(pid, wait_s=_STAND_STILL_S)):
            return Hang(activity, waits, replace(seen.site, fault="", address=None))
    return Hang(activity, waits)


def _waits(pid: int) -> str:
    """What the main thread waits for; its own other threads, when some of them run meanwhile."""
    number, *rest = read_text(f"/proc/{pid}/syscall").split() or [""]
    words = _WAIT_OF.get(int(number), "") if rest and number.isdecimal() else ""
    with suppress(OSError):
        others = [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir() if each.name != str(pid)]
        if running := sum(thread_state(pid, thread) == "R" for thread in others[:_MOST_THREADS]):
            return f"{words or 'for others'}, while {running} of its threads ran".lstrip()
    return words
