"""One function, called again and again, while the plugin that gives it can be swapped for another between two calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from time import monotonic, perf_counter
from typing import NamedTuple

from plugdeck.chain.transform_host import HostFactory, TransformHost
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
    plugin: str
    answer: object = None
    """Any JSON value; from outside, as is all that follows."""
    error: str = ""
    """Why there is no answer, as a sentence; then the next call is tried all the same."""
    milliseconds: float = 0.0


class Calling:
    """Calls once a period on a thread of its own, whatever becomes of the plugin. Every method returns at once.

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
        period_s: float = 1.0,
        on_beat: Callable[[Beat], None],
        on_refused: Callable[[Callee, str], None] = lambda callee, reason: None,
    ) -> None:
        """Begins at once.

        Args:
            hosts: where plugins run.
            callee: the first plugin.
            symbol: its function, or a method of a value: ``Greeter.Greet``.
            arguments: JSON values.
            period_s: from the begin of one call to that of the next.
            on_beat: gets each result, on the calling thread.
            on_refused: gets a plugin that was not taken and why, on another thread.
        """
        self._hosts = hosts
        self._symbol, self._arguments = symbol, tuple(arguments)
        self._period_s = period_s
        self._on_beat, self._on_refused = on_beat, on_refused
        self._changed = Condition()
        self._host = self._new_host(callee)
        self._next: TransformHost | None = None
        self._used = [self._host]
        self._threads: list[Thread] = []
        self._closed = False
        self._run(self._call_for_ever)

    def swap(self, callee: Callee) -> None:
        """Has another plugin answer from the first call on that it is ready for."""
        self._run(lambda: self._prepare(callee))

    def close(self) -> None:
        """Ends the calls and the processes; blocks until they are gone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            used = list(self._used)
        for host in used:
            host.stop()
        for thread in self._threads:
            thread.join()

    def _run(self, work: Callable[[], None]) -> None:
        thread = Thread(target=work, name="plugdeck-calling", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def _new_host(self, callee: Callee) -> TransformHost:
        return self._hosts.host(*callee)

    def _call_for_ever(self) -> None:
        number, due = 0, monotonic()
        while self._wait_until(due):
            self._take_next()
            number += 1
            self._on_beat(self._beat(number))
            due += self._period_s * max(1, -((due - monotonic()) // self._period_s))

    def _wait_until(self, due: float) -> bool:
        """False when there are to be no more calls."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, max(0.0, due - monotonic()))
            return not self._closed

    def _beat(self, number: int) -> Beat:
        name, began = self._host.manifest.name, perf_counter()
        try:
            self._host.start()  # which does nothing, unless it ended at the last call
            answer = self._host.call(self._symbol, *self._arguments)
        except PlugdeckError as failure:
            return Beat(number, name, error=_reason(failure), milliseconds=(perf_counter() - began) * 1000)
        return Beat(number, name, answer, milliseconds=(perf_counter() - began) * 1000)

    def _take_next(self) -> None:
        with self._changed:
            if self._next is None:
                return
            old, self._host, self._next = self._host, self._next, None
        self._run(lambda: self._discard(old))

    def _prepare(self, callee: Callee) -> None:
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
                self._on_refused(callee, _reason(failure))
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
