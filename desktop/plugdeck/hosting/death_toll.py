"""What the end of a process means for each plugin in it: who ended it, who only was there, and what each is told."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from plugdeck.hosting.outcome import Ending, Outcome
from plugdeck.text import visible

_MOST_NAME = 80
_UNKNOWN = "It shared its process with others, and which of them ended it is not known: each gets one of its own."


@dataclass(frozen=True, slots=True)
class DeathToll:
    """Plugins by their slots; those in neither are started again."""

    ended: Mapping[int, Outcome]
    """What is told of those that ended."""
    apart: Set[int] = frozenset()
    """Which get a process of their own at their next start."""


def death_toll(
    outcome: Outcome,
    there: Mapping[int, str],
    *,
    asked: int | None,
    marked: int | None,
    stopping: Set[int],
    is_shared: bool,
) -> DeathToll:
    """What follows from the end of a process.

    Args:
        outcome: how it ended.
        there: the names of the plugins that were in it, by slot.
        asked: whom it was working for, which we know by ourselves; None when for nobody.
        marked: whom the process itself noted; any plugin in it may have written that.
        stopping: whom somebody is taking out.
        is_shared: whether the process may be started again for the others.
    """
    if not is_shared or outcome.ending is Ending.NOT_STARTED:
        return DeathToll(dict.fromkeys(there, outcome))
    if outcome.ending is Ending.STOPPED:  # also for nobody's sake: one that is to come needs another confinement
        gone = stopping & there.keys() or ({asked} & there.keys())
        return DeathToll({slot: outcome for slot in there if slot in gone})
    if len(there) < 2:
        return DeathToll(dict.fromkeys(there, outcome), frozenset(there))
    if asked not in there:
        told = replace(outcome, message=f"{outcome.message} {_UNKNOWN}".strip())
        return DeathToll(dict.fromkeys(there, told), frozenset(there))
    assert asked is not None
    told = replace(outcome, message=f"{outcome.message} {_doubt(there, asked, marked)}".strip())
    return DeathToll({asked: told}, {asked})


def _doubt(there: Mapping[int, str], asked: int, marked: int | None) -> str:
    """What the process noted, where that is another plugin than the one it was asked to call."""
    if marked is None or marked == asked or marked not in there:
        return ""
    return f"It was the one that was called; the process itself noted {visible(there[marked], _MOST_NAME)}."
