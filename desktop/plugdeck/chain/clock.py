"""Time as the chain sees it, so that tests can let it pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Timer
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and calls back later."""

    def now(self) -> float:
        """Seconds since some moment; never goes back."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Has ``callback`` called once, on any thread, after so long; the function returned cancels it."""


class MonotonicClock:
    """The system's clock, which no change of the date moves."""

    def now(self) -> float:
        """Seconds since the machine was started."""
        return time.monotonic()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back on a thread of its own, which holds up no end of the program."""
        timer = Timer(delay_s, callback)
        timer.daemon = True
        timer.start()
        return timer.cancel
