"""Call frame information that was made to harm whoever reads it."""

from __future__ import annotations

import pytest

from plugdeck.hosting.crash.frame_machine import FrameMachine
from plugdeck.hosting.crash.frame_reader import FrameReader, UnreadableFramesError

REMEMBER, RESTORE = b"\x0a", b"\x0b"


def test_states_that_are_kept_within_each_other_have_an_end():
    """Each one is a copy of all registers' places, of which a file may name thousands."""
    machine = FrameMachine(1, -8)
    machine.run(FrameReader((REMEMBER + RESTORE) * 100, 0), 0, 1)

    with pytest.raises(UnreadableFramesError):
        machine.run(FrameReader(REMEMBER * 100, 0), 0, 1)
