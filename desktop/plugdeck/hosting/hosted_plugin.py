"""A plugin in a worker process, as everybody above sees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting import wire
from plugdeck.hosting.crash.picture_bounds import Picture, byte_count
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.fingerprint import fingerprint
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState
from plugdeck.hosting.plugin_call import Call
from plugdeck.hosting.plugin_log import PluginLog
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.hosting.sandbox.sealed_copy import sealed_copy
from plugdeck.hosting.standing import LOADING, Standing, refusal_of
from plugdeck.hosting.wanted_confinement import check_approved
from plugdeck.hosting.wire import Kind, TransformRequest

if TYPE_CHECKING:
    from plugdeck.hosting.channel import Cancelled
    from plugdeck.hosting.session import Session
    from plugdeck.hosting.worker_group import WorkerGroup
    from plugdeck.hosting.worker_process import WorkerProcess

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
        self.slot = slot
        """Its number in its process; for its group."""
        self._group = group
        self._deadlines = deadlines
        self.standing = Standing(manifest, self.log)
        """For its group, which changes it."""

    @property
    def state(self) -> PluginState:
        """Where the plugin is on its way."""
        return self.standing.state

    @property
    def outcome(self) -> Outcome | None:
        """Why it is not loaded although it was meant to be; None while it is, and before."""
        return self.standing.outcome

    @property
    def is_loaded(self) -> bool:
        """Whether it can be called."""
        return self.state is PluginState.LOADED

    @property
    def pid(self) -> int | None:
        """The number of its process, while there is one."""
        process = self._group.process
        return process.pid if process else None

    @property
    def confinement_words(self) -> str:
        """How its process is confined, in sentences; empty while there is none."""
        return self._group.own.confinement_words if self._group.process else ""

    @property
    def denied(self) -> tuple[str, ...]:
        """What it tried and was refused, as verb phrases: while it is loaded, and after its end."""
        process, outcome = self._group.process, self.outcome
        return process.denied if process else (outcome.denied if outcome else ())

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on any thread, after every change of state; the function returned ends it.

        The callback must return soon, and leave it to another thread to start or stop plugins.
        """
        return self.standing.on_change(callback)

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
        self.standing.written.clear()

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
        with source.pinned() as memory, Call(self, "Transform") as process:
            process.map_input(memory)
            target = process.frames.take(source.layout)
            try:
                layout = source.layout
                shape = layout.width, layout.height, layout.stride_bytes, layout.pixel_format
                request = TransformRequest(self.slot, memory.number, target.number, *shape, scale)
                body, deadline_s = wire.pack_transform(request), self._deadlines.transform_s(layout)
                began = perf_counter()
                with target.pinned() as result:
                    size = layout.size_bytes
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
        with Call(self, during := f"reading {name}") as process:
            value = process.ask_json(Kind.READ, [self.slot, name], during=during)
            if not isinstance(value, int | float):
                raise process.breach("It gave a value that is no number.")
            self.standing.remember(name, value)
            return value

    def write(self, name: str, value: float) -> None:
        """Writes one of the plugin's variables. Raises HostError, SymbolNotFoundError, ArgumentError."""
        with Call(self, during := f"writing {name}") as process:
            self.standing.remember(name, value)
            process.ask_json(Kind.WRITE, [self.slot, name, value], during=during)
            self.standing.written[name] = value

    def call(self, symbol: str, *arguments: object) -> object:
        """Calls an exported function by its declared type, with JSON values; text for ``const char *``.

        Raises:
            HostError: the process ended.
            PlugdeckError: no such function, other arguments, or a result that is too large to be sent.
        """
        with Call(self, symbol) as process:
            return process.ask_json(Kind.CALL, [self.slot, symbol, list(arguments)], during=symbol)

    def load_into(self, process: WorkerProcess) -> HostError | None:
        """For the group: opens the plugin in ``process``; the reason when it was refused or ended the process."""
        self.standing.become_loading()
        try:
            with process.session(LOADING, self._mark_at_work):
                self._ask_to_load(process)
                for name, value in self.standing.written.items():
                    process.ask_json(Kind.WRITE, [self.slot, name, value], during=f"writing {name}")
                self.standing.become_loaded()  # in here, so that an end that comes now is not told before it
        except HostError as failure:
            if self._group.is_bystander(self):
                return HostError(failure.outcome)
            return self.standing.refuse(failure.outcome)
        except PlugdeckError as failure:
            return self.standing.refuse(refusal_of(failure, LOADING))
        self.standing.tell_change()
        return None

    def _ask_to_load(self, process: WorkerProcess) -> None:
        """Hands the plugin's bytes over, as they are now, and its path for its name.

        They are hashed here, from the very memory that is handed over: nothing that the worker says counts.

        Raises:
            HostError: the process ended, or was ended.
            PlugdeckError: the plugin was refused, its file cannot be read, or has other bytes than were approved.
        """
        if self.is_opened_in_place and (placed := self._group.own.placed_sha256(self.path)):
            self._check_approved(placed)
            self._ask_to_open(process)  # what lies at the path by now is no matter
            return
        with sealed_copy(self.path) as copy:
            self._check_approved(copy.sha256)
            descriptors = () if self.is_opened_in_place else (copy.descriptor,)
            changed = partial(process.refuse, _CHANGED)
            with nullcontext() if descriptors else copy.kept_at(self.path, changed):
                self._ask_to_open(process, *descriptors)

    def _check_approved(self, sha256: str) -> None:
        self.sha256 = sha256
        check_approved(self.path, sha256, self.approval)

    def _ask_to_open(self, process: WorkerProcess, *copy: int) -> None:
        request = wire.pack_json([self.slot, str(self.path), fingerprint(self.manifest)])
        process.ask(Kind.LOAD, request, during=LOADING, deadline_s=self._deadlines.load_s, descriptors=copy)

    def begin_call(self, during: str) -> Session:
        """For ``Call``. Raises HostError."""
        process = self._group.own.latest  # one that is gone says how it ended, as soon as that is known
        if process is None or not self.is_loaded:
            is_coming = self.state is PluginState.LOADING
            message = "It is still being loaded." if is_coming else "Load it first."
            raise HostError(self.outcome or Outcome(Ending.NOT_STARTED, LOADING, message=message))
        return process.session(during, self._mark_at_work)

    def _mark_at_work(self) -> None:
        """Should the process end now, it was this plugin; within its turn, and before it is said to be at work."""
        self._group.at_work = self


def _picture(memory: FrameMemory, size_bytes: int, *, is_output: bool) -> Picture:
    return Picture(memory.inode, is_output, size_bytes, memory.capacity_bytes)
