"""The page in which a shared process notes whom it enters is given back, whatever comes of handing it over."""

import os
from contextlib import suppress

import pytest

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import Ending, HostError, Outcome
from plugdeck.hosting.shared_mark import SharedMark


class Process:
    """What answers with an error, or takes what it is given."""

    def __init__(self, failure: PlugdeckError | None = None) -> None:
        self.failure = failure
        self.inodes: list[int] = []

    def ask(self, kind, *, during, descriptors):
        self.inodes += [os.fstat(each).st_ino for each in descriptors]
        if self.failure:
            raise self.failure


def is_open(inode: int) -> bool:
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one that lists them is closed by now
            found.append(os.fstat(int(name)).st_ino)
    return inode in found


def test_a_page_is_there_until_it_is_closed():
    mark, process = SharedMark(), Process()
    mark.hand_to(process)

    assert is_open(process.inodes[0])
    assert mark.slot() is None
    mark.close()
    assert not is_open(process.inodes[0])


def test_a_process_that_has_no_room_for_the_page_works_without():
    mark, process = SharedMark(), Process(PlugdeckError("no memory"))
    mark.hand_to(process)

    assert mark.slot() is None
    assert not is_open(process.inodes[0])


def test_a_process_that_ended_meanwhile_leaves_no_page():
    mark, process = SharedMark(), Process(HostError(Outcome(Ending.CRASHED, "starting")))
    with pytest.raises(HostError):
        mark.hand_to(process)

    assert not is_open(process.inodes[0])
