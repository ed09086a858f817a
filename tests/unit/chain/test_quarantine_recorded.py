"""A quarantine that is still being recorded is not taken for one that was lifted."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from types import SimpleNamespace
from typing import Any

from plugdeck.chain.clock import MonotonicClock
from plugdeck.chain.quarantine import PassingQuarantine
from plugdeck.chain.revival import Revival
from plugdeck.hosting.outcome import Ending, Outcome, PluginState


class Frail:
    """A step that ends badly for the third time, what is to be done on threads, and what is known of it."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []
        self.records, clock = PassingQuarantine(), MonotonicClock()
        loader: Any = SimpleNamespace(run=self.work.append, revive=lambda step: None)
        self.revival = Revival(loader, Lock(), self.records, clock)
        host = SimpleNamespace(
            state=PluginState.CRASHED,
            outcome=Outcome(Ending.CRASHED, "Transform", signal=11),
            confinement_words="",
            manifest=SimpleNamespace(name="frail"),
        )
        self.step: Any = SimpleNamespace(
            host=host,
            sha256="5e1f",
            seen_state=PluginState.LOADED,
            confinement="",
            settling=False,
            quarantine="",
            bad_ends=(clock.now(), clock.now()),
            is_kept_off=False,
            is_removed=False,
            cancel_restart=lambda: None,
        )
        self.revival.note(self.step)


def test_a_decision_about_another_plugin_leaves_it_as_it_is():
    frail = Frail()
    frail.revival.look_again(frail.step)  # the records told of something else
    assert frail.step.quarantine
    frail.work.pop()()
    frail.revival.look_again(frail.step)
    assert frail.step.quarantine
    frail.records.lift("5e1f")
    frail.revival.look_again(frail.step)
    assert not frail.step.quarantine


def test_what_is_lifted_before_it_was_recorded_is_not_recorded_after_that():
    frail = Frail()
    frail.revival.lift(frail.step)
    record, lift = frail.work
    lift()
    record()
    assert frail.records.quarantined("5e1f") == ""
    assert not frail.step.quarantine
