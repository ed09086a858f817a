"""Where a plugin is on its way: its state, how it came to its end, its parameters, and who is told of changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import OpenError, PlugdeckError
from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState
from plugdeck.hosting.plugin_log import LogLevel, LogSource, PluginLog
from plugdeck.listeners import Listeners
from plugdeck.text import visible

LOADING = "loading"
_MOST_NAME = 80


def refusal_of(failure: PlugdeckError, during: str) -> Outcome:
    """How an error that is no end of a process is told of what was to be loaded."""
    reason = failure.reason if isinstance(failure, OpenError) else str(failure)
    return Outcome(Ending.REFUSED, during, message=f"{reason.rstrip('.')}. {failure.remedy}".strip())


class Standing:
    """Changed by its group, and read on any thread."""

    def __init__(self, manifest: Manifest, log: PluginLog) -> None:
        """A plugin that is not loaded."""
        self._manifest = manifest
        self._log = log
        self.is_wanted = False
        """Whether it is to be loaded whenever its process is started."""
        self.is_apart = False
        """Whether it ended a process that it shared, and gets one of its own at its next start."""
        self.is_disturbed = False
        """Whether its process ended for another plugin's sake, and it was not loaded again since."""
        self.state = PluginState.NOT_LOADED
        self.outcome: Outcome | None = None
        """Why it is not loaded although it was meant to be."""
        self.parameters: dict[str, float] = {}
        """As they were last written or read."""
        self.written: dict[str, float] = {}
        """What is written again when another plugin ended the process that both were in."""
        self._listeners: Listeners[()] = Listeners()

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after every change of state; the function returned ends it."""
        return self._listeners.add(callback)

    def tell_change(self) -> None:
        """Calls everybody back, once the locks are free that a change was made under."""
        self._listeners.notify()

    def become_loading(self) -> None:
        """Its process is being started, or it is being loaded."""
        self.parameters = {each.name: each.default for each in self._manifest.parameters}
        if self._change(PluginState.LOADING, None):
            self.tell_change()

    def become_loaded(self) -> None:
        """It can be called."""
        self._change(PluginState.LOADED, None)

    def become_waiting(self, at_work: str) -> bool:
        """Another plugin ended the process, which is started again; whether that changed anything.

        ``at_work`` is the one that was called then; empty when the process was ended on purpose.
        """
        why = f" while {visible(at_work, _MOST_NAME)} was at work" if at_work else ""
        self._log.add(
            LogSource.HOST, LogLevel.INFO, f"The process that it shares has ended{why}, and is started again."
        )
        return self._change(PluginState.LOADING, None)

    def become_ended(self, outcome: Outcome) -> bool:
        """Its process has ended; whether that changed anything."""
        if self.state not in (PluginState.LOADING, PluginState.LOADED):
            return False
        outcome = self.with_parameters(outcome)
        self.written.clear()
        if outcome.ending is not Ending.STOPPED:
            self._log.add(LogSource.HOST, LogLevel.ERROR, outcome.sentence)
        return self._change(outcome.state, None if outcome.ending is Ending.STOPPED else outcome)

    def refuse_start(self, reason: str) -> HostError:
        """Its process is not started for it; the error that says why."""
        self.is_wanted = False
        self.become_loading()
        return self.refuse(Outcome(Ending.NOT_STARTED, LOADING, message=reason))

    def refuse(self, outcome: Outcome) -> HostError:
        """Ends its loading, unless that ended already; the error that says why."""
        if self.become_ended(outcome):
            self.tell_change()
        return HostError(self.with_parameters(outcome))

    def with_parameters(self, outcome: Outcome) -> Outcome:
        """The outcome with the parameters as they were when it came."""
        return replace(outcome, parameters=tuple(self.parameters.items()))

    def remember(self, name: str, value: float) -> None:
        """A parameter was read or is being written; other variables are of no interest."""
        if name in self.parameters:
            self.parameters[name] = value

    def _change(self, state: PluginState, outcome: Outcome | None) -> bool:
        changed = (state, outcome) != (self.state, self.outcome)
        self.outcome = outcome
        self.state = state
        return changed
