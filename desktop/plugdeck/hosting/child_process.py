"""The process of a worker: how it is started, what it leaves behind, and how it came to its end.

Whoever notices first that it is gone, or that it has to go, decides what is told of it: a verdict is given once.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Event, Lock
from time import monotonic

from plugdeck.hosting.crash.crash_pipe import CrashPipe
from plugdeck.hosting.crash.examination import examine
from plugdeck.hosting.crash.hang import look_at_hang
from plugdeck.hosting.crash.oom_kills import oom_kills
from plugdeck.hosting.crash.picture_bounds import Picture
from plugdeck.hosting.crash.process_view import thread_state
from plugdeck.hosting.crash.verdict import verdict_of, with_hang, with_own_words
from plugdeck.hosting.launch import Launcher, WorkerCommand
from plugdeck.hosting.outcome import Ending, Outcome, outcome_of_status
from plugdeck.hosting.plugin_log import LogLevel, LogSource
from plugdeck.hosting.process_output import LogSink, ProcessOutput
from plugdeck.hosting.sandbox.line import Line
from plugdeck.hosting.sandbox.packets import END_WORKER
from plugdeck.hosting.started_process import StartedProcess, start_process
from plugdeck.hosting.watcher import Watcher

# A process that ends closes its socket a moment before its death can be seen: a long one where the machine is busy.
_DYING_S = 2.0
_DYING_STEP_MS = 20
# One that is condemned is gone long before, unless something keeps its minder from its work.
_BURIED_MS = 10_000
# A thread stands still within a millisecond after it has announced that; on a machine that is very busy, much later.
_ANNOUNCED_S = 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.0005, 0.1
_NOT_SEEN = "Where it was could not be seen, since its process must not be looked at."


class ChildProcess:
    """A process that was started. Any thread."""

    def __init__(
        self,
        *,
        command: WorkerCommand,
        launcher: Launcher,
        watcher: Watcher,
        sink: LogSink,
        on_death: Callable[[], None],
    ) -> None:
        """Starts it.

        Args:
            command: what to run.
            launcher: starts it.
            watcher: the thread that starts and watches it.
            sink: who keeps what it writes.
            on_death: called on the watcher's thread when it has ended.

        Raises:
            OSError, PlugdeckError: it could not be started.
        """
        self._watcher = watcher
        self._on_death = on_death
        self._lock = Lock()
        """For the verdict: held for moments."""
        self._burying = Lock()
        self._looking = Lock()
        self._verdict: Outcome | None = None
        self._outcome: Outcome | None = None
        self._worker_pid: int | None = None
        self._denied: list[str] = []
        self.pictures: tuple[Picture, ...] = ()
        """What its plugins work on, or did last."""
        self.begin_work()
        watcher.run(lambda: self._spawn(command, launcher, sink))

    def begin_work(self) -> None:
        """Counts from now on what is told of it: one that was kept ready was idle before."""
        self._began = monotonic()
        self._oom_kills = oom_kills()

    @property
    def worker_pid(self) -> int:
        """The number of the worker itself, once it is ready."""
        self._worker_pid = self._worker_pid or self._line.worker_pid()
        return self._worker_pid or self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs, and is not about to be ended."""
        return self._verdict is None and self._outcome is None

    @property
    def denied(self) -> tuple[str, ...]:
        """What its plugins tried and were refused, as verb phrases, each once."""
        return tuple(self._denied)

    def judge(self, verdict: Outcome) -> bool:
        """Gives the verdict that will be told of its end; False when there was one before."""
        with self._lock:
            is_first = self.is_alive
            if is_first:
                self._verdict = verdict
            return is_first

    def condemn(self, verdict: Outcome) -> None:
        """Kills it, whatever it does; ``verdict`` is told of it unless another one was given before.

        A verdict that does not say what it was doing takes that from ``bury``.
        """
        with self._lock:
            if self._outcome is None:
                self._verdict = self._verdict or verdict
                self._kill()

    def time_out(self, verdict: Outcome) -> None:
        """As ``condemn``, for one that did not answer in time: it is looked at first."""
        try:
            with self._looking:
                if self.judge(verdict):
                    seen = with_hang(verdict, look_at_hang(self.worker_pid, self._line.signal_worker))
                    with self._lock:
                        self._verdict = seen
        finally:
            self.condemn(verdict)

    def is_dying(self) -> bool:
        """Whether it ends within a moment, or has crashed and could not announce it; not one that stands still."""
        end = monotonic() + _DYING_S
        while not self.channel.is_process_dead(_DYING_STEP_MS) and not self._line.has_told_end():
            with suppress(PermissionError):
                if self.look_for_crash():
                    return True
            if monotonic() > end or thread_state(self.worker_pid, self.worker_pid) == "T":
                return False
        return True

    def look_for_crash(self) -> bool:
        """Condemns it if a thread of it stands still at a fault; whether that is so.

        Raises:
            PermissionError: it must not be looked at.
        """
        with self._looking:
            if not self.is_alive or self.channel.is_process_dead(0):
                return False
            seen = examine(self.worker_pid, self.pictures)
            if seen and not self.channel.is_process_dead(0):  # else its number may have been somebody else's
                self.condemn(verdict_of(seen))
            return seen is not None

    def bury(self, during: str) -> Outcome:
        """Waits for the end of a process that is dead or condemned, and says how it came; the same each time.

        ``during`` is what it was doing, for an end that nobody here brought about.
        """
        with self._burying:
            if self._outcome is None:
                if not self.channel.is_process_dead(_BURIED_MS):
                    self._line.signal_worker(signal.SIGKILL)
                    self._process.send_signal(signal.SIGKILL)
                status = self._process.collect()
                verdict = self._verdict
                self._watcher.forget(self._process.pidfd)
                status = self._line.end() or status
                verdict = verdict or outcome_of_status(status, during, oom_kills() - self._oom_kills)
                self._crashes.close()
                outcome = with_own_words(self._with_facts(verdict, during))
                with self._lock:  # nobody signals it any more after that: the descriptor may be closed
                    self._outcome = outcome
            return self._outcome

    def close(self) -> None:
        """Closes what is left here after ``bury``; once, when nobody uses the channel any more."""
        self.channel.close()
        os.close(self._process.pidfd)

    def _spawn(self, command: WorkerCommand, launcher: Launcher, sink: LogSink) -> None:
        """On the watcher's thread: the kernel ties the process to the thread that starts it."""
        self._process = start_process(command, launcher)
        self.channel = self._process.channel
        try:
            self._listen(self._process, sink)
        except BaseException:
            self._stop_listening(self._process)
            self._process.abandon()
            raise

    def _listen(self, started: StartedProcess, sink: LogSink) -> None:
        self._output = ProcessOutput(
            self._watcher, sink, (started.stdout, started.stderr), started.log, self._found_flooding
        )
        self._output.begin()
        self._line = Line(self._watcher, started.line, lambda deed: self._tell_refusal(sink, deed))
        self._crashes = CrashPipe(self._watcher, started.crash, self._hear_of_crash)
        self._watcher.watch(started.pidfd, self._found_dead)

    def _stop_listening(self, started: StartedProcess) -> None:
        ours = (started.stdout, started.stderr, started.log.fileno(), started.line.fileno(), started.crash)
        for descriptor in (*ours, started.pidfd):
            self._watcher.forget(descriptor)

    def _found_dead(self) -> None:
        """The number of a descriptor that was closed may be another's by now: only the process itself tells."""
        if self._outcome is not None or self.channel.is_process_dead(0):
            self._on_death()

    def _hear_of_crash(self) -> None:
        """On a thread of its own. Where nobody may look, the signal that was announced is all that is known."""
        with suppress(PermissionError):
            self._wait_for(self.look_for_crash)
            return
        self._wait_for(lambda: self._crashes.signal is not None)
        if self._crashes.signal is not None:
            self.condemn(Outcome(Ending.CRASHED, "", signal=self._crashes.signal, message=_NOT_SEEN))

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        """Asks more and more seldom, for a while at most: a plugin may announce what does not come."""
        end, pause_s, pause = monotonic() + _ANNOUNCED_S, _FIRST_PAUSE_S, Event()
        while self.is_alive and not condition() and monotonic() < end:
            pause.wait(pause_s)
            pause_s = min(pause_s * 1.2, _LONGEST_PAUSE_S)

    def _found_flooding(self) -> None:
        self.condemn(Outcome(Ending.FLOODED, ""))

    def _tell_refusal(self, sink: LogSink, deed: str) -> None:
        self._denied.append(deed)
        sink.add_output(LogSource.HOST, LogLevel.WARNING, f"It tried to {deed}, which its confinement does not allow.")

    def _with_facts(self, verdict: Outcome, during: str) -> Outcome:
        return replace(
            verdict,
            during=verdict.during or during,
            stderr_tail=self._output.end(),
            left_out_bytes=self._output.left_out_bytes,
            denied=self.denied,
            pid=self.worker_pid,
            seconds=monotonic() - self._began,
        )

    def _kill(self) -> None:
        """A minder is the last to go; the worker may have stopped it."""
        if not self._line.has_minder():
            self._process.send_signal(signal.SIGKILL)
            return
        if not self._line.signal_worker(signal.SIGKILL):
            self._process.send_signal(END_WORKER)
        self._process.send_signal(signal.SIGCONT)
