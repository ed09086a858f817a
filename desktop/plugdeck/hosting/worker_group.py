"""One worker process and the plugins in it: one plugin by default, several when they are hosted together.

The process is started with the first plugin that is started, and again after its end. When it ends, for whatever
reason, all of its plugins end with it; native code leaves a process in no other way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock
from time import monotonic

from plugdeck.dialects.manifest import Dialect, Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.go_runner.build import runner_of
from plugdeck.hosting.hosted_plugin import LOADING, HostedPlugin
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, HostError, Outcome
from plugdeck.hosting.plugin_log import LogLevel, LogSource
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Confinement, Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.sandbox.sealed_copy import SealedCopy, sealed_copies
from plugdeck.hosting.wanted_confinement import too_weak, wanted_confinement
from plugdeck.hosting.worker_process import STARTING, WorkerProcess
from plugdeck.hosting.worker_supply import WorkerSupply


class WorkerGroup:
    """The plugins that share a process. Any thread; starting and ending take turns."""

    def __init__(self, supply: WorkerSupply) -> None:
        self._supply = supply
        self._deadlines = supply.deadlines
        self._confinement: Confinement | None = None
        self._turn = RLock()
        self._process: WorkerProcess | None = None
        self._placed: Mapping[str, SealedCopy] = {}
        self._plugins: list[HostedPlugin] = []
        self._stopping: list[HostedPlugin] = []
        self._closed = False
        self.at_work: HostedPlugin | None = None
        """Which of its plugins was called last; set by the plugins, within a session."""

    def add(self, path: Path, manifest: Manifest, approval: Approval = NO_APPROVAL_NEEDED) -> HostedPlugin:
        """One more plugin for this process; it is not started."""
        with self._turn:
            slot = len(self._plugins)
            plugin = HostedPlugin(path, manifest, approval, slot=slot, group=self, deadlines=self._deadlines)
            self._plugins.append(plugin)
            return plugin

    def is_closed(self) -> bool:
        """Whether no process is started any more."""
        return self._closed

    @property
    def process(self) -> WorkerProcess | None:
        """The running process, or None."""
        process = self._process
        return process if process and process.is_alive else None

    @property
    def confinement_words(self) -> str:
        """How the process is confined that was started last, and why not better, in sentences."""
        if self._confinement is None:
            return ""
        tier, offered = self._confinement.tier, offer()
        why = f"{offered.reason} {offered.remedy}" if tier is offered.tier else ""
        return f"{tier.words} {why}".strip()

    def start(self, plugin: HostedPlugin) -> None:
        """Starts the process unless it runs, and loads ``plugin``, and the ones that an ended process had.

        A process that does not let ``plugin`` see what it needs is ended first, since confinement is never loosened.

        Raises:
            HostError: the process could not be started or ended again, or refused ``plugin``.
        """
        with self._turn:
            plugin.is_wanted = True
            self._refuse_weak_confinement(plugin)
            runner = self._runner_of(plugin)
            wanted = [each for each in self._plugins if each.is_wanted]
            confinement = wanted_confinement(wanted, self._supply.tier, runner)
            if self.process and confinement != self._confinement:
                self.begin_stop()
                self.finish_stop(monotonic() + self._deadlines.stop_s)
            process = self.process or self._start_process(confinement)
            refused = None
            for each in [each for each in self._plugins if each.is_wanted and not each.is_loaded]:
                self.at_work = each
                if failure := each.load_into(process):
                    each.is_wanted = False
                    refused = failure if each is plugin or not process.is_alive else refused
            self._supply.prepare()
            if refused:
                self._end_unless_used()
                raise refused

    def stop(self, plugin: HostedPlugin) -> None:
        """Ends the process, and with it everything in it; a call or a start that is under way ends at once."""
        self._stopping.append(plugin)  # before it looks: either it sees a process that is being made, or that sees it
        try:
            self.begin_stop()
            with self._turn:
                plugin.is_wanted = False
                self.begin_stop()
                self.finish_stop(monotonic() + self._deadlines.stop_s)
        finally:
            self._stopping.remove(plugin)

    def begin_stop(self, *, for_good: bool = False) -> None:
        """Asks the process to end, and returns at once; ``for_good``: nothing can be started any more."""
        self._closed = self._closed or for_good
        if process := self._process:
            process.begin_stop()

    def finish_stop(self, by: float) -> None:
        """Waits for that until the monotonic clock reaches ``by``, and then enforces it."""
        with self._turn:
            if process := self._process:
                process.finish_stop(by)

    def placed_sha256(self, path: Path) -> str:
        """The hash of the bytes that the process sees at this path; empty when it sees the file itself."""
        copy = self._placed.get(str(path))
        return copy.sha256 if copy else ""

    def add_output(self, source: LogSource, level: LogLevel, text: str) -> None:
        """Part of ``LogSink``: which of its plugins wrote it is not known."""
        for plugin in self._plugins:
            plugin.log.add(source, level, text)

    def add_logged(self, slot: int, level: LogLevel, text: str) -> None:
        """Part of ``LogSink``."""
        if slot < len(self._plugins):
            self._plugins[slot].log.add(LogSource.PLUGIN, level, text)

    def _refuse_weak_confinement(self, asked: HostedPlugin) -> None:
        """Takes out what the user wants held better than this system can. Raises HostError for ``asked``."""
        tier = self._supply.tier
        for plugin in [each for each in self._plugins if each.is_wanted and not each.is_loaded]:
            if reason := too_weak(tier, plugin.approval.lowest_tier):
                plugin.is_wanted = False
                plugin.become_loading()
                refused = plugin.refuse(Outcome(Ending.NOT_STARTED, LOADING, message=reason))
                if plugin is asked:
                    raise refused

    def _runner_of(self, asked: HostedPlugin) -> str:
        """The program that opens a Go plugin, which has a process alone; empty for others. Raises HostError."""
        if asked.manifest.dialect is not Dialect.GO:
            return ""
        asked.become_loading()
        try:
            return str(runner_of(asked.path, cancelled=lambda: self._closed or bool(self._stopping)))
        except PlugdeckError as failure:
            asked.is_wanted = False
            message = f"{failure} {failure.remedy}".strip()
            raise asked.refuse(Outcome(Ending.NOT_STARTED, LOADING, message=message)) from failure

    def _start_process(self, confinement: Confinement) -> WorkerProcess:
        if self.is_closed():
            raise HostError(Outcome(Ending.NOT_STARTED, STARTING, message="Plugdeck is closing."))
        for plugin in self._plugins:
            if plugin.is_wanted:
                plugin.become_loading()
        try:
            with sealed_copies(confinement.placed if confinement.tier is Tier.SEALED else ()) as copies:
                self._placed = copies
                descriptors = {path: copy.descriptor for path, copy in copies.items()}
                process = self._supply.worker(confinement, descriptors, sink=self, on_end=self._ended)
        except HostError as failure:
            self._ended(failure.outcome)()
            raise
        self._process, self._confinement = process, confinement
        if self.is_closed() or self._stopping:
            process.abandon()
        process.say_hello()
        return process

    def _end_unless_used(self) -> None:
        if not any(plugin.is_loaded for plugin in self._plugins):
            self.begin_stop()
            self.finish_stop(monotonic() + self._deadlines.stop_s)

    def _ended(self, outcome: Outcome) -> Callable[[], None]:
        """The process is gone: sets every plugin's state, and returns what tells of it."""
        culprit = None if outcome.during == BETWEEN_CALLS else self.at_work
        changed = [
            plugin for plugin in self._plugins if plugin.become_ended(self._as_told_to(plugin, culprit, outcome))
        ]

        def tell() -> None:
            for plugin in changed:
                plugin.tell_change()

        return tell

    def _as_told_to(self, plugin: HostedPlugin, culprit: HostedPlugin | None, outcome: Outcome) -> Outcome:
        if len(self._plugins) == 1 or plugin is culprit:
            return outcome
        whose = culprit.manifest.name if culprit else "one of the plugins"
        return replace(outcome, message=f"That was {whose}, in the process that they share. {outcome.message}".strip())
