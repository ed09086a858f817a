"""The last net: an error that nobody expected becomes a sentence in the window, and the window goes on."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal

from plugdeck.compat.finding import Severity
from plugdeck.errors import PlugdeckError
from plugdeck.ui.notices import Notices


class UnexpectedErrors(QObject):
    """Takes what is raised in slots and on threads; the trace goes to standard error for a report."""

    _raised = Signal(str)

    def __init__(self, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices = notices
        self._raised.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Takes over from Python's own hooks."""
        sys.excepthook = self._take
        threading.excepthook = lambda problem: self._take(
            problem.exc_type, problem.exc_value or RuntimeError(), problem.exc_traceback
        )

    def remove(self) -> None:
        """Gives Python its hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _take(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            sys.__excepthook__(kind, error, trace)
            return
        if isinstance(error, PlugdeckError):
            self._raised.emit(f"{error} {error.remedy}".strip())
            return
        traceback.print_exception(kind, error, trace)
        self._raised.emit(
            f"Something went wrong inside Plugdeck ({kind.__name__}: {error}). Your plugins and files are untouched; "
            "the details are on the terminal that it was started from."
        )

    def _tell(self, sentence: str) -> None:
        self._notices.tell(sentence, severity=Severity.ERROR)
