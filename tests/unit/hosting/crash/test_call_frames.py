"""Call frame information that was made to harm whoever reads it."""

from __future__ import annotations

import pytest

from plugdeck.hosting.crash.call_frames import UnreadableFramesError, _Machine, _Reader

REMEMBER, RESTORE = b"\x0a", b"\x0b"


def test_states_that_are_kept_within_each_other_have_an_end():
    """Each one is a copy of all registers' places, of which a file may name thousands."""
    machine = _Machine(1, -8)
    machine.run(_Reader((REMEMBER + RESTORE) * 100, 0), 0, 1)

    with pytest.raises(UnreadableFramesError):
        machine.run(_Reader(REMEMBER * 100, 0), 0, 1)
