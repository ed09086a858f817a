"""Where the workers of a supervisor come from: a new process each, or the one that is kept warm."""

from __future__ import annotations

from collections.abc import Mapping

from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.launch import Launcher, WorkerCommand
from plugdeck.hosting.limits import Limits
from plugdeck.hosting.process_output import LogSink
from plugdeck.hosting.sandbox.command import worker_command
from plugdeck.hosting.sandbox.confinement import Confinement, Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.spare_worker import OnEnd, SpareWorker
from plugdeck.hosting.watcher import Watcher
from plugdeck.hosting.worker_process import WorkerProcess


class WorkerSupply:
    """Any thread."""

    def __init__(
        self,
        watcher: Watcher,
        launcher: Launcher,
        deadlines: Deadlines,
        limits: Limits,
        tier: Tier | None,
        *,
        keeps_spare: bool,
    ) -> None:
        """Starts nothing. ``tier`` is how workers are confined; as well as this system can when None."""
        self._watcher = watcher
        self._launcher = launcher
        self._limits = limits
        self._tier = tier
        self.deadlines = deadlines
        self._keeps_spare = keeps_spare
        self._spare = SpareWorker(self._plain_command, self._start)

    @property
    def tier(self) -> Tier:
        """How its workers are confined. Never ask on the GUI thread first: it may be found out by trying."""
        return self._tier or offer().tier

    def worker(
        self, confinement: Confinement, copies: Mapping[str, int], *, sink: LogSink, on_end: OnEnd
    ) -> WorkerProcess:
        """A process that is ready or will be, with nothing opened in it.

        Args:
            confinement: how it is confined.
            copies: descriptors of the bytes that are to lie at these paths.
            sink: who keeps what it writes.
            on_end: see ``WorkerProcess``.

        Raises:
            HostError: it could not be started.
        """
        command = worker_command(self._limits, confinement, copies)
        return self._spare.take(command, sink, on_end) or self._start(command, sink, on_end)

    def prepare(self) -> None:
        """Sees to it that the next worker is ready soon, if a spare one is kept; returns at once."""
        if self._keeps_spare:
            self._spare.prepare()

    def close(self, by: float) -> None:
        """Ends the spare one, until the monotonic clock reaches ``by``."""
        self._spare.close(by)

    def _plain_command(self) -> WorkerCommand:
        return worker_command(self._limits, Confinement(self.tier), {})

    def _start(self, command: WorkerCommand, sink: LogSink, on_end: OnEnd) -> WorkerProcess:
        return WorkerProcess(
            command=command,
            launcher=self._launcher,
            watcher=self._watcher,
            deadlines=self.deadlines,
            sink=sink,
            on_end=on_end,
        )
