"""Where plain callbacks, on any thread, become Qt signals on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance


class TellsOfChange(Protocol):
    """What the bridge needs of the chain."""

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after every change, on any thread; the function returned ends it."""


class ChainBridge(QObject):
    """The chain's and the preview's news for the window's widgets.

    A burst of news gives one signal: only that something changed is queued, never how often. Of several pictures
    that were rendered before the window got to show one, only the latest is passed on.
    """

    steps_changed = Signal()
    rendered = Signal(object)
    """A ``Rendered``."""
    failed = Signal(str)
    """Why the picture could not be rendered at all, in a sentence."""

    _steps_wake = Signal()
    _picture_wake = Signal()

    def __init__(self, chain: TellsOfChange, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps_pending = False
        self._picture_pending = False
        self._latest: object | None = None
        self._told: object | None = None
        self._steps_wake.connect(self._tell_steps, Qt.ConnectionType.QueuedConnection)
        self._picture_wake.connect(self._tell_picture, Qt.ConnectionType.QueuedConnection)
        self._forget = chain.on_change(self._note_change)

    def deliver_rendered(self, rendered: object) -> None:
        """The preview's callback: takes a picture on any thread."""
        self._latest = rendered
        if not self._picture_pending:
            self._picture_pending = True
            self._picture_wake.emit()

    def deliver_failure(self, sentence: str) -> None:
        """The preview's other callback, on any thread."""
        _tell(self.failed, sentence)

    def close(self) -> None:
        """Ends the registration with the chain."""
        self._forget()

    def _note_change(self) -> None:
        # Set before the signal and cleared before the widgets read: a change in between is told again, never lost.
        if not self._steps_pending:
            self._steps_pending = True
            _tell(self._steps_wake)

    def _tell_steps(self) -> None:
        self._steps_pending = False
        self.steps_changed.emit()

    def _tell_picture(self) -> None:
        # As above. The latest one stays where it is: taking it away could take one that has just come.
        self._picture_pending = False
        if self._latest is not self._told:
            self._told = self._latest
            self.rendered.emit(self._told)


def _tell(signal: SignalInstance, *values: object) -> None:
    """Plugins and the preview go on a little longer than the window; what they say then is for nobody."""
    with suppress(RuntimeError):
        signal.emit(*values)
