"""Questions to a worker, and what its answers, or their absence, mean. Whose turn it is, others see to."""

from __future__ import annotations

from plugdeck.errors import PlugdeckError
from plugdeck.hosting import failures, wire
from plugdeck.hosting.channel import Cancelled, ChannelClosedError
from plugdeck.hosting.child_process import ChildProcess
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.outcome import Ending, HostError, Outcome
from plugdeck.hosting.wire import Kind, Message


class Conversation:
    """With one process, by one thread at a time. Each ``HostError`` is the end of that process."""

    def __init__(self, child: ChildProcess, deadlines: Deadlines, activity: str) -> None:
        """Says nothing. ``activity`` is what the process does now, in words for the user."""
        self._child = child
        self._deadlines = deadlines
        self._request = 0
        self.activity = activity
        """What it does, for an end that comes now."""
        self.is_ready = False
        """Whether it has said hello."""

    def hear_hello(self) -> None:
        """Waits until it is ready. Raises HostError."""
        message = self._answer(self._deadlines.hello_s, None, is_short=False)
        if message.kind is not Kind.HELLO:
            raise self.end(Ending.BROKE_PROTOCOL, f"It began with {message.kind.name} rather than HELLO.")
        self.is_ready = True

    def ask(
        self,
        kind: Kind,
        body: bytes,
        descriptors: tuple[int, ...],
        *,
        deadline_s: float | None,
        cancelled: Cancelled | None,
    ) -> bytes:
        """The body of the answer; see ``WorkerProcess.ask``."""
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

    def parsed(self, body: bytes) -> object:
        """The JSON in an answer: any at all. Raises HostError."""
        try:
            return wire.unpack_json(body)
        except wire.WireError as failure:
            raise self.end(Ending.BROKE_PROTOCOL, f"It sent {failure}.") from failure

    def end(self, ending: Ending, message: str = "") -> HostError:
        """Ends the process, unless it ended before; the error to raise."""
        self._child.condemn(Outcome(ending, self.activity, message=message))
        return self.over()

    def over(self) -> HostError:
        """The error to raise of a process that is gone, or about to be."""
        return HostError(self._child.bury(self.activity))

    def _answer(self, deadline_s: float, cancelled: Cancelled | None, *, is_short: bool) -> Message:
        try:
            return self._child.channel.receive(deadline_s, cancelled, is_short=is_short)
        except (TimeoutError, ChannelClosedError, wire.WireError) as failure:
            raise self._lost(failure, deadline_s) from failure
        except BaseException:  # Ctrl+C, or the caller's own callback: a late answer must not meet another question
            self._child.condemn(Outcome(Ending.STOPPED, self.activity))
            raise

    def _lost(self, failure: Exception, deadline_s: float) -> HostError:
        if isinstance(failure, wire.WireError):
            return self.end(Ending.BROKE_PROTOCOL, f"It sent what is no message: {failure}.")
        if isinstance(failure, TimeoutError):
            give = self._child.time_out if self.is_ready else self._child.condemn
            give(Outcome(Ending.TIMED_OUT, self.activity, deadline_s=deadline_s))
        elif not self._child.is_dying():
            return self.end(Ending.LOST_CONNECTION)
        return self.over()

    def _failure(self, message: Message) -> PlugdeckError:
        if message.kind is Kind.FAILED and message.request == self._request:
            return failures.rebuild(self.parsed(message.body))
        reason = f"{message.kind.name} {message.request} is no answer to question {self._request}."
        return self.end(Ending.BROKE_PROTOCOL, reason)
