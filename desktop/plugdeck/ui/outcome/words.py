"""What an outcome's card says and offers, made from a step's facts, without widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from plugdeck.chain.step import StepView
from plugdeck.hosting.outcome import Ending, Outcome, PluginState
from plugdeck.ui.marks import STATE_MARKS, Shape
from plugdeck.ui.theme import Tone

STAYS_OFF = "It stays off until you start it again."
_QUARANTINED = "These bytes are not started until you lift that, whatever their file is called. A new build may run."
_RUNS_AGAIN = "It was started again and runs."
_STARTING = "It is being started again…"
_TOO_SLOW = "Switch others off, use a smaller picture, or raise the limit in Preferences; then start it again."
_RUNS_WITHOUT = "It runs on without that. What it may read, write or reach is chosen under Permissions."
_NOT_TAKEN = (Shape.ARROWS, Tone.CAUTION)


@dataclass(frozen=True, slots=True)
class CardText:
    """One card: a shape, a sentence on what happened, one on what comes next, and what can be done."""

    mark: tuple[Shape, Tone]
    happened: str
    next: str = ""
    outcome: Outcome | None = None
    """What a report can be made of."""
    denied: tuple[str, ...] = ()
    """What it tried and was refused, where that is what is told."""
    can_start: bool = False
    can_keep_off: bool = False
    can_lift: bool = False
    can_dismiss: bool = False


def card_of(step: StepView) -> CardText | None:
    """The card of a step; None when there is nothing to tell."""
    if step.quarantine:
        mark = STATE_MARKS[PluginState.QUARANTINED]
        return CardText(mark, step.quarantine, _QUARANTINED, step.outcome, can_lift=True)
    if step.is_loaded:
        return _card_of_loaded(step)
    if step.state is PluginState.LOADING:
        return _card_of_end(step, step.outcome, _STARTING) if step.outcome else None
    if step.is_kept_off:
        return _card_of_kept_off(step)
    return _card_of_end(step, step.outcome, _what_next(step)) if step.outcome else None


def seconds_left(step: StepView) -> str:
    """``Starts again in 2 s``; empty when nothing is to come."""
    if step.restarts_in_s is None:
        return ""
    return f"Starts again in {max(1, math.ceil(step.restarts_in_s))} s"


def _card_of_loaded(step: StepView) -> CardText | None:
    if step.not_taken:
        return CardText(_NOT_TAKEN, step.not_taken.sentence, outcome=step.not_taken.outcome, can_dismiss=True)
    if step.outcome:
        mark = STATE_MARKS[step.outcome.state][0], Tone.CAUTION
        return CardText(mark, step.outcome.sentence, _RUNS_AGAIN, step.outcome, can_keep_off=True, can_dismiss=True)
    if denied := step.denied_anew:
        happened = f"It tried to {', to '.join(denied)}, and was refused."
        return CardText(_NOT_TAKEN, happened, _RUNS_WITHOUT, denied=denied, can_keep_off=True, can_dismiss=True)
    return None


def _card_of_kept_off(step: StepView) -> CardText:
    if step.outcome is None:
        return CardText((Shape.RING, Tone.QUIET), STAYS_OFF, can_start=True)
    return CardText(_mark_of(step.outcome), step.outcome.sentence, STAYS_OFF, step.outcome, can_start=True)


def _card_of_end(step: StepView, outcome: Outcome, what_next: str) -> CardText:
    is_loading = step.state is PluginState.LOADING
    return CardText(
        _mark_of(outcome), outcome.sentence, what_next, outcome, can_start=not is_loading, can_keep_off=True
    )


def _mark_of(outcome: Outcome) -> tuple[Shape, Tone]:
    return STATE_MARKS[outcome.state][0], Tone.BAD


def _what_next(step: StepView) -> str:
    remedy = _TOO_SLOW if step.outcome and step.outcome.ending is Ending.TIMED_OUT else ""
    return seconds_left(step) or remedy
