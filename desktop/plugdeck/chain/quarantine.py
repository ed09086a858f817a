"""Which plugins may not run for now, by the hash of their content: a copy elsewhere is the same plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from plugdeck.listeners import Listeners


class Quarantine(Protocol):
    """What the chain needs of the records of trust. Any thread; may read and write files."""

    def quarantine(self, sha256: str, name: str, reason: str) -> None:
        """Keeps these bytes from running until they are lifted out."""

    def quarantined(self, sha256: str) -> str:
        """Why these bytes may not run, in a sentence; empty when they may."""

    def lift(self, sha256: str) -> None:
        """Lets them run again."""

    def is_allowed(self, sha256: str) -> bool:
        """Whether the user's yes to these bytes is on record, be they in quarantine or not."""

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tells of every change, on any thread; the function returned ends it."""


class PassingQuarantine:
    """A quarantine that ends with the program, where no records are kept."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._listeners: Listeners[()] = Listeners()

    def quarantine(self, sha256: str, name: str, reason: str) -> None:
        """Part of ``Quarantine``; the name is for people who read records."""
        self._reasons[sha256] = reason
        self._listeners.notify()

    def quarantined(self, sha256: str) -> str:
        """Part of ``Quarantine``."""
        return self._reasons.get(sha256, "")

    def lift(self, sha256: str) -> None:
        """Part of ``Quarantine``."""
        if self._reasons.pop(sha256, None):
            self._listeners.notify()

    def is_allowed(self, sha256: str) -> bool:
        """Part of ``Quarantine``: nobody is asked here."""
        return False

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Part of ``Quarantine``."""
        return self._listeners.add(callback)
