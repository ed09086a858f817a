"""One worker: it is started, asked one question at a time, and ended.

Questions are asked on the caller's own thread; the watcher's thread sees to output, and to a death between calls.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from time import monotonic

from plugdeck.errors import PlugdeckError
from plugdeck.hosting import wire
from plugdeck.hosting.channel import Cancelled, ChannelClosedError
from plugdeck.hosting.child_process import ChildProcess
from plugdeck.hosting.conversation import Conversation
from plugdeck.hosting.crash.picture_bounds import Picture
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.launch import Launcher, WorkerCommand
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, HostError, Outcome
from plugdeck.hosting.process_output import LogSink
from plugdeck.hosting.session import Session
from plugdeck.hosting.watcher import Watcher
from plugdeck.hosting.wire import Kind
from plugdeck.hosting.worker_frames import WorkerFrames

STARTING = "starting"


class WorkerProcess:
    """A worker that was started; ``HostError`` from any method means that it is gone. Any thread."""

    def __init__(
        self,
        *,
        command: WorkerCommand,
        launcher: Launcher,
        watcher: Watcher,
        deadlines: Deadlines,
        sink: LogSink,
        on_end: Callable[[Outcome], Callable[[], None]],
    ) -> None:
        """Starts the process; ``say_hello`` waits until it is ready.

        Args:
            command, launcher: what to run, and who starts it.
            watcher: the thread that starts and watches it.
            deadlines: for every question.
            sink: who keeps what it writes.
            on_end: called once, on any thread, when it is gone; what it returns is called after that, without locks.

        Raises:
            HostError: it could not be started.
        """
        self._on_end = on_end
        self._turn = RLock()
        self._is_started = False
        self._is_finished = False
        self._frames = WorkerFrames(self)
        self.frames = self._frames.own
        """The frames that this worker writes."""
        try:
            self._child = ChildProcess(
                command=command, launcher=launcher, watcher=watcher, sink=sink, on_death=self._found_dead
            )
        except (OSError, PlugdeckError) as failure:
            reason = getattr(failure, "strerror", None) or str(failure)
            raise HostError(Outcome(Ending.NOT_STARTED, STARTING, message=f"{reason}.")) from failure
        self._talk = Conversation(self._child, deadlines, STARTING)
        self._is_started = True

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._child.worker_pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked for anything."""
        return self._child.is_alive

    @property
    def denied(self) -> tuple[str, ...]:
        """What its plugins tried and were refused, as verb phrases."""
        return self._child.denied

    def is_dead(self) -> bool:
        """Whether its process has ended, also where nobody has noticed yet; waits while it is called."""
        with self._turn:
            return self._is_finished or self._child.channel.is_process_dead(0)

    def begin_work(self) -> None:
        """Counts its time from now on: it was kept ready, and is given to a plugin."""
        self._child.begin_work()

    def say_hello(self) -> None:
        """Waits until the worker is ready; once it was, returns at once. Raises HostError."""
        if not self._talk.is_ready:
            with self.session(STARTING):
                self._talk.hear_hello()

    def ask(
        self,
        kind: Kind,
        body: bytes = b"",
        *,
        during: str,
        deadline_s: float | None = None,
        descriptors: tuple[int, ...] = (),
        cancelled: Cancelled | None = None,
    ) -> bytes:
        """The body of the answer.

        Args:
            kind: the question.
            body: its body.
            during: what this is, in words for the user.
            deadline_s: how long it may take; by default as long as a call.
            descriptors: sent along; they stay open here.
            cancelled: asked while waiting; when it turns true, the plugin is told so.

        Raises:
            HostError: the process ended, was ended, or broke the protocol.
            PlugdeckError: the worker says that it failed, in the form in which it was raised there.
        """
        with self.session(during):
            self._frames.tell_unmapped()
            return self._talk.ask(kind, body, descriptors, deadline_s=deadline_s, cancelled=cancelled)

    def ask_json(self, kind: Kind, value: object, *, during: str, deadline_s: float | None = None) -> object:
        """As ``ask``, with JSON both ways. What comes back is any JSON at all."""
        try:
            body = wire.checked_length(wire.pack_json(value))
        except wire.WireError as failure:
            raise PlugdeckError(f"{during} was not asked for: {failure}.") from failure
        with self.session(during):
            return self._talk.parsed(self.ask(kind, body, during=during, deadline_s=deadline_s))

    def note(self, kind: Kind, body: bytes = b"") -> bool:
        """Sends what is not answered, when it is the caller's turn; False when it is not taken."""
        try:
            self._child.channel.send(kind, 0, body)
        except (ChannelClosedError, TimeoutError):
            return False
        return True

    def map_input(self, memory: FrameMemory) -> None:
        """Makes the worker map a frame for reading, unless it has. Raises HostError."""
        self._frames.map_input(memory)

    def work_on(self, *pictures: Picture) -> None:
        """What the next call works on, so that a fault beside one of them can be told from another."""
        self._child.pictures = pictures

    def breach(self, reason: str) -> HostError:
        """Ends the worker, which answered with something unexpected; the error to raise within a session."""
        return self._talk.end(Ending.BROKE_PROTOCOL, reason)

    def damage(self, byte_count: str) -> HostError:
        """Ends the worker, which wrote that much beyond its picture; the error to raise within a session."""
        message = f"It wrote past the end of its output picture, by at least {byte_count}."
        return self._talk.end(Ending.DAMAGED_OUTPUT, message)

    def refuse(self, reason: str) -> HostError:
        """Ends the worker, into which came what must not be used; the error to raise within a session."""
        return self._talk.end(Ending.REFUSED, reason)

    def abandon(self) -> None:
        """Kills it before anything was loaded; whoever waits for it learns that it was ended on purpose."""
        self._child.condemn(self._stopped())

    def begin_stop(self) -> None:
        """Asks an idle worker to end, and kills a busy one; returns at once."""
        verdict = self._stopped()
        if not self._turn.acquire(blocking=False):
            self._child.condemn(verdict)
            return
        try:
            if self._child.judge(verdict):
                self.note(Kind.STOP)
        finally:
            self._turn.release()

    def finish_stop(self, by: float) -> None:
        """Waits until it is gone; kills it when the monotonic clock reaches ``by``."""
        with self._turn:
            left_ms = max(0, int((by - monotonic()) * 1000))
            if not self._is_finished and not self._child.channel.is_process_dead(left_ms):
                self._child.condemn(self._stopped())
        self._finish()

    def if_idle(self, work: Callable[[], None]) -> None:
        """Does that now, unless the worker is busy or gone."""
        if self._turn.acquire(blocking=False):
            try:
                if self.is_alive:
                    work()
            finally:
                self._turn.release()

    def session(self, during: str, begin: Callable[[], None] = lambda: None) -> Session:
        """``with process.session("Transform")``: several questions as one; nobody else asks in between.

        What the process does meanwhile is called ``during``; ``begin`` is called before it is said to do that, and
        must not fail. Raises HostError when the process is gone.
        """
        return Session(self, during, begin)

    def begin_session(self, during: str, begin: Callable[[], None]) -> str:
        """For ``Session``: takes the turn; returns what the process did before."""
        self._turn.acquire()
        begin()
        outer, self._talk.activity = self._talk.activity, during
        if not self.is_alive:
            failure = self._talk.over()
            self.end_session(outer, failure)
            raise failure
        return outer

    def end_session(self, outer: str, error: BaseException | None) -> None:
        """For ``Session``: gives the turn back. The outermost one sees to the end of a process that is gone."""
        is_outermost = outer in (STARTING, BETWEEN_CALLS)
        self._talk.activity = BETWEEN_CALLS if is_outermost else outer
        self._turn.release()
        if is_outermost and isinstance(error, HostError):
            self._finish()

    def _stopped(self) -> Outcome:
        return Outcome(Ending.STOPPED, self._talk.activity)

    def _found_dead(self) -> None:
        """On the watcher's thread, until it is seen to: the first time may be before ``_child`` is there."""
        if self._is_started:
            self._finish()

    def _finish(self) -> None:
        """Gives everything back that a dead process held here, and tells of its end. Any thread, any number of times.

        Descriptors are closed only when no caller waits on them any more.
        """
        outcome = self._child.bury(self._talk.activity)
        with self._turn:
            if self._is_finished:
                return
            self._is_finished = True
            self._child.close()
            self.frames.close()
            tell = self._on_end(outcome)
        tell()
