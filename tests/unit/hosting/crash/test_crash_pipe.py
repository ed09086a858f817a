"""The pipe that tells of crashes is listened to, however often it told of none."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from plugdeck.hosting.crash.crash_pipe import CrashPipe
from plugdeck.hosting.watcher import Watcher

ANNOUNCEMENT = b"Fatal Python error: Segmentation fault\n\n"


class Ends:
    """Both ends of a pipe, and who looks when something comes through it."""

    def __init__(self) -> None:
        self.watcher = Watcher()
        reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)
        self.looks = 0
        self.may_end = threading.Event()
        self.pipe = CrashPipe(self.watcher, reading, self._look)

    def _look(self) -> None:
        self.looks += 1
        self.may_end.wait()

    def fill(self) -> None:
        try:
            while os.write(self.writing, bytes(4096)):
                continue
        except BlockingIOError:
            return

    def close(self) -> None:
        self.may_end.set()
        self.pipe.close()
        self.watcher.close()
        os.close(self.writing)


@pytest.fixture
def ends():
    ends = Ends()
    yield ends
    ends.close()


def test_one_looks_again_after_however_many_false_alarms(ends, until):
    ends.may_end.set()
    for count in range(1, 40):
        os.write(ends.writing, ANNOUNCEMENT)
        until(lambda count=count: ends.looks >= count and not ends.pipe._is_looking)


def test_announcement_is_looked_at_as_soon_as_a_thread_can_be_started(ends, until, monkeypatch):
    ends.may_end.set()
    refusals = [RuntimeError("can't start new thread")] * 2
    start = threading.Thread.start

    def start_late(thread: threading.Thread) -> None:
        if thread.name == "plugdeck-crash" and refusals:
            raise refusals.pop()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_late)
    os.write(ends.writing, ANNOUNCEMENT)
    until(lambda: ends.looks == 1 and not ends.pipe._is_looking)
    assert not refusals


def test_what_fills_the_pipe_is_left_there_while_one_looks_and_a_later_announcement_is_seen(ends, until):
    ends.fill()
    until(lambda: ends.looks)
    until(lambda: not ends.watcher._handlers)
    ends.fill()
    assert ends.looks == 1
    ends.may_end.set()
    until(lambda: ends.looks > 1)


def test_signal_that_was_announced_is_known_while_one_looks_also_when_it_comes_in_parts(ends, until):
    for part in (ANNOUNCEMENT[:20], ANNOUNCEMENT[20:]):
        os.write(ends.writing, part)
    until(lambda: ends.pipe.signal == signal.SIGSEGV and ends.looks)
    assert ends.looks == 1
