"""The loaded transforms in priority order: what the window shows and the preview runs.

Every method that a view calls returns at once: hosts are started by the loader, values are written by one writer
thread. Views learn of changes by ``on_change``, on any thread, and read ``steps()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from plugdeck.chain.clock import Clock, MonotonicClock
from plugdeck.chain.fitting import PRIORITY, fit_values
from plugdeck.chain.loader import Loader
from plugdeck.chain.quarantine import PassingQuarantine, Quarantine
from plugdeck.chain.step import Step, StepView, not_taken, sentence_of
from plugdeck.chain.steps import Steps
from plugdeck.chain.transform_host import ChainHosts
from plugdeck.chain.user_settings import UserSettings
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import CallError, PlugdeckError
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.plugin_log import PluginLog
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval
from plugdeck.listeners import Listeners


class Chain:
    """The transforms that the user loaded. Each stays until it is taken out, which ends its process.

    One that ends badly is started again by itself, and quarantined the third time within a minute: see ``revival``.
    """

    def __init__(self, hosts: ChainHosts, records: Quarantine | None = None, clock: Clock | None = None) -> None:
        """Starts one thread and no process.

        Args:
            hosts: makes hosts and frames.
            records: what is in quarantine; without them that is forgotten at the end.
            clock: the system's by default.
        """
        clock = clock or MonotonicClock()
        self._steps = Steps(clock)
        self._listeners: Listeners[()] = Listeners()
        quarantine = records or PassingQuarantine()
        self._loader = Loader(hosts, self._steps.lock, self._listeners.notify, quarantine, clock)
        self._forget_records = quarantine.on_change(self._look_at_quarantine)
        self._settings = UserSettings(self._steps, self._listeners.notify, self._set_error)

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on any thread, after every change; the function returned ends it."""
        return self._listeners.add(callback)

    def steps(self) -> tuple[StepView, ...]:
        """Every step in run order: lowest priority first, equal ones by name."""
        return self._steps.views()

    def step(self, key: str) -> StepView | None:
        """One step, or None."""
        return self._steps.view(key)

    def log(self, key: str) -> PluginLog | None:
        """What the plugin wrote and said, or None for an unknown step."""
        known = self._steps.find(key)
        return known.host.log if known else None

    def load(
        self,
        path: Path,
        manifest: Manifest,
        *,
        approval: Approval = NO_APPROVAL_NEEDED,
        priority: int | None = None,
        values: Mapping[str, float] | None = None,
        keep_off: bool = False,
        mode: HostingMode | None = None,
    ) -> str:
        """Begins to load a transform and returns its key. The same path twice is the same step.

        Args:
            path: the plugin's file.
            manifest: what reading the file gave; it must promise the image-transform interface.
            approval: what the user said yes to; the hosting holds it to that at every start.
            priority: written to the plugin's ``Priority``; by default the plugin keeps its own.
            values: parameters to set at the start; what the plugin does not have is left out, and what is out of
                range is brought into it.
            keep_off: takes it into the chain, and starts it only when it is restarted.
            mode: where it runs, if not where all do.
        """
        key = str(path)
        chosen = {} if priority is None else {PRIORITY: priority}
        with self._steps.lock:
            if self._steps.find(key):
                return key
            step = self._loader.step(path, manifest, approval, mode)
            step.begin_with(fit_values(manifest, {**(values or {}), **chosen}))
            step.is_kept_off = keep_off
            self._steps.add(step)
        self._loader.start(step)
        self._listeners.notify()
        return key

    def restart(self, key: str) -> None:
        """Ends the step's host and starts a new one with the same settings, at once; it is no longer kept off."""
        if step := self._steps.find(key):
            self._loader.restart(step)

    def keep_off(self, key: str) -> None:
        """Ends the step's host if it has one, and starts none until ``restart``, by itself or otherwise."""
        if step := self._steps.find(key):
            self._loader.keep_off(step)

    def lift_quarantine(self, key: str) -> None:
        """Lets the bytes of a quarantined step run again, and starts it."""
        if step := self._steps.find(key):
            self._loader.revival.lift(step)

    def forget_outcome(self, key: str) -> None:
        """Tells no more how a step ended that was started again, why a new file was not taken, or what was denied."""
        if step := self._steps.find(key):
            step.ended = step.not_taken = None
            step.denied_seen = step.host.denied
            self._listeners.notify()

    def replace(
        self,
        key: str,
        manifest: Manifest,
        approval: Approval = NO_APPROVAL_NEEDED,
        mode: HostingMode | None = None,
    ) -> None:
        """Swaps in the file that lies at the step's path now, to run in a mode of its own or else in a process alone.

        The new host is started beside the old one and makes a picture that nobody sees; only then do they change
        places, between two frames. If it fails, the old code keeps running and the step's ``not_taken`` says why.
        """
        if step := self._steps.find(key):
            self._loader.replace(step, manifest, approval, mode)

    def rehost(self, key: str, mode: HostingMode | None, approval: Approval | None = None) -> None:
        """Moves a step to a host in another mode, or in the mode of all that holds by now, as ``replace`` does.

        One whose file is another by now, or is gone, stays where it is.
        """
        step = self._steps.find(key)
        if step and not (step.stale or step.is_deleted):
            self._loader.rehost(step, approval or step.approval, mode)

    def refuse_replacement(self, key: str, why: str) -> None:
        """Notes why the file that lies at the step's path now was not even tried."""
        if step := self._steps.find(key):
            step.not_taken = not_taken(step, PlugdeckError(why))
            self._listeners.notify()

    def remove(self, key: str) -> None:
        """Takes a step out of the chain and ends its host, whatever that is doing; loading it again starts afresh."""
        if step := self._steps.take_out(key):
            self._listeners.notify()  # first: the picture under way is given up before its host ends
            self._loader.remove(step)

    def set_enabled(self, key: str, enabled: bool) -> None:
        """Switches a step on or off; its plugin stays loaded."""
        with self._steps.lock:
            step = self._steps.find(key)
            if not step or step.enabled == enabled:
                return
            step.enabled = enabled
        self._listeners.notify()

    def set_priority(self, key: str, priority: int) -> None:
        """Moves a step; the value is written to the plugin's own ``Priority``."""
        self._settings.set_priorities({key: priority})

    def move(self, key: str, position: int) -> None:
        """Puts a step at an index of the run order by changing priorities."""
        self._settings.move(key, position)

    def set_value(self, key: str, name: str, value: float) -> None:
        """Sets a parameter; the value is written to the plugin's own variable before its next transform.

        A value out of range is brought into it; a name that is no parameter of the plugin is passed over.
        """
        self._settings.set_value(key, name, value)

    def mark_stale(self, key: str, stale: bool) -> None:
        """Notes that the file changed (or changed back) under the loaded plugin."""
        with self._steps.lock:
            step = self._steps.find(key)
            if not step or (step.stale, step.is_deleted) == (stale, False):
                return
            step.stale, step.is_deleted = stale, False
        self._listeners.notify()

    def mark_deleted(self, key: str) -> None:
        """Notes that the file is gone; the loaded code stays as it is."""
        with self._steps.lock:
            step = self._steps.find(key)
            if not step or step.is_deleted:
                return
            step.is_deleted = True
        self._listeners.notify()

    def run_step(
        self, view: StepView, source: Frame, *, scale: float, cancelled: Callable[[], bool] | None = None
    ) -> Frame:
        """Runs one step over a frame; blocks. Raises CallError or HostError, which the step then shows.

        For the preview and the export; the caller releases the frame it gets. The host that begins a frame ends it,
        also when another one takes its place meanwhile.
        """
        with self._steps.lock:
            step = self._steps.find(view.key)
            if not step:
                raise PlugdeckError(f"{view.name} is no longer loaded.")
            post = step.post
            post.begin_frame()
        try:
            post.flush()
            result = post.host.transform(source, scale=scale, cancelled=cancelled)
        except PlugdeckError as error:
            if isinstance(error, CallError) and not (cancelled and cancelled()):
                self._set_error(step, sentence_of(error))
            raise
        finally:
            post.end_frame()
        self._set_error(step, "")
        return result

    def note_milliseconds(self, timings: Mapping[str, float]) -> None:
        """Notes how long each step took in the last full picture, for the views."""
        with self._steps.lock:
            for key, milliseconds in timings.items():
                if step := self._steps.find(key):
                    step.milliseconds = milliseconds
        self._listeners.notify()

    def revision(self, key: str) -> int:
        """A number that changes with everything that changes the step's picture."""
        step = self._steps.find(key)
        return step.revision if step else -1

    def close(self) -> None:
        """Ends every host; blocks until they are gone."""
        self._forget_records()
        self._settings.begin_close()
        self._loader.close(self._steps.all())
        self._settings.finish_close()

    def _look_at_quarantine(self) -> None:
        for step in self._steps.all():
            self._loader.revival.look_again(step)
        self._listeners.notify()

    def _set_error(self, step: Step, sentence: str) -> None:
        if step.error != sentence:
            step.error = sentence
            self._listeners.notify()
