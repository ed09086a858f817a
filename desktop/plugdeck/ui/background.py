"""Work off the GUI thread whose result comes back on it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from plugdeck.errors import PlugdeckError

if TYPE_CHECKING:
    from queue import SimpleQueue

Result = TypeVar("Result")

_Job = Callable[[], None]


class Background(QObject):
    """A few threads that read files for the window, started when first needed.

    They are daemons: a read that hangs on a dead network folder holds up neither the window nor its end.
    """

    _finished = Signal(object)

    def __init__(self, parent: QObject | None = None, *, threads: int = 2) -> None:
        super().__init__(parent)
        self._jobs: SimpleQueue[_Job | None] | None = None
        self._count = threads
        self._closed = False
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], None],
        failed: Callable[[PlugdeckError], None] | None = None,
    ) -> None:
        """Runs ``work`` on a thread, then ``then`` with its result, or ``failed`` with its error, on this one."""
        if self._jobs is None:
            self._jobs = self._start()
        self._jobs.put(lambda: self._work(work, then, failed))

    def close(self) -> None:
        """Delivers nothing any more; threads that still work are left to the process's end."""
        self._closed = True
        if self._jobs is not None:
            for _ in range(self._count):
                self._jobs.put(None)

    def _start(self) -> SimpleQueue[_Job | None]:
        from queue import SimpleQueue  # not before the window is shown

        jobs: SimpleQueue[_Job | None] = SimpleQueue()
        for _ in range(self._count):
            _start_thread(jobs)
        return jobs

    def _work(
        self,
        work: Callable[[], Result],
        then: Callable[[Result], None],
        failed: Callable[[PlugdeckError], None] | None,
    ) -> None:
        try:
            result = work()
        except PlugdeckError as error:
            # The name of an except clause is unbound at its end: keep the error for later.
            problem = error
            self._finish(lambda: failed(problem) if failed else None)
        except OSError as error:
            told = PlugdeckError(f"{error.filename or 'A file'}: {error.strerror or error}.")
            self._finish(lambda: failed(told) if failed else None)
        else:
            self._finish(lambda: then(result))

    def _finish(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            with suppress(RuntimeError):  # the window may be gone by now
                self._finished.emit(deliver)

    def _deliver(self, deliver: Callable[[], None]) -> None:
        if not self._closed:
            deliver()


def _serve(jobs: SimpleQueue[_Job | None]) -> None:
    try:
        while (job := jobs.get()) is not None:
            job()
    except BaseException:
        # What nobody foresaw is told by the thread that ends of it; another one takes its place.
        _start_thread(jobs)
        raise


def _start_thread(jobs: SimpleQueue[_Job | None]) -> None:
    from threading import Thread

    Thread(target=_serve, args=(jobs,), name="plugdeck-window", daemon=True).start()
