"""Waiting for a packet that is likely to come at once."""

from __future__ import annotations

import select
from os import sched_yield
from time import perf_counter

# To sleep and be woken up on another core takes about 40 µs, longer than a small call. Whoever looks for this long
# before it sleeps mostly need not; it costs no more than that for each call, and yields to whoever needs the core.
_LOOK_S = 50e-6


def comes_at_once(packets: select.poll) -> bool:
    """Whether there is something to receive within a moment; otherwise the caller should go to sleep."""
    end = perf_counter() + _LOOK_S
    while not packets.poll(0):
        if perf_counter() > end:
            return False
        sched_yield()
    return True
