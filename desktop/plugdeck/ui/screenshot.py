"""A picture of the whole window, taken when there is nothing more to wait for."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from plugdeck.chain.preview import Rendered
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.main_window import MainWindow

_QUIET_S = 0.4
"""So long nothing may have changed."""
_PATIENCE_S = 40.0
"""A picture is taken after this long whatever is still going on."""
_LOOK_MS = 50


class Screenshot(QObject):
    """Saves the window once its folder is read, its plugins are loaded and its picture is at full size."""

    saved = Signal(bool)
    """Whether the file could be written."""

    def __init__(self, window: MainWindow, path: Path, *, needs_steps: bool) -> None:
        super().__init__(window)
        self._window = window
        self._path = path
        self._needs_steps = needs_steps
        self._states: tuple[object, ...] = ()
        self._is_rendered = False
        self._changed_at = self._began = monotonic()
        bridge = window.services.bridge
        bridge.rendered.connect(self._note_picture)
        bridge.steps_changed.connect(self._note_steps)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _note_steps(self) -> None:
        states = tuple((step.key, step.state, step.enabled) for step in self._window.services.chain.steps())
        if states != self._states:
            self._states, self._is_rendered = states, False
            self._changed_at = monotonic()

    def _note_picture(self, rendered: Rendered) -> None:
        self._is_rendered = rendered.is_full
        self._changed_at = monotonic()

    def _look(self) -> None:
        waited_s = monotonic() - self._began
        if not self._is_settled() and waited_s < _PATIENCE_S:
            return
        self._timer.stop()
        self.saved.emit(self._window.shell.grab().save(str(self._path)))

    def _is_settled(self) -> bool:
        self._note_steps()  # with a worker kept ready they load quicker than the window is told
        steps = self._window.services.chain.steps()
        if self._window.plugins.feed.is_scanning or any(step.state is PluginState.LOADING for step in steps):
            return False
        if self._needs_steps and not steps:
            return False
        return self._is_rendered and monotonic() - self._changed_at > _QUIET_S
