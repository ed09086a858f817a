"""Calling a function once a period, while its plugin is swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.chain.calling import Beat, Callee, Calling
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.supervisor import Supervisor

GREETER = """
#include "plugdeck.h"
#include <stdlib.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Greets.")
PD_FUNCTION(const char *, Greet, (const char *))
static int calls;
const char *Greet(const char *name) { (void)name; if (++calls > %(lives)s) abort(); return "%(name)s"; }
"""


@pytest.fixture
def supervisor(patient: Deadlines) -> Iterator[Supervisor]:
    with Supervisor(deadlines=patient) as supervisor:
        yield supervisor


@pytest.fixture
def greeter(build_plugin: Callable[..., Path]) -> Callable[..., Callee]:
    def greeter(name: str, lives: int = 1_000_000) -> Callee:
        return callee(build_plugin(GREETER % {"name": name, "lives": lives}, name=f"{name}.so"))

    return greeter


class Calls:
    """A calling and what came of it."""

    def __init__(self, supervisor: Supervisor, first: Callee, symbol: str = "Greet", *arguments: object) -> None:
        self.beats: list[Beat] = []
        self.refused: list[str] = []
        self.calling = Calling(
            supervisor,
            first,
            symbol,
            arguments,
            period_s=0.02,
            on_beat=self.beats.append,
        )

    def swap(self, callee: Callee) -> None:
        self.calling.swap(callee, lambda why: self.refused.append(f"{callee.path.stem}: {why}"))

    def answers(self) -> list[object]:
        return [beat.answer for beat in self.beats]


def callee(path: Path) -> Callee:
    manifest = examine(path).manifest
    assert manifest
    return Callee(path, manifest)


@pytest.fixture
def calls(supervisor: Supervisor) -> Iterator[Callable[..., Calls]]:
    begun: list[Calls] = []

    def begin(*arguments: object) -> Calls:
        begun.append(Calls(supervisor, *arguments))
        return begun[-1]

    yield begin
    for each in begun:
        each.calling.close()


def test_every_call_is_answered_while_plugins_are_swapped(
    calls: Callable[..., Calls], greeter: Callable[..., Callee], until: Callable[..., None]
) -> None:
    run = calls(greeter("one"), "Greet", "Ada")
    until(lambda: "one" in run.answers())
    for name in ("two", "three", "two"):
        run.swap(greeter(name))
        until(lambda name=name: run.answers()[-1] == name)
    beats = tuple(run.beats)  # more come all the time
    assert not any(beat.error for beat in beats)
    assert [beat.number for beat in beats] == list(range(1, len(beats) + 1))
    order = [run.answers()[0], *(b for a, b in zip(run.answers(), run.answers()[1:], strict=False) if a != b)]
    assert order == ["one", "two", "three", "two"]


def test_one_that_fails_at_its_first_call_never_answers(
    calls: Callable[..., Calls], greeter: Callable[..., Callee], until: Callable[..., None]
) -> None:
    run = calls(greeter("one"), "Greet", "Ada")
    until(lambda: run.beats)
    run.swap(greeter("dead", lives=0))
    until(lambda: run.refused)
    count = len(run.beats)
    until(lambda: len(run.beats) > count)
    assert set(run.answers()) == {"one"}
    assert run.refused[0].startswith("dead: Crashed in Greet: SIGABRT")


def test_one_that_dies_later_loses_that_call_alone(
    calls: Callable[..., Calls], greeter: Callable[..., Callee], until: Callable[..., None]
) -> None:
    run = calls(greeter("frail", lives=2), "Greet", "Ada")
    until(lambda: sum(beat.answer == "frail" for beat in run.beats) >= 4)
    failed = [beat for beat in run.beats if beat.error]
    assert failed
    assert all("SIGABRT" in beat.error for beat in failed)


def test_go_values_are_swapped_without_losing_a_beat(
    calls: Callable[..., Calls], sample: Callable[[str], Path], until: Callable[..., None]
) -> None:
    run = calls(callee(sample("greeter-go-en")), "Greeter.Greet")
    until(lambda: "Hello!" in run.answers())
    run.swap(callee(sample("greeter-go-zh")))
    until(lambda: "你好" in run.answers())
    for name in ("greeter-go-panic", "greeter-go-exit"):
        run.swap(callee(sample(name)))
    until(lambda: len(run.refused) == 2)
    assert any("no greeting comes to mind" in reason for reason in run.refused)
    assert any("exit code 3" in reason for reason in run.refused)
    assert not any(beat.error for beat in run.beats)
    assert set(run.answers()) == {"Hello!", "你好"}


def test_closing_ends_what_is_being_prepared(
    calls: Callable[..., Calls], greeter: Callable[..., Callee], until: Callable[..., None], supervisor: Supervisor
) -> None:
    run = calls(greeter("one"), "Greet", "Ada")
    run.swap(greeter("two"))
    run.calling.close()
    count = len(run.beats)
    assert not any(thread.is_alive() for thread in run.calling._threads)
    assert len(run.beats) == count
