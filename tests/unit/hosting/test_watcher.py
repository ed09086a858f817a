"""The thread that starts processes and sees what becomes readable."""

import os
import threading

import pytest

from plugdeck.hosting.watcher import Watcher


@pytest.fixture
def watcher():
    watcher = Watcher()
    yield watcher
    watcher.close()


def test_work_runs_on_one_thread_and_its_result_comes_back(watcher):
    first, second = watcher.run(threading.get_ident), watcher.run(threading.get_ident)
    assert first == second != threading.get_ident()
    assert watcher.run(lambda: watcher.run(threading.get_ident)) == first


def test_error_of_work_is_raised_where_it_was_asked_for(watcher):
    with pytest.raises(ZeroDivisionError):
        watcher.run(lambda: 1 // 0)


def test_handler_is_called_when_its_descriptor_is_readable(watcher):
    reading, writing = os.pipe()
    read = threading.Event()
    watcher.watch(reading, lambda: read.set() if os.read(reading, 1) else None)
    os.write(writing, b"x")
    assert read.wait(30)
    watcher.forget(reading)
    watcher.forget(reading)
    os.close(reading)
    os.close(writing)


def test_handler_that_fails_is_reported_and_ends_nothing(watcher, monkeypatch):
    reported, told = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda hook: (reported.append(str(hook.exc_value)), told.set()))
    reading, writing = os.pipe()

    def fail() -> None:
        os.read(reading, 1)
        raise ValueError("listener")

    watcher.watch(reading, fail)
    os.write(writing, b"x")
    assert told.wait(30)
    assert reported == ["listener"]
    assert watcher.run(lambda: 7) == 7
    watcher.forget(reading)
    os.close(reading)
    os.close(writing)


def test_tick_is_called_until_it_wants_no_more(watcher):
    left, done = [3], threading.Event()

    def tick() -> bool:
        left[0] -= 1
        if not left[0]:
            done.set()
        return bool(left[0])

    watcher.run(lambda: watcher.tick(tick))
    assert done.wait(30)
    assert left == [0]


def test_closed_watcher_takes_no_work():
    watcher = Watcher()
    watcher.close()
    with pytest.raises(RuntimeError, match="closed"):
        watcher.run(lambda: None)
