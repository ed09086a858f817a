"""What is told of a worker's end, from everything that was seen of it."""

from __future__ import annotations

import re
import signal as signals
from dataclasses import replace

from plugdeck.hosting.crash.examination import Examined
from plugdeck.hosting.crash.hang import Hang
from plugdeck.hosting.outcome import Ending, Outcome
from plugdeck.hosting.wire import LOST_CONNECTION, LOST_WORDS
from plugdeck.text import visible

_GIB = 1 << 30
_NEARLY_FULL = 15 / 16
_NULL_BYTES = 64 * 1024
"""An access this near to address zero went through a pointer that was never set: malloc's answer, for example."""
_OUT_OF_MEMORY = re.compile(
    r"std::bad_alloc|memory allocation of \d+ bytes failed|runtime: (?:cannot allocate memory|out of memory)"
    r"|^MemoryError\b"
)
"""Of C++, Rust, Go, and the worker's own Python, on standard error, when memory that they ask for is refused."""
_GO_GAVE_UP = re.compile(r"panic: |fatal error: ")
"""What Go's runtime writes before it ends the process: with exit code 2, or from within a library with SIGABRT."""
_SHOWN_CHARACTERS = 200
_QUOTED_LINES = 2


def verdict_of(seen: Examined) -> Outcome:
    """The outcome of a crash; what the process was doing is filled in by whoever knows it."""
    if seen.is_damage:
        return Outcome(Ending.DAMAGED_OUTPUT, "", signal=seen.signal, crash=seen.site)
    if seen.limit_bytes and seen.peak_bytes >= seen.limit_bytes * _NEARLY_FULL and _may_lack_memory(seen):
        return Outcome(
            Ending.OUT_OF_MEMORY,
            "",
            signal=seen.signal,
            crash=seen.site,
            message=f"Its address space was full: {seen.peak_bytes / _GIB:.2f} GiB of the "
            f"{seen.limit_bytes / _GIB:.2f} GiB that it may have.",
        )
    return Outcome(Ending.CRASHED, "", signal=seen.signal, crash=seen.site)


def with_hang(outcome: Outcome, hang: Hang) -> Outcome:
    """The outcome of a process that did not answer in time, when it was looked at."""
    if hang.crashed:
        return replace(verdict_of(hang.crashed), during=outcome.during)
    return replace(outcome, activity=hang.activity, waits=hang.waits, crash=hang.site)


def with_own_words(outcome: Outcome) -> Outcome:
    """The outcome with what was written last by who gave up: that memory was refused, or the connection lost.

    Anybody may write such words: they count only with the end that belongs to them.
    """
    has_aborted = outcome.ending is Ending.CRASHED and outcome.signal == signals.SIGABRT
    has_failed = outcome.ending is Ending.EXITED and bool(outcome.exit_code)
    lines = [line.strip() for line in outcome.stderr_tail.splitlines() if line.strip()]
    if outcome.ending is Ending.EXITED and outcome.exit_code == LOST_CONNECTION and _has_lost_connection(lines):
        return replace(outcome, ending=Ending.LOST_CONNECTION)
    refused = next((line for line in lines if _OUT_OF_MEMORY.search(line)), "")
    if refused and (has_aborted or has_failed):
        return replace(outcome, ending=Ending.OUT_OF_MEMORY, message=_quoted(refused))
    gave_up = next((line for line in lines if _GO_GAVE_UP.match(line)), "")
    if gave_up and (has_failed or has_aborted) and not outcome.message:
        return replace(outcome, message=_quoted(gave_up))
    if has_aborted and lines and not outcome.message:
        return replace(outcome, message=_quoted(" ".join(lines[-_QUOTED_LINES:])))
    return outcome


def _has_lost_connection(lines: list[str]) -> bool:
    return bool(lines) and lines[-1].startswith(LOST_WORDS)


def _may_lack_memory(seen: Examined) -> bool:
    address = seen.site.address
    return seen.signal == signals.SIGABRT or (address is not None and address < _NULL_BYTES)


def _quoted(words: str) -> str:
    return f"Its last words: {visible(words, _SHOWN_CHARACTERS)}"
