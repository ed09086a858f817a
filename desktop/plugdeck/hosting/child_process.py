"""The process of a worker: how it is started, what it leaves behind, and how it came to its end.

Whoever notices first that it is gone, or that it has to go, decides what is told of it: a verdict is given once.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Lock

from plugdeck.hosting.channel import Channel
from plugdeck.hosting.launch import Launcher, WorkerCommand
from plugdeck.hosting.outcome import Outcome, Status, outcome_of_status
from plugdeck.hosting.plugin_log import LogLevel, LogSource
from plugdeck.hosting.process_output import LogSink, ProcessOutput
from plugdeck.hosting.sandbox.line import Line
from plugdeck.hosting.watcher import Watcher
from plugdeck.hosting.wire import CALL_DESCRIPTOR, FLAG_DESCRIPTOR, LINE_DESCRIPTOR, LOG_DESCRIPTOR


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
        self._verdict: Outcome | None = None
        self._outcome: Outcome | None = None
        self._worker_pid: int | None = None
        watcher.run(lambda: self._spawn(command, launcher, sink))

    @property
    def worker_pid(self) -> int:
        """The number of the worker itself, once it is ready."""
        self._worker_pid = self._worker_pid or self._line.worker_pid()
        return self._worker_pid or self.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs, and is not about to be ended."""
        return self._verdict is None and self._outcome is None

    def judge(self, verdict: Outcome) -> bool:
        """Gives the verdict that will be told of its end; False when there was one before."""
        with self._lock:
            is_first = self.is_alive
            if is_first:
                self._verdict = verdict
            return is_first

    def condemn(self, verdict: Outcome) -> None:
        """Kills it, whatever it does; ``verdict`` is told of it unless another one was given before."""
        with self._lock:
            if self._outcome is None:
                self._verdict = self._verdict or verdict
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def bury(self, during: str) -> Outcome:
        """Waits for the end of a process that is dead or condemned, and says how it came; the same each time.

        ``during`` is what it was doing, for an end that nobody here brought about.
        """
        with self._lock:
            if self._outcome is None:
                status = self._collect()
                self._watcher.forget(self._pidfd)
                status = self._line.end() or status
                verdict = self._verdict or outcome_of_status(status, during)
                self._outcome = replace(verdict, stderr_tail=self._output.end())
            return self._outcome

    def close(self) -> None:
        """Closes what is left here after ``bury``; once, when nobody uses the channel any more."""
        self.channel.close()
        os.close(self._pidfd)

    def _spawn(self, command: WorkerCommand, launcher: Launcher, sink: LogSink) -> None:
        """On the watcher's thread: the kernel ties the process to the thread that starts it."""
        with ExitStack() as ours, ExitStack() as theirs:
            self.channel = Channel()
            ours.callback(self.channel.close)
            stdout, stdout_there = _pipe(ours, theirs)
            stderr, stderr_there = _pipe(ours, theirs)
            log, log_there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.enter_context(log)
            theirs.enter_context(log_there).setblocking(False)
            line, line_there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.enter_context(line)
            theirs.enter_context(line_there)
            descriptors = {
                1: stdout_there,
                2: stderr_there,
                CALL_DESCRIPTOR: self.channel.theirs.fileno(),
                LOG_DESCRIPTOR: log_there.fileno(),
                FLAG_DESCRIPTOR: self.channel.flag_descriptor,
                LINE_DESCRIPTOR: line_there.fileno(),
            }
            self.pid = launcher.launch(command, descriptors)
            self._pidfd = _pidfd_of(self.pid)
            ours.pop_all()
        self.channel.attach(self._pidfd)
        self._output = ProcessOutput(self._watcher, sink, stdout, stderr, log)
        self._output.begin()
        self._line = Line(self._watcher, line, lambda deed: _tell_refusal(sink, deed))
        self._watcher.watch(self._pidfd, self._found_dead)

    def _found_dead(self) -> None:
        """The number of a descriptor that was closed may be another's by now: only the process itself tells."""
        if self._outcome is not None or self.channel.is_process_dead(0):
            self._on_death()

    def _collect(self) -> Status | None:
        """How it ended; None when somebody else collected it. What it started itself ends with it.

        Its number stays taken until it is collected, so that the group that is killed is its own.
        """
        try:
            os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOWAIT)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            ended = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
            return Status(ended.si_code, ended.si_status) if ended else None
        except ChildProcessError:
            return None


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """The reading end, which is ours, and the writing end."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    ours.callback(os.close, reading)
    theirs.callback(os.close, writing)
    return reading, writing


def _tell_refusal(sink: LogSink, deed: str) -> None:
    sink.add_output(LogSource.HOST, LogLevel.WARNING, f"It tried to {deed}, which its confinement does not allow.")


def _pidfd_of(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:  # no descriptor is left for it: it cannot be watched, so it cannot be used
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
