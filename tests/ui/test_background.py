"""Work off the GUI thread: its result comes back, and nothing that goes wrong in it stops the work after it."""

from __future__ import annotations

import threading

import pytest

from plugdeck.errors import PlugdeckError
from plugdeck.ui.background import Background
from plugdeck.ui.preview.latest import Latest


@pytest.fixture
def background(qapp):
    made = Background(threads=1)
    yield made
    made.close()


def fail() -> None:
    raise ValueError("nobody foresaw this")


@pytest.fixture
def unforeseen(monkeypatch) -> list[str]:
    """What threads ended of."""
    told: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda died: told.append(str(died.exc_value)))
    return told


def test_a_thread_that_dies_of_its_work_is_told_of_and_replaced(background, unforeseen, qtbot):
    done: list[int] = []
    background.run(fail, lambda _: None)
    background.run(lambda: 7, done.append)
    qtbot.waitUntil(lambda: done == [7] and unforeseen == ["nobody foresaw this"])


def test_a_request_whose_work_dies_is_answered_all_the_same(background, unforeseen, qtbot):
    latest = Latest(None, background)
    with qtbot.waitSignal(latest.failed) as told:
        latest.start(fail)
    assert "went wrong" in told.args[0]
    assert not latest.is_busy
    qtbot.waitUntil(lambda: bool(unforeseen))


def test_only_the_latest_of_several_requests_is_answered(background, qtbot):
    latest, answers = Latest(None, background), []
    latest.succeeded.connect(answers.append)
    for number in range(5):
        latest.start(lambda number=number: number)
    qtbot.waitUntil(lambda: answers == [4])


def test_an_expected_error_is_told_with_its_remedy(background, qtbot):
    def refuse() -> None:
        raise PlugdeckError("It is not there.", remedy="Put it back.")

    latest = Latest(None, background)
    with qtbot.waitSignal(latest.failed) as told:
        latest.start(refuse)
    assert told.args == ["It is not there.", "Put it back."]
