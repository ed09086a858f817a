"""One worker: questions and answers with deadlines, turns, and the frames that it has.

Questions are asked on the caller's own thread, one at a time; the watcher's thread sees to output, and to a death
between calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from time import monotonic
from types import TracebackType

from plugdeck.errors import PlugdeckError
from plugdeck.hosting import failures, wire
from plugdeck.hosting.channel import Cancelled, ChannelClosedError
from plugdeck.hosting.child_process import ChildProcess
from plugdeck.hosting.crash.picture_bounds import Picture
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.frames import FramePool
from plugdeck.hosting.launch import Launcher, WorkerCommand
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, HostError, Outcome
from plugdeck.hosting.process_output import LogSink
from plugdeck.hosting.watcher import Watcher
from plugdeck.hosting.wire import Kind, Message

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
            command: what to run.
            launcher: starts it.
            watcher: the thread that starts and watches it.
            deadlines: for every question.
            sink: who keeps what it writes.
            on_end: called once, on any thread, when it is gone; what it returns is called after that, without locks.

        Raises:
            HostError: it could not be started.
        """
        self._deadlines = deadlines
        self._on_end = on_end
        self._turn = RLock()
        self._activity = STARTING
        self._is_started = False
        self._is_finished = False
        self._is_ready = False
        self._request = 0
        self._mapped: set[int] = set()
        self._unmapped: list[int] = []
        self.frames = FramePool(self._adopt)
        """The frames that this worker writes."""
        try:
            self._child = ChildProcess(
                command=command, launcher=launcher, watcher=watcher, sink=sink, on_death=self._found_dead
            )
        except (OSError, PlugdeckError) as failure:
            reason = getattr(failure, "strerror", None) or str(failure)
            raise HostError(Outcome(Ending.NOT_STARTED, STARTING, message=f"{reason}.")) from failure
        self._is_started = True

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._child.worker_pid

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked for anything."""
        return self._child.is_alive

    def is_dead(self) -> bool:
        """Whether its process has ended, also where nobody has noticed yet; waits while it is called."""
        with self._turn:
            return self._is_finished or self._child.channel.is_process_dead(0)

    def begin_work(self) -> None:
        """Counts its time from now on: it was kept ready, and is given to a plugin."""
        self._child.begin_work()

    def say_hello(self) -> None:
        """Waits until the worker is ready; once it was, returns at once. Raises HostError."""
        if self._is_ready:
            return
        with self.session(STARTING):
            message = self._answer(self._deadlines.hello_s, None, is_short=False)
            if message.kind is not Kind.HELLO:
                raise self.breach(f"It began with {message.kind.name} rather than HELLO.")
            self._is_ready = True

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
            if self._unmapped:
                self._send_unmapped()
            self._request = (self._request + 1) & 0xFFFF_FFFF
            deadline_s = deadline_s or self._deadlines.call_s
            try:
                self._child.channel.send(kind, self._request, body, descriptors, deadline_s=deadline_s)
            except (TimeoutError, ChannelClosedError) as failure:
                raise self._lost(failure, deadline_s) from failure
            message = self._answer(deadline_s, cancelled, is_short=kind is not Kind.TRANSFORM)
            if message.kind is Kind.DONE and message.request == self._request:
                return message.body
            raise self._failure(message)

    def ask_json(self, kind: Kind, value: object, *, during: str, deadline_s: float | None = None) -> object:
        """As ``ask``, with JSON both ways. What comes back is any JSON at all."""
        try:
            body = wire.checked_length(wire.pack_json(value))
        except wire.WireError as failure:
            raise PlugdeckError(f"{during} was not asked for: {failure}.") from failure
        return self._parsed(self.ask(kind, body, during=during, deadline_s=deadline_s))

    def map_input(self, memory: FrameMemory) -> None:
        """Makes the worker map a frame for reading, unless it has. Raises HostError."""
        if memory.number not in self._mapped:
            self._map(Kind.MAP_INPUT, memory)
            self._mapped.add(memory.number)

    def unmap(self, number: int) -> None:
        """Tells the worker that a frame is gone: at once, or before the next question when it is busy."""
        self._unmapped.append(number)
        if self._turn.acquire(blocking=False):
            try:
                if self.is_alive:
                    self._send_unmapped()
            finally:
                self._turn.release()

    def abandon(self) -> None:
        """Kills it before anything was loaded; whoever waits for it learns that it was ended on purpose."""
        self._child.condemn(Outcome(Ending.STOPPED, self._activity))

    def begin_stop(self) -> None:
        """Asks an idle worker to end, and kills a busy one; returns at once."""
        verdict = Outcome(Ending.STOPPED, self._activity)
        if not self._turn.acquire(blocking=False):
            self._child.condemn(verdict)
            return
        try:
            if self._child.judge(verdict):
                with suppress(ChannelClosedError, TimeoutError):
                    self._child.channel.send(Kind.STOP)
        finally:
            self._turn.release()

    def finish_stop(self, by: float) -> None:
        """Waits until it is gone; kills it when the monotonic clock reaches ``by``."""
        with self._turn:
            left_ms = max(0, int((by - monotonic()) * 1000))
            if not self._is_finished and not self._child.channel.is_process_dead(left_ms):
                self._child.condemn(Outcome(Ending.STOPPED, self._activity))
        self._finish()

    def breach(self, reason: str) -> HostError:
        """Ends the worker, which answered with something unexpected; the error to raise within a session."""
        self._child.condemn(Outcome(Ending.BROKE_PROTOCOL, self._activity, message=reason))
        return HostError(self._child.bury(self._activity))

    def damage(self, byte_count: str) -> HostError:
        """Ends the worker, which wrote that much beyond its picture; the error to raise within a session."""
        message = f"It wrote past the end of its output picture, by at least {byte_count}."
        self._child.condemn(Outcome(Ending.DAMAGED_OUTPUT, self._activity, message=message))
        return HostError(self._child.bury(self._activity))

    def refuse(self, reason: str) -> HostError:
        """Ends the worker, into which came what must not be used; the error to raise within a session."""
        self._child.condemn(Outcome(Ending.REFUSED, self._activity, message=reason))
        return HostError(self._child.bury(self._activity))

    def work_on(self, *pictures: Picture) -> None:
        """What the next call works on, so that a fault beside one of them can be told from another."""
        self._child.pictures = pictures

    @property
    def denied(self) -> tuple[str, ...]:
        """What its plugins tried and were refused, as verb phrases."""
        return self._child.denied

    def session(self, during: str) -> Session:
        """``with process.session("Transform")``: several questions as one; nobody else asks in between.

        What the process does meanwhile is called ``during``. Raises HostError when the process is gone.
        """
        return Session(self, during)

    def begin_session(self, during: str) -> str:
        """For ``Session``: takes the turn; returns what the process did before."""
        self._turn.acquire()
        outer, self._activity = self._activity, during
        if not self.is_alive:
            failure = HostError(self._child.bury(self._activity))
            self.end_session(outer, failure)
            raise failure
        return outer

    def end_session(self, outer: str, error: BaseException | None) -> None:
        """For ``Session``: gives the turn back. The outermost one sees to the end of a process that is gone."""
        is_outermost = outer in (STARTING, BETWEEN_CALLS)
        self._activity = BETWEEN_CALLS if is_outermost else outer
        self._turn.release()
        if is_outermost and isinstance(error, HostError):
            self._finish()

    def _answer(self, deadline_s: float, cancelled: Cancelled | None, *, is_short: bool) -> Message:
        try:
            return self._child.channel.receive(deadline_s, cancelled, is_short=is_short)
        except (TimeoutError, ChannelClosedError, wire.WireError) as failure:
            raise self._lost(failure, deadline_s) from failure
        except BaseException:  # Ctrl+C, or the caller's own callback: a late answer must not meet another question
            self._child.condemn(Outcome(Ending.STOPPED, self._activity))
            raise

    def _lost(self, failure: Exception, deadline_s: float) -> HostError:
        if isinstance(failure, wire.WireError):
            return self.breach(f"It sent what is no message: {failure}.")
        if isinstance(failure, TimeoutError):
            verdict = Outcome(Ending.TIMED_OUT, self._activity, deadline_s=deadline_s)
            give = self._child.condemn if self._activity == STARTING else self._child.time_out
            give(verdict)
        elif not self._child.is_dying():
            self._child.condemn(Outcome(Ending.LOST_CONNECTION, self._activity))
        return HostError(self._child.bury(self._activity))

    def _failure(self, message: Message) -> PlugdeckError:
        if message.kind is Kind.FAILED and message.request == self._request:
            return failures.rebuild(self._parsed(message.body))
        return self.breach(f"{message.kind.name} {message.request} is no answer to question {self._request}.")

    def _parsed(self, body: bytes) -> object:
        try:
            return wire.unpack_json(body)
        except wire.WireError as failure:
            with self.session(self._activity):
                raise self.breach(f"It sent {failure}.") from failure

    def _adopt(self, memory: FrameMemory) -> None:
        """Hands fresh memory to the worker, which maps it for writing, and seals it against everybody else."""
        self._map(Kind.MAP_OUTPUT, memory)
        try:
            memory.seal()
        except OSError as failure:
            raise self.breach("It sealed a frame that is not its own to seal.") from failure

    def _map(self, kind: Kind, memory: FrameMemory) -> None:
        memory.readers.add(self)
        body = wire.pack_map(wire.MapRequest(memory.number, memory.capacity_bytes))
        self.ask(kind, body, during="taking a picture", descriptors=(memory.descriptor,))

    def _send_unmapped(self) -> None:
        """With the call lock held. A worker that reads nothing any more gets them later."""
        with suppress(ChannelClosedError, TimeoutError):
            while self._unmapped:
                number = self._unmapped[0]
                self._child.channel.send(Kind.UNMAP, 0, wire.pack_unmap(number))
                self._mapped.discard(number)
                self._unmapped.remove(number)

    def _found_dead(self) -> None:
        """On the watcher's thread, until it is seen to: the first time may be before ``_child`` is there."""
        if self._is_started:
            self._finish()

    def _finish(self) -> None:
        """Gives everything back that a dead process held here, and tells of its end. Any thread, any number of times.

        Descriptors are closed only when no caller waits on them any more.
        """
        outcome = self._child.bury(self._activity)
        with self._turn:
            if self._is_finished:
                return
            self._is_finished = True
            self._child.close()
            self.frames.close()
            tell = self._on_end(outcome)
        tell()


class Session:
    """A turn with a process, for the length of a block; turns of one thread may lie within each other."""

    __slots__ = ("_during", "_outer", "_process")

    def __init__(self, process: WorkerProcess, during: str) -> None:
        self._process = process
        self._during = during

    def __enter__(self) -> WorkerProcess:
        self._outer = self._process.begin_session(self._during)
        return self._process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end_session(self._outer, error)
