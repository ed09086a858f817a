"""Whose the end of a spare worker is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from plugdeck.hosting.launch import WorkerCommand
from plugdeck.hosting.outcome import BETWEEN_CALLS, Ending, Outcome
from plugdeck.hosting.spare_worker import Owner, SpareWorker

COMMAND = WorkerCommand(("true",), {})


def test_the_end_of_a_spare_worker_that_was_found_dead_is_told_to_nobody():
    """Whoever wanted it has another one by then, and would take that one for dead."""
    owner, ended = Owner(), []
    unused: Any = SimpleNamespace()
    spare = SpareWorker(lambda: COMMAND, unused)
    dead: Any = SimpleNamespace(is_alive=False, finish_stop=lambda by: None)
    spare._ready = (COMMAND, dead, owner)

    assert spare.take(COMMAND, unused, lambda outcome: lambda: ended.append(outcome)) is None
    owner.ended(Outcome(Ending.EXITED, BETWEEN_CALLS))()

    assert not ended
