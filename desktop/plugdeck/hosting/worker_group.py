"""One worker process and the plugins in it: one plugin by default, several when they are hosted together.

The process is started with the first plugin that is started, and again after its end. When it ends, for whatever
reason, all of its plugins end with it; native code leaves a process in no other way. Of several, the one that ended it
gets a process of its own at its next start, and the others are started again at once. All are allowed the same.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Condition, RLock, Thread
from time import monotonic

from plugdeck.dialects.manifest import Dialect, Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.death_toll import death_toll
from plugdeck.hosting.go_runner.build import runner_of
from plugdeck.hosting.group_process import GroupProcess
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.members import Members
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, HostError, Outcome, PluginState
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Confinement, Permissions
from plugdeck.hosting.shared_processes import SharedProcesses
from plugdeck.hosting.wanted_confinement import refusal, wanted_confinement
from plugdeck.hosting.worker_process import STARTING, WorkerProcess
from plugdeck.hosting.worker_supply import WorkerSupply

_NOBODY_AT_WORK = (BETWEEN_CALLS, STARTING)
_MOVED = "What it is allowed has changed since, so it does not share that process any more. Start it again."


class WorkerGroup:
    """The plugins that share a process. Any thread; starting and ending take turns."""

    def __init__(self, supply: WorkerSupply, permissions: Permissions, shared: SharedProcesses | None) -> None:
        """Starts nothing.

        Args:
            supply: where the process comes from.
            permissions: what its plugins are allowed; for a group of one plugin that may change.
            shared: where its plugins go that ended it or are allowed something else now; None for a group of one.
        """
        self._supply = supply
        self._permissions = permissions
        self._shared = shared
        self.own = GroupProcess(supply, is_shared=shared is not None)
        """Its process, the one before that, or none."""
        self._calm = Condition()
        self._deadlines = supply.deadlines
        self._turn = RLock()
        self._members = Members()
        self._stopping: list[HostedPlugin] = []
        self._closed = False
        self.at_work: HostedPlugin | None = None
        """Which of its plugins was called last; set by the plugins, within a session."""

    def add(self, path: Path, manifest: Manifest, approval: Approval = NO_APPROVAL_NEEDED) -> HostedPlugin:
        """One more plugin for this process; it is not started, and nobody waits for another one that is."""
        slot = self._members.next_slot()
        plugin = HostedPlugin(path, manifest, approval, slot=slot, group=self, deadlines=self._deadlines)
        self._members.admit(plugin)
        return plugin

    def home_of(self, plugin: HostedPlugin) -> WorkerGroup:
        """Where ``plugin`` is to be started: alone if it ended the process here, or with those that may do the same.

        It leaves this process if it was in it, since native code stays for as long as the process does.
        """
        with self._turn:
            if (group := self._next_home(plugin)) is self:
                return self
            if plugin.slot in self._members.there():
                self.stop(plugin)
            plugin.standing.is_apart = False
            self._members.move(plugin, group._members)
            return group

    def _next_home(self, plugin: HostedPlugin) -> WorkerGroup:
        if self._shared is None or self._closed:
            return self
        try:
            return self._shared.home(plugin.approval.permissions, is_apart=plugin.standing.is_apart)
        except RuntimeError:  # all is being closed, which starting it here will say
            return self

    @property
    def process(self) -> WorkerProcess | None:
        """The running process, or None."""
        return self.own.alive

    def start(self, plugin: HostedPlugin) -> None:
        """Starts the process unless it runs, and loads ``plugin``, and the ones that an ended process had.

        A process that does not let ``plugin`` see what it needs is ended first, since confinement is never loosened.

        Raises:
            HostError: the process could not be started or ended again, or refused ``plugin``.
        """
        while True:
            try:
                return self._start(plugin)
            except HostError:
                with self._calm:
                    self._calm.wait_for(lambda: not self._stopping or not self.is_bystander(plugin))
                if not self.is_bystander(plugin):
                    raise

    def is_bystander(self, plugin: HostedPlugin) -> bool:
        """Whether the process ended for another plugin's sake while this one was to be loaded."""
        return self._shared is not None and not self._closed and plugin.standing.is_disturbed

    def _start(self, plugin: HostedPlugin) -> None:
        with self._turn:
            plugin.standing.is_disturbed = False
            plugin.standing.is_wanted = True
            self._members.admit(plugin)
            self._refuse_weak_confinement(plugin)
            runner = self._runner_of(plugin)
            if self._shared is None:
                self._permissions = plugin.approval.permissions
            confinement = wanted_confinement(self._members.wanted(), self._permissions, self._supply.tier, runner)
            if self.process and (confinement != self.own.confinement or self._is_outdated()):
                self.begin_stop()
            if not self.process:  # one that is about to end is gone first: its end would be taken for the next one's
                self.finish_stop(monotonic() + self._deadlines.stop_s)
            process = self.process or self._start_process(confinement)
            refused = self._load_all(process, plugin)
            self._supply.prepare()
            if refused:
                self._end_unless_used()
                raise refused

    def _is_outdated(self) -> bool:
        """Whether the process sees another file than is to be loaded: one that was refused, and changed since."""
        wanted = self._members.wanted(unless_loaded=True)
        return any(plugin.is_opened_in_place and self.own.is_outdated(plugin.path) for plugin in wanted)

    def _load_all(self, process: WorkerProcess, asked: HostedPlugin) -> HostError | None:
        """Loads what is wanted and is not loaded; why not, when ``asked`` was refused or the process ended."""
        refused = None
        for each in self._members.wanted(unless_loaded=True):
            each.standing.is_disturbed = False
            if failure := self._refuse_moved(each) or each.load_into(process):
                each.standing.is_wanted = self.is_bystander(each)
                refused = failure if each is asked else refused
                if not process.is_alive:
                    return refused or failure
        return refused

    def _refuse_moved(self, plugin: HostedPlugin) -> HostError | None:
        """Why a plugin is not loaded here any more, if it is allowed something else by now than its neighbours."""
        if self._shared is None or plugin.approval.permissions == self._permissions:
            return None
        return plugin.standing.refuse_start(_MOVED)

    def stop(self, plugin: HostedPlugin) -> None:
        """Ends the process, and with it everything in it; a call or a start that is under way ends at once.

        Does nothing to a shared process that ``plugin`` is not in.
        """
        if self._shared and not self._is_here(plugin):
            with self._turn:
                if not self._is_here(plugin):
                    return self._members.dismiss(plugin)
        self._stopping.append(plugin)  # before it looks: either it sees a process that is being made, or that sees it
        try:
            self.begin_stop()
            with self._turn:
                plugin.standing.is_wanted = False
                self.begin_stop()
                self.finish_stop(monotonic() + self._deadlines.stop_s)
                self._members.dismiss(plugin)
                plugin.standing.is_disturbed = False
                plugin.standing.refuse(Outcome(Ending.STOPPED, STARTING))  # unless that came with the process's end
        finally:
            with self._calm:
                self._stopping.remove(plugin)
                self._calm.notify_all()

    def _is_here(self, plugin: HostedPlugin) -> bool:
        """Whether it is in the process, or is to be loaded whenever that is started."""
        is_wanted = plugin.standing.is_wanted or plugin.slot in self._members.there()
        return is_wanted and self._members.has(plugin)

    def begin_stop(self, *, for_good: bool = False) -> None:
        """Asks the process to end, and returns at once; ``for_good``: nothing can be started any more."""
        self._closed = self._closed or for_good
        self.own.begin_stop()

    def finish_stop(self, by: float) -> None:
        """Waits for that until the monotonic clock reaches ``by``, and then enforces it."""
        with self._turn:
            self.own.finish_stop(by)

    def _refuse_weak_confinement(self, asked: HostedPlugin) -> None:
        """Takes out what the user wants held better than this system can. Raises HostError for ``asked``."""
        tier = self._supply.tier
        for plugin in self._members.wanted(unless_loaded=True):
            if reason := refusal(tier, plugin.approval):
                refused = plugin.standing.refuse_start(reason)
                if plugin is asked:
                    raise refused

    def _runner_of(self, asked: HostedPlugin) -> str:
        """The program that opens a Go plugin, which has a process alone; empty for others. Raises HostError."""
        if asked.manifest.dialect is not Dialect.GO:
            return ""
        asked.standing.become_loading()
        try:
            return str(runner_of(asked.path, asked.manifest, lambda: self._closed or bool(self._stopping)))
        except PlugdeckError as failure:
            raise asked.standing.refuse_start(f"{failure} {failure.remedy}".strip()) from failure

    def _start_process(self, confinement: Confinement) -> WorkerProcess:
        if self._closed:
            raise HostError(Outcome(Ending.NOT_STARTED, STARTING, message="Plugdeck is closing."))
        for plugin in self._members.wanted():
            plugin.standing.become_loading()
        try:
            process = self.own.make(confinement, self._members, self._ended)
        except HostError as failure:
            self._ended(failure.outcome)()
            raise
        if self._closed or self._stopping:
            process.abandon()
        self.own.greet(process)
        return process

    def _end_unless_used(self) -> None:
        if not any(plugin.is_loaded for plugin in self._members.there().values()):
            self.begin_stop()
            self.finish_stop(monotonic() + self._deadlines.stop_s)

    def _ended(self, outcome: Outcome) -> Callable[[], None]:
        """The process is gone: sets every plugin's state, and returns what tells of it."""
        there = self._members.there()
        # Those that are there are asked for theirs: a plugin that has left has a slot of another process.
        at_work = self.at_work if outcome.during not in _NOBODY_AT_WORK else None
        asked = next((slot for slot, plugin in there.items() if plugin is at_work), None)
        stopping = frozenset(slot for slot, plugin in there.items() if plugin in self._stopping)
        toll = death_toll(
            outcome,
            {slot: plugin.manifest.name for slot, plugin in there.items()},
            asked=asked,
            marked=self.own.take_mark(),
            stopping=stopping,
            is_shared=self._shared is not None and not self._closed,
        )
        culprit = there.get(asked) if asked is not None and outcome.ending is not Ending.STOPPED else None
        name = culprit.manifest.name if culprit else ""
        changed = []
        for slot, plugin in there.items():
            plugin.standing.is_apart = plugin.standing.is_apart or slot in toll.apart
            if said := toll.ended.get(slot):
                plugin.standing.is_wanted = plugin.standing.is_wanted and self._shared is None
                changed += [plugin] if plugin.standing.become_ended(said) else []
            else:
                plugin.standing.is_disturbed = True
                changed += [plugin] if plugin.standing.become_waiting(name) else []

        def tell() -> None:
            for plugin in changed:
                plugin.standing.tell_change()
            if len(toll.ended) < len(there):
                Thread(target=self._start_others, name="plugdeck-again", daemon=True).start()

        return tell

    def _start_others(self) -> None:
        """Starts those again that ended for no fault of theirs; what prevents it is told of each."""
        with self._turn:
            others = self._members.wanted(unless_loaded=True)
            try:
                if others:
                    self._start(others[0])
            except HostError as failure:
                for plugin in others:
                    if plugin.state is PluginState.LOADING and not self.is_bystander(plugin):
                        plugin.standing.refuse(failure.outcome)
