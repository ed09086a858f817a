"""What a row of the chain says, as plain text: made from a step's facts, without widgets."""

from __future__ import annotations

from plugdeck.chain.step import StepView
from plugdeck.hosting.outcome import Ending, PluginState

NOT_UNLOADABLE = (
    "Native code stays mapped in its host process until that process ends, so nothing can unload this plugin. "
    "Switch it off to leave it out of the picture. To be rid of its code, restart its host: the plugin is then "
    "loaded afresh, with the same settings. Taking it out of the chain ends the process too."
)
TAKE_OUT = "Take out of the chain"
TAKE_OUT_WHY = "Ends the plugin's process, since loaded code cannot be unloaded from a process"
_STATES = {
    PluginState.NOT_LOADED: "Not loaded",
    PluginState.LOADING: "Loading…",
    PluginState.LOADED: "Loaded · not unloadable",
    PluginState.STALE: "Stale · not unloadable",
    PluginState.CRASHED: "Crashed",
    PluginState.TIMED_OUT: "Timed out",
    PluginState.QUARANTINED: "Quarantined",
}
_TOO_SLOW = "Switch others off, use a smaller picture, or raise the limit in Preferences; then start it again."
_STALE = "The file changed after it was loaded. The old code keeps running until you take the new one."
RUNNING = frozenset({PluginState.LOADED, PluginState.STALE})


def state_words(step: StepView) -> str:
    """The state, and whether the step is switched off."""
    return _STATES[step.state] if step.enabled else f"{_STATES[step.state]} · off"


def reason(step: StepView) -> str:
    """Why the step is not in the picture as one would expect; empty when all is well."""
    if step.state is PluginState.LOADING:
        return ""
    if step.state not in RUNNING and step.outcome:
        remedy = f" {_TOO_SLOW}" if step.outcome.ending is Ending.TIMED_OUT else ""
        return f"{step.outcome.sentence}{remedy}"
    if step.error:
        return step.error
    return _STALE if step.stale else ""


def can_start_again(step: StepView) -> bool:
    """Whether its process ended, or never got going."""
    return step.state not in RUNNING and step.state is not PluginState.LOADING


def spoken(number: int, step: StepView) -> str:
    """The row in one sentence, for those who hear it."""
    time = f", {own_time(step)}" if own_time(step) else ""
    return f"{number}. {step.label}, priority {step.priority}, {state_words(step)}{time}. {reason(step)}".strip()


def own_time(step: StepView) -> str:
    """How long it took when it last ran; empty while it does not run, and before."""
    return milliseconds(step.milliseconds) if step.runs and step.milliseconds is not None else ""


def milliseconds(value: float) -> str:
    """``0.4 ms``, ``31 ms``."""
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"
