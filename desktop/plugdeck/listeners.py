"""Plain callbacks: how a layer tells whoever is above it of a change, without knowing them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVarTuple

Arguments = TypeVarTuple("Arguments")


class Listeners(Generic[*Arguments]):
    """A set of callbacks. Adding and removing is allowed on any thread, also from within a callback."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._callbacks: dict[object, Callable[[*Arguments], None]] = {}

    def add(self, callback: Callable[[*Arguments], None]) -> Callable[[], None]:
        """Registers ``callback``; the function returned ends this registration alone, and may be called twice."""
        registration = object()
        with self._lock:
            self._callbacks = {**self._callbacks, registration: callback}
        return lambda: self._remove(registration)

    def notify(self, *arguments: *Arguments) -> None:
        """Calls every callback on this thread, in the order of registration."""
        for callback in self._callbacks.values():
            callback(*arguments)

    def _remove(self, registration: object) -> None:
        # A new dictionary each time: whoever goes through the old one is not disturbed.
        with self._lock:
            self._callbacks = {key: known for key, known in self._callbacks.items() if key is not registration}
