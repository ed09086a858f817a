"""A turn with a worker, in which nobody else asks it for anything."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugdeck.hosting.worker_process import WorkerProcess


class Session:
    """A turn with a process, for the length of a block; turns of one thread may lie within each other."""

    __slots__ = ("_begin", "_during", "_outer", "_process")

    def __init__(self, process: WorkerProcess, during: str, begin: Callable[[], None]) -> None:
        self._process = process
        self._during = during
        self._begin = begin

    def __enter__(self) -> WorkerProcess:
        self._outer = self._process.begin_session(self._during, self._begin)
        return self._process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end_session(self._outer, error)
