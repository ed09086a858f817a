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


def test_a_decision_about_another_plugin_leaves_it_as_it_is():
    work: list[Callable[[], None]] = []
    loader: Any = SimpleNamespace(run=work.append)
    records, clock = PassingQuarantine(), MonotonicClock()
    revival = Revival(loader, Lock(), records, clock)
    host = SimpleNamespace(
        state=PluginState.CRASHED,
        outcome=Outcome(Ending.CRASHED, "Transform", signal=11),
        confinement_words="",
        manifest=SimpleNamespace(name="frail"),
    )
    step: Any = SimpleNamespace(
        host=host,
        sha256="5e1f",
        seen_state=PluginState.LOADED,
        confinement="",
        settling=False,
        quarantine="",
        bad_ends=(clock.now(), clock.now()),
        is_kept_off=False,
        is_removed=False,
    )

    revival.note(step)
    revival.look_again(step)  # the records told of something else
    assert step.quarantine
    work.pop()()
    revival.look_again(step)
    assert step.quarantine
    records.lift("5e1f")
    revival.look_again(step)
    assert not step.quarantine
