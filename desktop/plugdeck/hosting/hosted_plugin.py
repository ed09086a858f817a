"""A plugin in a worker process, as everybody above sees it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING

from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import OpenError, PlugdeckError
from plugdeck.hosting import wire
from plugdeck.hosting.crash.picture_bounds import Picture, byte_count
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.fingerprint import fingerprint
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState
from plugdeck.hosting.plugin_log import LogLevel, LogSource, PluginLog
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.hosting.sandbox.sealed_copy import SealedCopy, sealed_copy
from plugdeck.hosting.wanted_confinement import check_approved
from plugdeck.hosting.wire import Kind, TransformRequest
from plugdeck.image import ImageLayout
from plugdeck.listeners import Listeners
from plugdeck.text import visible

if TYPE_CHECKING:
    from plugdeck.hosting.channel import Cancelled
    from plugdeck.hosting.worker_group import WorkerGroup
    from plugdeck.hosting.worker_process import Session, WorkerProcess

LOADING = "loading"
_MOST_NAME = 80
_CHANGED = (
    "its file changed while it was loaded, so it is not known which bytes that were, and they were ended. Look at what "
    "the file is now, then load it again."
)


class HostedPlugin:
    """Every method may be called on any thread but the window's, since it may wait until its deadline.

    Calls to one process take turns. ``stop`` ends a call that is under way.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        approval: Approval,
        *,
        slot: int,
        group: WorkerGroup,
        deadlines: Deadlines,
    ) -> None:
        self.path = Path(os.path.abspath(path))  # its worker has another current folder
        self.manifest = manifest
        self.approval = approval
        """What the user said yes to; read whenever its process is started."""
        self.sha256 = ""
        """Of the bytes that were handed to its process last, in hexadecimal; empty before."""
        self.is_opened_in_place = False
        """Whether the file itself is opened, rather than a copy that has no place; for its group."""
        self.log = PluginLog()
        self.last_milliseconds: float | None = None
        """How long the last transform took, here, with all that its process adds."""
        self.is_wanted = False
        """Whether it is to be loaded whenever its process is started; for its group."""
        self.slot = slot
        """Its number in its process; for its group."""
        self._group = group
        self._deadlines = deadlines
        self._state = PluginState.NOT_LOADED
        self._outcome: Outcome | None = None
        self._parameters: dict[str, float] = {}
        self._written: dict[str, float] = {}
        """What is written again when another plugin ended the process that both were in."""
        self._listeners: Listeners[()] = Listeners()

    @property
    def state(self) -> PluginState:
        """Where the plugin is on its way."""
        return self._state

    @property
    def outcome(self) -> Outcome | None:
        """Why it is not loaded although it was meant to be; None while it is, and before."""
        return self._outcome

    @property
    def is_loaded(self) -> bool:
        """Whether it can be called."""
        return self._state is PluginState.LOADED

    @property
    def pid(self) -> int | None:
        """The number of its process, while there is one."""
        process = self._group.process
        return process.pid if process else None

    @property
    def confinement_words(self) -> str:
        """How its process is confined, in sentences; empty while there is none."""
        return self._group.confinement_words if self._group.process else ""

    @property
    def denied(self) -> tuple[str, ...]:
        """What it tried and was refused, as verb phrases: while it is loaded, and after its end."""
        process = self._group.process
        return process.denied if process else (self._outcome.denied if self._outcome else ())

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on any thread, after every change of state; the function returned ends it.

        The callback must return soon, and leave it to another thread to start or stop plugins.
        """
        return self._listeners.add(callback)

    def start(self) -> None:
        """Starts the process and loads the plugin; does nothing when it is loaded.

        Raises:
            HostError: the process could not be started, ended meanwhile, or the plugin was refused.
        """
        self._group = self._group.home_of(self)
        try:
            self._group.start(self)
        except HostError as failure:
            raise HostError(failure.outcome, self.manifest.name) from failure

    def stop(self) -> None:
        """Ends the process; other plugins in it are started again by themselves."""
        self._group.stop(self)
        self._written.clear()

    def restart(self) -> None:
        """Ends the process and starts a new one, with the plugins that it had. Raises HostError."""
        self.stop()
        self.start()

    def transform(self, source: Frame, *, scale: float = 1.0, cancelled: Cancelled | None = None) -> Frame:
        """Runs the transform over ``source``.

        Args:
            source: the picture; it stays the caller's.
            scale: 1 at full size, 0.5 when the picture is half as large as the one that is meant.
            cancelled: asked while the plugin works, on this thread; when true, the plugin is told that nobody wants
                the result any more, and may return early with any picture.

        Returns:
            A frame of the same size, which the caller releases.

        Raises:
            CallError: the plugin reported a failure; it is still loaded.
            HostError: its process ended.
        """
        with source.pinned() as memory, self._session("Transform") as process:
            process.map_input(memory)
            target = process.frames.take(source.layout)
            try:
                body = _request(self.slot, memory.number, target.number, source.layout, scale)
                deadline_s = self._deadlines.transform_s(source.layout)
                began = perf_counter()
                with target.pinned() as result:
                    size = source.layout.size_bytes
                    process.work_on(_picture(result, size, is_output=True), _picture(memory, size, is_output=False))
                    process.ask(Kind.TRANSFORM, body, during="Transform", deadline_s=deadline_s, cancelled=cancelled)
                    if damage := result.overrun_bytes(size):
                        raise process.damage(byte_count(damage))
                self.last_milliseconds = (perf_counter() - began) * 1000
            except BaseException:
                target.release()
                raise
            return target

    def read(self, name: str) -> int | float:
        """The value of one of the plugin's variables. Raises HostError, SymbolNotFoundError."""
        with self._session(during := f"reading {name}") as process:
            value = process.ask_json(Kind.READ, [self.slot, name], during=during)
            if not isinstance(value, int | float):
                raise process.breach("It gave a value that is no number.")
            self._remember(name, value)
            return value

    def write(self, name: str, value: float) -> None:
        """Writes one of the plugin's variables. Raises HostError, SymbolNotFoundError, ArgumentError."""
        with self._session(during := f"writing {name}") as process:
            self._remember(name, value)
            process.ask_json(Kind.WRITE, [self.slot, name, value], during=during)
            self._written[name] = value

    def call(self, symbol: str, *arguments: object) -> object:
        """Calls an exported function by its declared type, with JSON values; text for ``const char *``.

        Raises:
            HostError: the process ended.
            PlugdeckError: no such function, other arguments, or a result that is too large to be sent.
        """
        with self._session(symbol) as process:
            return process.ask_json(Kind.CALL, [self.slot, symbol, list(arguments)], during=symbol)

    def load_into(self, process: WorkerProcess) -> HostError | None:
        """For the group: opens the plugin in ``process``; the reason when it was refused or ended the process."""
        self.become_loading()
        try:
            self._ask_to_load(process)
            for name, value in self._written.items():
                process.ask_json(Kind.WRITE, [self.slot, name, value], during=f"writing {name}")
        except HostError as failure:
            return HostError(failure.outcome) if self._group.is_bystander(self) else self.refuse(failure.outcome)
        except PlugdeckError as failure:
            reason = failure.reason if isinstance(failure, OpenError) else str(failure)
            message = f"{reason.rstrip('.')}. {failure.remedy}".strip()
            return self.refuse(Outcome(Ending.REFUSED, LOADING, message=message))
        self._change(PluginState.LOADED, None)
        self.tell_change()
        return None

    def refuse(self, outcome: Outcome) -> HostError:
        """For the group: ends its loading, unless that ended already; the error that says why."""
        if self.become_ended(outcome):
            self.tell_change()
        return HostError(self.with_parameters(outcome))

    def _ask_to_load(self, process: WorkerProcess) -> None:
        """Hands the plugin's bytes over, as they are now, and its path for its name.

        They are hashed here, from the very memory that is handed over: nothing that the worker says counts.

        Raises:
            HostError: the process ended, or was ended.
            PlugdeckError: the plugin was refused, its file cannot be read, or has other bytes than were approved.
        """
        request = wire.pack_json([self.slot, str(self.path), fingerprint(self.manifest)])
        placed = self._group.placed_sha256(self.path) if self.is_opened_in_place else ""
        with sealed_copy(self.path) as copy:
            self.sha256 = placed or copy.sha256
            check_approved(self.path, self.sha256, self.approval)
            descriptors = () if self.is_opened_in_place else (copy.descriptor,)
            deadline_s = self._deadlines.load_s
            with process.session(LOADING), nullcontext() if descriptors or placed else self._unchanged(process, copy):
                process.ask(Kind.LOAD, request, during=LOADING, deadline_s=deadline_s, descriptors=descriptors)

    @contextmanager
    def _unchanged(self, process: WorkerProcess, copy: SealedCopy) -> Iterator[None]:
        """Ends the process when the file is another one after the block, also if loading failed: code of it has run.

        Raises:
            HostError: for that, or out of the block.
        """
        try:
            yield
        finally:
            if process.is_alive and not copy.is_still_at(self.path):
                raise process.refuse(_CHANGED)

    def with_parameters(self, outcome: Outcome) -> Outcome:
        """The outcome with the plugin's parameters as they were when it came."""
        return replace(outcome, parameters=tuple(self._parameters.items()))

    def become_loading(self) -> None:
        """For the group."""
        self._parameters = {each.name: each.default for each in self.manifest.parameters}
        if self._change(PluginState.LOADING, None):
            self.tell_change()

    def become_waiting(self, at_work: str) -> bool:
        """For the group: another plugin ended the process, which is started again; whether that changed anything.

        ``at_work`` is the one that was called then; empty when the process was ended on purpose.
        """
        why = f" while {visible(at_work, _MOST_NAME)} was at work" if at_work else ""
        self.log.add(LogSource.HOST, LogLevel.INFO, f"The process that it shares has ended{why}, and is started again.")
        return self._change(PluginState.LOADING, None)

    def become_ended(self, outcome: Outcome) -> bool:
        """For the group: whether that changed anything."""
        if self._state not in (PluginState.LOADING, PluginState.LOADED):
            return False
        outcome = self.with_parameters(outcome)
        self._written.clear()
        if outcome.ending is not Ending.STOPPED:
            self.log.add(LogSource.HOST, LogLevel.ERROR, outcome.sentence)
        return self._change(outcome.state, None if outcome.ending is Ending.STOPPED else outcome)

    def tell_change(self) -> None:
        """For the group."""
        self._listeners.notify()

    def _remember(self, name: str, value: float) -> None:
        if name in self._parameters:
            self._parameters[name] = value

    def _change(self, state: PluginState, outcome: Outcome | None) -> bool:
        changed = (state, outcome) != (self._state, self._outcome)
        self._outcome = outcome
        self._state = state
        return changed

    def begin_call(self, during: str) -> Session:
        """For ``Call``. Raises HostError."""
        process = self._group.process
        if process is None or not self.is_loaded:
            is_coming = self._state is PluginState.LOADING
            message = "It is still being loaded." if is_coming else "Load it first."
            raise HostError(self._outcome or Outcome(Ending.NOT_STARTED, LOADING, message=message))
        return process.session(during)

    def mark_at_work(self) -> None:
        """For ``Call``: should the process end now, it was this plugin."""
        self._group.at_work = self

    def _session(self, during: str) -> Call:
        return Call(self, during)


class Call:
    """The process for the length of one call. Its ``HostError``s name the plugin."""

    __slots__ = ("_during", "_plugin", "_session")

    def __init__(self, plugin: HostedPlugin, during: str) -> None:
        self._plugin = plugin
        self._during = during

    def __enter__(self) -> WorkerProcess:
        try:
            self._session = self._plugin.begin_call(self._during)
            process = self._session.__enter__()
        except HostError as failure:
            raise HostError(self._plugin.with_parameters(failure.outcome), self._plugin.manifest.name) from failure
        self._plugin.mark_at_work()
        return process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.__exit__(kind, error, trace)
        if isinstance(error, HostError):
            raise HostError(self._plugin.with_parameters(error.outcome), self._plugin.manifest.name) from error


def _picture(memory: FrameMemory, size_bytes: int, *, is_output: bool) -> Picture:
    return Picture(memory.inode, is_output, size_bytes, memory.capacity_bytes)


def _request(slot: int, source: int, target: int, layout: ImageLayout, scale: float) -> bytes:
    return wire.pack_transform(
        TransformRequest(
            slot, source, target, layout.width, layout.height, layout.stride_bytes, layout.pixel_format, scale
        )
    )
