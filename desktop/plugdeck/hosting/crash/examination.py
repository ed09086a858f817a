"""Looking at a worker whose thread stands still at a fault: what happened, where, and how it got there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from threading import Event
from time import monotonic

from plugdeck.hosting.crash.fault import Fault, fault_of
from plugdeck.hosting.crash.named_frames import NamedFrame, name_frames
from plugdeck.hosting.crash.native_file import NativeFiles
from plugdeck.hosting.crash.picture_bounds import Picture, bounds_fault
from plugdeck.hosting.crash.process_view import ProcessView, read_text, view_of
from plugdeck.hosting.crash.signal_frame import SignalFrame, find_signal_frame
from plugdeck.hosting.crash.unwinding import unwind
from plugdeck.hosting.crash_site import CrashSite

_PARKED_IN = "34"  # pause(2) on x86-64; the stack pointer is the last field but one
_LOOK_S = 0.001
_ADDRESS_LIMIT = re.compile(r"^Max address space +(\d+)", re.MULTILINE)
_PEAK = re.compile(r"^VmPeak:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen."""

    signal: int
    site: CrashSite
    is_damage: bool = False
    """Whether it wrote beyond the picture that it was to write."""
    peak_bytes: int = 0
    """The most address space that it had."""
    limit_bytes: int = 0
    """The most that it may have; 0 for no limit."""


def examine(pid: int, pictures: Sequence[Picture] = (), *, wait_s: float = 0) -> Examined | None:
    """What happened to the process; None when no thread of it stands still, or it is gone.

    Takes some milliseconds; whoever calls sees to it that the number stays the process's.

    Args:
        pid: its number.
        pictures: what it was working on.
        wait_s: how long the thread may take until it stands still, after it announced that it would.

    Raises:
        PermissionError: the kernel lets nobody look: the plugin, or the system, does not want it.
    """
    try:
        with view_of(pid) as view, ExitStack() as opened:
            parked = _wait_for_parked(view, wait_s)
            return _examined(view, NativeFiles(view, opened), *parked, pictures) if parked else None
    except PermissionError:
        raise
    except OSError:
        return None


def _wait_for_parked(view: ProcessView, wait_s: float) -> tuple[int, SignalFrame] | None:
    end, pause = monotonic() + wait_s, Event()
    while (found := _find_parked(view)) is None:
        if monotonic() >= end or not view.threads():
            return None
        pause.wait(_LOOK_S)
    return found


def _find_parked(view: ProcessView) -> tuple[int, SignalFrame] | None:
    """The signal, and the frame, of a thread that stands still."""
    for thread in view.threads():
        fields = read_text(f"/proc/{view.pid}/task/{thread}/syscall").split()
        if fields[:1] == [_PARKED_IN] and (found := find_signal_frame(view, int(fields[-2], 16))):
            return found
    return None


def _examined(
    view: ProcessView, files: NativeFiles, signal: int, frame: SignalFrame, pictures: Sequence[Picture]
) -> Examined:
    fault = fault_of(signal, frame, view)
    bounds = bounds_fault(fault, view, pictures)
    frames = name_frames(view, files, unwind(view, files, frame.registers))
    limit, peak = _ADDRESS_LIMIT.search(view.text("limits")), _PEAK.search(view.text("status"))
    return Examined(
        signal,
        _site(replace(fault, words=bounds.words) if bounds else fault, frames),
        is_damage=bounds is not None and bounds.is_damage,
        peak_bytes=int(peak[1]) * 1024 if peak else 0,
        limit_bytes=int(limit[1]) if limit else 0,
    )


def _site(fault: Fault, frames: Sequence[NamedFrame]) -> CrashSite:
    """A signal that the plugin sent to itself is told by the plugin's own function: libc's says nothing."""
    own = next((place for place, each in enumerate(frames) if each.is_plugins), None)
    at = frames[own] if fault.is_sent and own is not None else frames[0]
    return CrashSite(
        fault.words,
        fault.address,
        at.symbol,
        at.offset,
        at.library,
        caller=frames[own].words if own is not None and frames[own] is not at else "",
        frames=tuple(_folded(each.words for each in frames)),
    )


def _folded(lines: Iterable[str]) -> Iterator[str]:
    """Each line that repeats itself only once, with how often: what overflows a stack fills the list."""
    for line, same in groupby(lines):
        count = len(list(same))
        yield f"{line}, {count} times" if count > 1 else line
