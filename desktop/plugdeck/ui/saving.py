"""Writes the settings a moment after something was noted in them, so that it outlives a crash and a power cut."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from plugdeck.errors import PlugdeckError
from plugdeck.settings import Settings
from plugdeck.ui.background import Background

_REST_MS = 500


class Saving(QObject):
    """Does nothing before ``begin``: a window that is only drawn leaves no trace. Files are written off this thread."""

    _noted = Signal()
    _written = Signal()

    def __init__(
        self,
        settings: Settings,
        background: Background,
        tell: Callable[[PlugdeckError], object],
        parent: QObject | None = None,
    ) -> None:
        """``tell`` gets the reason when they could not be written."""
        super().__init__(parent)
        self._settings = settings
        self._background = background
        self._tell = tell
        self._forget: Callable[[], None] | None = None
        self._is_writing = False
        self._is_due = False
        """Something was noted after what is being written."""
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self.save)
        self._noted.connect(self._save_soon, Qt.ConnectionType.QueuedConnection)
        self._written.connect(self._go_on, Qt.ConnectionType.QueuedConnection)

    def begin(self) -> None:
        """Writes what is noted from now on, and what was noted before."""
        if self._forget is None:
            self._forget = self._settings.on_change(self._note)
            self._save_soon()

    def save(self) -> None:
        """Writes now, or again when what is being written has been; returns at once."""
        if self._is_writing:  # one thread is enough for a disk that hangs
            self._is_due = True
            return
        self._is_writing = True
        self._background.run(self._write, lambda _: None, self._fail)

    def end(self) -> None:
        """Whoever ends the window writes what is left."""
        self._timer.stop()
        if self._forget:
            self._forget()

    def _write(self) -> None:
        try:
            self._settings.save()
        finally:
            with suppress(RuntimeError):  # the window may be gone
                self._written.emit()

    def _go_on(self) -> None:
        self._is_writing = False
        if self._is_due:
            self._is_due = False
            self.save()

    def _fail(self, error: PlugdeckError) -> None:
        self._tell(error)

    def _note(self) -> None:
        """On any thread."""
        with suppress(RuntimeError):  # the window may be gone
            self._noted.emit()

    def _save_soon(self) -> None:
        """What changes all the time is written all the same: the time runs from the first change."""
        if not self._timer.isActive():
            self._timer.start()
