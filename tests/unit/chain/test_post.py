"""Which host makes a frame: the one that began it, whoever takes its place meanwhile."""

from __future__ import annotations

from threading import Thread

import pytest

from plugdeck.chain.post import Post
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import Ending, HostError, Outcome


class Host:
    """Takes values, unless it is told to refuse or has ended."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.refuses: dict[str, PlugdeckError] = {}

    def write(self, name: str, value: float) -> None:
        if name in self.refuses:
            raise self.refuses[name]
        self.values[name] = value


def test_a_relieved_host_is_waited_for_until_its_last_frame_is_done():
    post = Post(Host(), {})
    post.begin_frame()
    post.begin_frame()
    waiting = Thread(target=post.wait_for_frames)
    waiting.start()
    post.end_frame()
    assert waiting.is_alive()
    post.end_frame()
    waiting.join()


def test_nobody_waits_for_a_host_that_makes_no_frame():
    Post(Host(), {}).wait_for_frames()


def test_what_is_pending_is_written_once():
    host = Host()
    post = Post(host, {"amount": 3})
    post.flush()
    host.values.clear()
    post.flush()
    assert host.values == {}


def test_a_value_that_is_refused_keeps_no_other_back():
    host = Host()
    host.refuses["odd"] = PlugdeckError("It is odd.")
    post = Post(host, {"amount": 3, "odd": 1, "gain": 2})
    with pytest.raises(PlugdeckError, match="odd"):
        post.flush()
    assert host.values == {"amount": 3, "gain": 2}
    assert post.pending == {}


def test_what_a_process_that_ended_was_not_told_stays_pending():
    host = Host()
    host.refuses["amount"] = HostError(Outcome(Ending.CRASHED, "writing amount"))
    post = Post(host, {"amount": 3})
    with pytest.raises(HostError):
        post.flush()
    assert post.pending == {"amount": 3}
