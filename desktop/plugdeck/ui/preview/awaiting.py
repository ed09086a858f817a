"""Whether the picture that is shown is still the one that the chain stands for, and since when it is not."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from plugdeck.chain.chain import Chain

_NOTICED_MS = 300


class Awaiting(QObject):
    """Says so when the full picture takes longer than one would wait without wondering."""

    changed = Signal()
    """``is_late`` changed."""

    def __init__(self, chain: Chain, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chain = chain
        self._shown: tuple[object, ...] | None = None
        self.is_late = False
        self._timer = QTimer(self, interval=_NOTICED_MS, singleShot=True)
        self._timer.timeout.connect(lambda: self._set_late(True))

    def expect(self) -> None:
        """Another picture was opened: nothing that was shown counts."""
        self._shown = None
        self._timer.start()

    def look(self) -> None:
        """Looks whether the chain changed since the last full picture."""
        if self._shown is not None and self._shown != self._what_shows() and not self._timer.isActive():
            self._timer.start()

    def arrive(self) -> None:
        """The full picture is there."""
        self._shown = self._what_shows()
        self._timer.stop()
        self._set_late(False)

    def _what_shows(self) -> tuple[object, ...]:
        return tuple(
            (step.key, self._chain.revision(step.key), step.state, step.enabled) for step in self._chain.steps()
        )

    def _set_late(self, late: bool) -> None:
        if late != self.is_late:
            self.is_late = late
            self.changed.emit()
