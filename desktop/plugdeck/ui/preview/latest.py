"""Work off the GUI thread whose result comes back to it; a newer request makes an older one's result void."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThreadPool, Signal

from plugdeck.errors import PlugdeckError
from plugdeck.ui.background import Background


class Latest(QObject):
    """Runs functions on other threads and tells only what the latest of them gave.

    Those are Qt's, which the end of the program waits for, or those of a ``Background``, which may hang on a file of
    a dead network folder.
    """

    succeeded = Signal(object)
    """What the function returned."""
    failed = Signal(str, str)
    """The sentence and the remedy of the PlugdeckError that it raised."""
    busy_changed = Signal(bool)
    _arrived = Signal(int, object)

    def __init__(self, parent: QObject | None = None, background: Background | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._request = 0
        self._busy = False
        self._arrived.connect(self._tell)

    @property
    def is_busy(self) -> bool:
        """Whether a result is awaited."""
        return self._busy

    def start(self, work: Callable[[], object]) -> None:
        """Runs ``work`` on another thread; results of earlier calls are dropped from now on."""
        self._request += 1
        request = self._request
        self._set_busy(True)
        if self._background:
            self._background.run(lambda: self._run(request, work), lambda _: None)
        else:
            QThreadPool.globalInstance().start(lambda: self._run(request, work))

    def forget(self) -> None:
        """Drops the result that is awaited."""
        self._request += 1
        self._set_busy(False)

    def _run(self, request: int, work: Callable[[], object]) -> None:
        if request != self._request:
            return
        result: object = PlugdeckError("Something went wrong in Plugdeck itself.", remedy="Look into its log.")
        try:
            result = work()
        except PlugdeckError as error:
            result = error
        except (MemoryError, OSError) as error:
            reason = getattr(error, "strerror", None) or "there is not enough memory"
            result = PlugdeckError(f"The system refused it: {reason}.", remedy="Close other programs, and try again.")
        finally:  # also for what nobody foresaw, so that nothing waits for ever
            self._deliver(request, result)

    def _deliver(self, request: int, result: object) -> None:
        try:
            self._arrived.emit(request, result)
        except RuntimeError:
            return  # the window is gone

    def _tell(self, request: int, result: object) -> None:
        if request != self._request:
            return
        self._set_busy(False)
        if isinstance(result, PlugdeckError):
            self.failed.emit(str(result), result.remedy)
        else:
            self.succeeded.emit(result)

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
