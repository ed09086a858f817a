"""A calling that is closed leaves no host running, whatever it was about to do."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

from plugdeck.chain.calling import Callee, Calling

PATIENCE_S = 600


class Host:
    """Its start is under way when it is stopped for the first time, and comes to its end only after that."""

    manifest = SimpleNamespace(name="late")

    def __init__(self) -> None:
        self.runs = False
        self.is_starting, self.was_stopped = Event(), Event()

    def start(self) -> None:
        self.is_starting.set()
        assert self.was_stopped.wait(PATIENCE_S)
        self.runs = True

    def stop(self) -> None:
        self.runs = False
        self.was_stopped.set()

    def call(self, symbol: str) -> str:
        return symbol


def test_a_host_that_is_started_while_it_is_stopped_is_stopped_again():
    host = Host()
    hosts: Any = SimpleNamespace(host=lambda *callee: host)
    manifest: Any = host.manifest
    calling = Calling(hosts, Callee(Path("late.so"), manifest), "Greet", period_s=1, on_beat=lambda beat: None)
    assert host.is_starting.wait(PATIENCE_S)

    calling.close()

    assert not host.runs
