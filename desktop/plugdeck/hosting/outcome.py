"""How a plugin's process stands, and how it came to its end, in words."""

from __future__ import annotations

import os
import signal as signals
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.crash_site import CrashSite

BETWEEN_CALLS = "between calls"
"""What a plugin was doing when nobody had asked it for anything."""
# What a worker does that is not a function of the plugin; the first word of it.
_OWN_WORK = frozenset({"starting", "loading", "reading", "writing", "taking"})


class PluginState(StrEnum):
    """Where a plugin is on its way; ``stale`` is said beside it, by whoever watches files."""

    NOT_LOADED = "not loaded"
    LOADING = "loading"
    LOADED = "loaded"
    STALE = "stale"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    QUARANTINED = "quarantined"


class Ending(StrEnum):
    """The ways in which a plugin's process, or a call into it, ends badly."""

    CRASHED = "crashed"
    EXITED = "exited"
    TIMED_OUT = "timed out"
    REFUSED = "refused"
    """The dynamic loader, or the plugin's own Init, said no."""
    BROKE_PROTOCOL = "broke the protocol"
    LOST_CONNECTION = "closed its connection"
    """Or replaced it by something else: it could not be asked for anything any more."""
    OUT_OF_MEMORY = "out of memory"
    """Told on evidence only: its address space was full, or the kernel ended a process for want of memory."""
    FLOODED = "flooded"
    """It wrote far more to its output or its log than anybody reads."""
    DAMAGED_OUTPUT = "damaged its output"
    """It wrote beyond the picture that it was to write."""
    NOT_STARTED = "not started"
    STOPPED = "stopped"
    """It was ended on purpose while it was at work."""


class Activity(StrEnum):
    """What a process that did not answer in time was found doing."""

    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"


class Status(NamedTuple):
    """How a process ended, in the terms of waitid(2)."""

    si_code: int
    si_status: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a plugin stopped: facts first, the sentence made from them."""

    ending: Ending
    during: str
    """What it was doing: ``starting``, ``loading``, ``Transform``, ``GetUser``."""
    signal: int | None = None
    exit_code: int | None = None
    deadline_s: float | None = None
    message: str = ""
    """The loader's or the plugin's own words; untrusted text."""
    stderr_tail: str = ""
    """The last lines of standard error; untrusted text."""
    crash: CrashSite | None = None
    """Where in its code it was, as far as that can be known."""
    activity: Activity | None = None
    """What it was found doing at its deadline."""
    waits: str = ""
    """For what, when it was waiting: ``for a lock or another thread``."""
    denied: tuple[str, ...] = ()
    """What it tried and was refused, as verb phrases: ``open a network or other socket``."""
    parameters: tuple[tuple[str, float], ...] = ()
    """The plugin's parameters at the last call, as they were last written or read."""
    left_out_bytes: int = 0
    """How much of its output was thrown away unread."""
    pid: int | None = None
    seconds: float | None = None
    """How long its process had run for plugins; one that was kept ready was idle before."""

    @property
    def sentence(self) -> str:
        """One sentence for the user, such as ``Crashed in Transform: SIGSEGV (segmentation fault).``"""
        said = f" {self.message}" if self.message else ""
        when = _when(self.during)
        match self.ending:
            case Ending.CRASHED:
                what = f"Crashed {when}: {self._cause}."
            case Ending.EXITED:
                what = f"Ended its own process {when} with exit code {self.exit_code}."
            case Ending.TIMED_OUT:
                what = f"Did not answer within {self.deadline_s:g} s {when}, and was ended.{self._found}"
            case Ending.REFUSED:
                what = f"Refused {when}:{'' if said else ' no reason was given.'}"
            case Ending.BROKE_PROTOCOL:
                what = f"Answered with something unexpected {when}, and was ended."
            case Ending.LOST_CONNECTION:
                ended = "ended" if self.exit_code else "was ended"
                what = f"Closed, replaced or broke its connection to Plugdeck {when}, and {ended}."
            case Ending.OUT_OF_MEMORY:
                left = f", and ended its own process with exit code {self.exit_code}" if self.exit_code else ""
                what = f"Ran out of memory {when}{f': {self._cause}' if self.signal else left}."
            case Ending.FLOODED:
                what = f"Flooded its output {when}, and was ended: {self.left_out_bytes:,} bytes were thrown away."
            case Ending.DAMAGED_OUTPUT:
                what = f"Damaged its output {when}{f': {self._cause}' if self.signal else ', and was ended'}."
            case Ending.NOT_STARTED:
                what = "Its process was not started."
            case Ending.STOPPED:
                what = f"Was ended on purpose {when}."
        return what + said

    @property
    def state(self) -> PluginState:
        """Where this leaves the plugin."""
        match self.ending:
            case Ending.TIMED_OUT:
                return PluginState.TIMED_OUT
            case Ending.REFUSED | Ending.NOT_STARTED | Ending.STOPPED:
                return PluginState.NOT_LOADED
        return PluginState.CRASHED

    @property
    def _cause(self) -> str:
        """``SIGSEGV (segmentation fault), wrote to address 0x0 (no memory there) in smooth+0x1f of blur.so``."""
        name = signal_name(self.signal) if self.signal else "cause unknown"
        return f"{name}, {self.crash.words}" if self.crash and self.crash.words else name

    @property
    def _found(self) -> str:
        """What it was doing when its time was up, as a sentence."""
        place = f" in {self.crash.place}" if self.crash and self.crash.place else ""
        match self.activity:
            case Activity.RUNNING:
                return f" It was still running{place}."
            case Activity.WAITING:
                return f" It was waiting{f' {self.waits}' if self.waits else ''}{place}."
            case Activity.STOPPED:
                return " It had stopped itself, or was stopped by something outside Plugdeck."
        return ""


def _when(during: str) -> str:
    """``in Transform``, ``while reading amount``, ``between calls``."""
    if during == BETWEEN_CALLS:
        return during
    return f"while {during}" if during.partition(" ")[0] in _OWN_WORK else f"in {during}"


class HostError(PlugdeckError):
    """The plugin's process is gone, or never came to be; ``outcome`` says why. It can be started again."""

    def __init__(self, outcome: Outcome, plugin: str = "", *, remedy: str = "") -> None:
        super().__init__(f"{plugin}: {outcome.sentence}" if plugin else outcome.sentence, remedy=remedy)
        self.outcome = outcome


def outcome_of_status(status: Status | os.waitid_result | None, during: str, oom_kills: int = 0) -> Outcome:
    """Why a process ended that nobody here ended.

    Args:
        status: how it ended; None when somebody else collected that.
        during: what it was doing.
        oom_kills: how many processes the kernel has ended for want of memory since this one was started.
    """
    if status is None:
        return Outcome(Ending.CRASHED, during, message="How it ended is not known.")
    if status.si_code == os.CLD_EXITED:
        return Outcome(Ending.EXITED, during, exit_code=status.si_status)
    if status.si_status != signals.SIGKILL:
        return Outcome(Ending.CRASHED, during, signal=status.si_status)
    if oom_kills > 0:
        message = "Since it was started, the kernel has ended a process because the machine had no memory left."
        return Outcome(Ending.OUT_OF_MEMORY, during, signal=signals.SIGKILL, message=message)
    message = "It killed itself, or something outside Plugdeck did."
    return Outcome(Ending.CRASHED, during, signal=signals.SIGKILL, message=message)


def signal_name(number: int) -> str:
    """``SIGSEGV (segmentation fault)`` for 11."""
    try:
        name = signals.Signals(number).name
    except ValueError:
        return f"signal {number}"
    description = signals.strsignal(number)
    return f"{name} ({description.lower()})" if description else name
