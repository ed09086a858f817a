"""The pipes of one worker: read by the watcher while it lives, and to the end when it dies."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from plugdeck.hosting.output import Budget, LeftOut, LogReader, PipeReader
from plugdeck.hosting.plugin_log import LogLevel, LogSource
from plugdeck.hosting.watcher import Watcher

_TAIL_LINES = 20
_TAIL_CHARACTERS = 2000


class LogSink(Protocol):
    """Who keeps what a worker's plugins write and say. Any thread."""

    def add_output(self, source: LogSource, level: LogLevel, text: str) -> None:
        """A line of the process as a whole."""

    def add_logged(self, slot: int, level: LogLevel, text: str) -> None:
        """A line of one of its plugins."""


class ProcessOutput:
    """Standard output, standard error and the log socket of one worker."""

    def __init__(
        self,
        watcher: Watcher,
        sink: LogSink,
        pipes: tuple[int, int],
        log_channel: socket.socket,
        on_flood: Callable[[], None],
    ) -> None:
        """Takes over our ends: the descriptors of standard output's and standard error's pipes, and a socket.

        ``on_flood`` is called when so much was thrown away that the process had better be ended.
        """
        self._watcher = watcher
        self._sink = sink
        self._log_channel = log_channel
        self._lock = Lock()
        self._closed = False
        self._stderr: deque[str] = deque(maxlen=_TAIL_LINES)
        self._ours = pipes
        self._on_flood = on_flood
        self._left_out = LeftOut()
        budget = Budget()
        self._readers = (
            PipeReader(pipes[0], LogSource.STDOUT, self._add, budget, self._left_out),
            PipeReader(pipes[1], LogSource.STDERR, self._add, budget, self._left_out),
        )
        self._log_reader = LogReader(log_channel.recv, sink.add_logged, self._add, self._left_out)

    @property
    def left_out_bytes(self) -> int:
        """How much was thrown away unread."""
        return self._left_out.total_bytes

    def begin(self) -> None:
        """Reads from now on, on the watcher's thread."""
        self._log_channel.setblocking(False)
        for descriptor, reader in zip(self._ours, self._readers, strict=True):
            os.set_blocking(descriptor, False)
            self._watcher.watch(descriptor, self._guarded(descriptor, reader.read))
        self._watcher.watch(
            self._log_channel.fileno(), self._guarded(self._log_channel.fileno(), self._log_reader.read)
        )

    def end(self) -> str:
        """Reads what is left and closes everything; the last lines of standard error. Once."""
        with self._lock:
            if self._closed:
                return ""
            self._closed = True
            for descriptor in (*self._ours, self._log_channel.fileno()):
                self._watcher.forget(descriptor)
            for reader in (self._log_reader, *self._readers):
                reader.read()
                reader.flush(last=True)
            for descriptor in self._ours:
                os.close(descriptor)
            self._log_channel.close()
            return "\n".join(self._stderr)[-_TAIL_CHARACTERS:]

    def _add(self, source: LogSource, level: LogLevel, text: str) -> None:
        if source is LogSource.STDERR:
            self._stderr.append(text)
        self._sink.add_output(source, level, text)

    def _guarded(self, descriptor: int, read: Callable[[], bool]) -> Callable[[], None]:
        def handle() -> None:
            with self._lock:
                if self._closed:
                    return
                if not read():
                    self._watcher.forget(descriptor)
                if self._holds():
                    self._watcher.tick(self._flush)
            if self._left_out.is_flood:
                self._on_flood()

        return handle

    def _flush(self) -> bool:
        """A quiet moment after a flood: parses what was held back."""
        with self._lock:
            if self._closed:
                return False
            for reader in (self._log_reader, *self._readers):
                reader.flush()
            return self._holds()

    def _holds(self) -> bool:
        return any(reader.holds for reader in (self._log_reader, *self._readers))
