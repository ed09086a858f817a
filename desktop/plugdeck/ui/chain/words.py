"""What a row of the chain says, as plain text: made from a step's facts, without widgets."""

from __future__ import annotations

from collections.abc import Iterable

from plugdeck.chain.step import StepView
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.outcome.words import card_of

NOT_UNLOADABLE = (
    "Native code stays mapped in its host process until that process ends, so nothing can unload this plugin. "
    "Switch it off to leave it out of the picture. To be rid of its code, restart its host: the plugin is then "
    "loaded afresh, with the same settings. Taking it out of the chain ends the process too."
)
TAKE_OUT = "Take out of the chain"
TAKE_OUT_WHY = "Ends the plugin's process, since loaded code cannot be unloaded from a process"
FOLLOW = "Follow rebuilds of this file"
FOLLOW_WHY = "Takes each new build by itself and without asking, once it has made a test picture"
TOTAL_WHY = (
    "What each step took when it last ran at full size, added up. Steps before the one that changes are not run again, "
    "so a change takes less."
)
_STALE = "The file changed after it was loaded. The old code keeps running until you take the new one."
_CHANGED = "The file is another one than the one that was to be run. Take the new one to start it."
_DELETED = "Its file was deleted. The loaded code keeps working; a new process needs the file back."
_GONE = "Its file was deleted. Put it back to start the plugin."
RESTART_WHY_NOT = "Its file was deleted: what is loaded keeps working, and would not come back after its process ends."
RUNNING = frozenset({PluginState.LOADED, PluginState.STALE})


def state_words(step: StepView, *, is_followed: bool = False) -> str:
    """How it stands, and what else there is to know: that it is switched off, that its file is gone or followed."""
    badges = (
        "not unloadable" if step.is_loaded else "",
        "" if step.enabled else "off",
        "inside Plugdeck" if step.is_inside else "",
        "file deleted" if step.is_deleted else "",
        "follows rebuilds" if is_followed else "",
    )
    standing = f"{step.standing.capitalize()}{'…' if step.state is PluginState.LOADING else ''}"
    return " · ".join(filter(None, (standing, *badges)))


def reason(step: StepView) -> str:
    """Why a step is not as one would expect; empty when all is well. How one ended is told by its card."""
    if step.state is PluginState.LOADING:
        return ""
    if step.error:
        return step.error
    if step.not_taken and not step.is_loaded:  # else its card tells
        return step.not_taken.sentence
    if step.is_deleted:
        return _DELETED if step.is_loaded else _GONE
    if step.stale:
        return _STALE if step.is_loaded else _CHANGED
    return ""


def can_restart(step: StepView) -> bool:
    """Whether ending its process leaves something to start: loaded code whose file is gone cannot come back."""
    return not (step.is_loaded and step.is_deleted)


def spoken(number: int, step: StepView) -> str:
    """The row in one sentence, for those who hear it."""
    time = f", {own_time(step)}" if own_time(step) else ""
    card = card_of(step)
    told = " ".join(filter(None, (card.happened if card else "", reason(step))))
    return f"{number}. {step.label}, priority {step.priority}, {state_words(step)}{time}. {told}".strip()


def own_time(step: StepView) -> str:
    """How long it took when it last ran; empty while it does not run, and before."""
    return milliseconds(step.milliseconds) if step.runs and step.milliseconds is not None else ""


def total_time(steps: Iterable[StepView]) -> str:
    """``43 ms in all``; empty while a step has not run yet, since that would be no total."""
    times = [step.milliseconds for step in steps if step.runs]
    known = [time for time in times if time is not None]
    return f"{milliseconds(sum(known))} in all" if known and len(known) == len(times) else ""


def milliseconds(value: float) -> str:
    """``0.4 ms``, ``31 ms``."""
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"
