"""One worker that is ready before anybody asks for it: confined as most plugins want it, with nothing opened in it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

from plugdeck.hosting.launch import WorkerCommand
from plugdeck.hosting.outcome import HostError, Outcome
from plugdeck.hosting.plugin_log import LogLevel, LogSource
from plugdeck.hosting.process_output import LogSink
from plugdeck.hosting.worker_process import WorkerProcess

_MEMORY = Path("/proc/meminfo")
_NEEDED_BYTES = 512 * 1024 * 1024
OnEnd = Callable[[Outcome], Callable[[], None]]


class Owner:
    """Whoever has the worker now, for what it writes and for its end; nobody at first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sink: LogSink | None = None
        self._on_end: OnEnd | None = None
        self._has_ended = False

    def become(self, sink: LogSink, on_end: OnEnd) -> bool:
        """Hands everything to these from now on; False when it has ended already."""
        with self._lock:
            self._sink, self._on_end = sink, on_end
            return not self._has_ended

    def ended(self, outcome: Outcome) -> Callable[[], None]:
        """For the process."""
        with self._lock:
            self._has_ended = True
            on_end = self._on_end
        return on_end(outcome) if on_end else lambda: None

    def add_output(self, source: LogSource, level: LogLevel, text: str) -> None:
        """Part of ``LogSink``."""
        if sink := self._sink:
            sink.add_output(source, level, text)

    def add_logged(self, slot: int, level: LogLevel, text: str) -> None:
        """Part of ``LogSink``."""
        if sink := self._sink:
            sink.add_logged(slot, level, text)


Start = Callable[[WorkerCommand, LogSink, OnEnd], WorkerProcess]


class SpareWorker:
    """Any thread. It is started on a thread of its own, taken once, and replaced when it is asked for again."""

    def __init__(self, command: Callable[[], WorkerCommand], start: Start) -> None:
        """Starts nothing.

        Args:
            command: what it runs, which depends on the environment; it may take a while.
            start: starts a process.
        """
        self._command = command
        self._start = start
        self._lock = Lock()
        self._ready: tuple[WorkerCommand, WorkerProcess, Owner] | None = None
        self._starting: WorkerProcess | None = None
        self._thread: Thread | None = None
        self._closed = False

    def prepare(self) -> None:
        """Sees to it that there will be one, unless memory is short; returns at once."""
        with self._lock:
            is_there = self._ready is not None and self._ready[1].is_alive
            if self._closed or is_there or (self._thread and self._thread.is_alive()):
                return
            self._thread = Thread(target=self._prepare, name="plugdeck-spare", daemon=True)
            self._thread.start()

    def take(self, command: WorkerCommand, sink: LogSink, on_end: OnEnd) -> WorkerProcess | None:
        """The spare one, if it was started by this very command; from now on it is the caller's."""
        with self._lock:
            if self._ready is None or self._ready[0] != command:
                return None
            (_, process, owner), self._ready = self._ready, None
        # In this order: the end of one that is not taken is nobody's, who would take it for that of another.
        if process.is_alive and not process.is_dead() and owner.become(sink, on_end):
            process.begin_work()
            return process
        process.finish_stop(monotonic())
        return None

    def close(self, by: float) -> None:
        """Ends it, also while it is being started; blocks until the monotonic clock reaches ``by`` at most."""
        with self._lock:
            self._closed = True
            if self._starting:
                self._starting.abandon()
            thread = self._thread
        if thread:
            thread.join()
        if self._ready:
            self._ready[1].begin_stop()
            self._ready[1].finish_stop(by)

    def _prepare(self) -> None:
        if not _has_memory():
            return
        with suppress(HostError):
            self._drop_other()
            command, owner = self._command(), Owner()
            process = self._start(command, owner, owner.ended)
            with self._lock:
                self._starting = process
                if self._closed:
                    process.abandon()
            process.say_hello()
            with self._lock:
                self._ready = (command, process, owner)
        self._starting = None

    def _drop_other(self) -> None:
        """One that died, or does not fit any more, is given back first."""
        with self._lock:
            old, self._ready = self._ready, None
        if old:
            old[1].begin_stop()
            old[1].finish_stop(monotonic())


def _has_memory() -> bool:
    """Whether the machine has memory to spare; unknown counts as yes."""
    try:
        lines = _MEMORY.read_text("ascii").splitlines()
        available = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(available.split()[1]) * 1024 >= _NEEDED_BYTES
    except (OSError, StopIteration, ValueError):
        return True
