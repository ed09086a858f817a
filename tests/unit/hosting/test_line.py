"""The line of a worker's confinement is listened to until the other end is gone, whoever else's turn it seemed."""

import socket

from plugdeck.hosting.sandbox.line import Line


class Watched:
    """Knows which descriptors are watched."""

    def __init__(self):
        self.descriptors = set()

    def watch(self, descriptor, handler):
        self.descriptors.add(descriptor)

    def forget(self, descriptor):
        self.descriptors.discard(descriptor)


def test_a_call_with_nothing_to_read_does_not_end_the_line():
    watched = Watched()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line = Line(watched, ours, lambda deed: None)
    number = ours.fileno()

    line._read()  # meant for the descriptor that had this number before
    assert watched.descriptors == {number}
    theirs.close()
    line._read()
    assert watched.descriptors == set()
    assert line.end() is None
