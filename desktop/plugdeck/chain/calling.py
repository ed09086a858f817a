"""One function, called again and again, while the plugin that gives it can be swapped for another between two calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from threading import Condition, Thread
from time import monotonic, perf_counter
from typing import NamedTuple

from plugdeck.chain.transform_host import HostFactory, TransformHost
from plugdeck.chain.used_hosts import LOOK_AGAIN_S
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import HostError
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval


class Callee(NamedTuple):
    """A plugin to call."""

    path: Path
    manifest: Manifest
    approval: Approval = NO_APPROVAL_NEEDED


@dataclass(frozen=True, slots=True)
class Beat:
    """What came of one call."""

    number: int
    """From 1."""
    turn: int
    """How many plugins answered before this one; from 0."""
    plugin: str
    answer: object = None
    """Any JSON value; from outside, as is all that follows."""
    error: str = ""
    """Why there is no answer, as a sentence; then the next call is tried all the same."""
    milliseconds: float = 0.0


class Calling:
    """Calls on a thread of its own, whatever becomes of the plugin. Every method but ``close`` returns at once.

    A plugin that is to take over is started beside the one that answers, and has to answer once before it does: so no
    call is lost to one that fails, and none waits for one that is being loaded.
    """

    def __init__(
        self,
        hosts: HostFactory,
        callee: Callee,
        symbol: str,
        arguments: Sequence[object] = (),
        *,
        period_s: float | None = None,
        on_beat: Callable[[Beat], None],
    ) -> None:
        """Begins at once if there is a period, and with ``call`` otherwise.

        Args:
            hosts: where plugins run.
            callee: the first plugin.
            symbol: its function, or a method of a value: ``Greeter.Greet``.
            arguments: JSON values.
            period_s: from the begin of one call to that of the next; None to call only when asked.
            on_beat: gets each result, on the calling thread.
        """
        self._hosts = hosts
        self._symbol, self._arguments = symbol, tuple(arguments)
        self._period_s = period_s
        self._due = None if period_s is None else monotonic()
        self._on_beat = on_beat
        self._changed = Condition()
        self._host = self._new_host(callee)
        self._next: TransformHost | None = None
        self._used = [self._host]
        self._turn = 0
        self._threads: list[Thread] = []
        self._closed = False
        self._run(self._call_for_ever)

    def call(self) -> None:
        """Calls now, or when the call under way is over."""
        with self._changed:
            self._due = monotonic()
            self._changed.notify_all()

    def repeat(self, period_s: float | None) -> None:
        """Calls once a period from now on; None: only when asked."""
        with self._changed:
            self._period_s = period_s
            self._due = None if period_s is None else monotonic()
            self._changed.notify_all()

    def swap(self, callee: Callee, on_refused: Callable[[str], None] = lambda why: None) -> None:
        """Has another plugin answer from the first call on that it is ready for.

        Args:
            callee: the plugin.
            on_refused: gets the reason why it was not taken, on another thread.
        """
        self._run(lambda: self._prepare(callee, on_refused))

    def close(self) -> None:
        """Ends the calls and the processes; blocks until they are gone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        while alive := [thread for thread in self._threads if thread.is_alive()]:
            self._stop_all()
            alive[0].join(LOOK_AGAIN_S)
        self._stop_all()  # again: a call that was about to be made starts a host that was stopped

    def _stop_all(self) -> None:
        for host in list(self._used):
            host.stop()

    def _run(self, work: Callable[[], None]) -> None:
        with self._changed:  # so that none is missing from the list
            thread = Thread(target=work, name="plugdeck-calling", daemon=True)
            self._threads = [*(each for each in self._threads if each.is_alive()), thread]
            thread.start()

    def _new_host(self, callee: Callee) -> TransformHost:
        return self._hosts.host(*callee)

    def _call_for_ever(self) -> None:
        number = 0
        while self._is_due():
            self._take_next()
            number += 1
            self._on_beat(self._beat(number))

    def _is_due(self) -> bool:
        """Waits for the next call; False when there are to be no more. Calls that a long one left no time for are
        passed over."""
        with self._changed:
            while not self._closed:
                now = monotonic()
                if self._due is not None and self._due <= now:
                    period_s = self._period_s
                    self._due = (
                        None if period_s is None else self._due + period_s * max(1, ceil((now - self._due) / period_s))
                    )
                    return True
                self._changed.wait(None if self._due is None else self._due - now)
            return False

    def _beat(self, number: int) -> Beat:
        name, began = self._host.manifest.name, perf_counter()
        try:
            self._host.start()  # which does nothing, unless it ended at the last call
            answer = self._host.call(self._symbol, *self._arguments)
        except PlugdeckError as failure:
            return Beat(number, self._turn, name, error=_reason(failure), milliseconds=(perf_counter() - began) * 1000)
        return Beat(number, self._turn, name, answer, milliseconds=(perf_counter() - began) * 1000)

    def _take_next(self) -> None:
        with self._changed:
            if self._next is None:
                return
            old, self._host, self._next = self._host, self._next, None
            self._turn += 1
        self._run(lambda: self._discard(old))

    def _prepare(self, callee: Callee, on_refused: Callable[[str], None]) -> None:
        """On a thread of its own: starts a plugin and has it answer once."""
        host = self._new_host(callee)
        with self._changed:
            if self._closed:
                return
            self._used.append(host)
        try:
            host.start()
            host.call(self._symbol, *self._arguments)
        except PlugdeckError as failure:
            self._discard(host)
            if not self._closed:
                on_refused(_reason(failure))
            return
        with self._changed:
            passed_over, self._next = self._next, host
        if passed_over:
            self._discard(passed_over)

    def _discard(self, host: TransformHost) -> None:
        host.stop()
        with self._changed, suppress(ValueError):
            self._used.remove(host)


def _reason(failure: PlugdeckError) -> str:
    return failure.outcome.sentence if isinstance(failure, HostError) else str(failure)
