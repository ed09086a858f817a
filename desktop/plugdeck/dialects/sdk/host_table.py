"""The table of functions that a host offers to an SDK plugin (``pd_host`` of ``plugdeck.h``)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import local
from types import TracebackType
from typing import Any

from plugdeck.runtime.native import constants, ffi

Log = Callable[[int, str], None]
"""Takes a level (``PD_LOG_…``: 0 debug to 3 error) and a line of the plugin's log."""
Progress = Callable[[float], None]
"""Takes how far the current call is, from 0 to 1."""
Cancelled = Callable[[], bool]
"""Whether the current call's result is no longer wanted."""

_MESSAGE_LIMIT = 4096


@dataclass(slots=True)
class Call:
    """One call into the plugin, and what it said when it failed."""

    message: str = ""
    interruption: BaseException | None = None
    """Ctrl+C during a callback: kept until the plugin has returned, since C cannot pass it on."""


class HostTable:
    """The C table and the callbacks behind it; the plugin may use them on any thread until the process ends.

    Its owner keeps it for as long as the plugin's code, which is for ever.
    """

    def __init__(self, plugin_path: Path) -> None:
        self._running = local()
        self._last = Call()
        self._log: Log = lambda _level, _line: None
        self._progress: Progress = lambda _done: None
        self._cancelled: Cancelled = lambda: False
        self._kept = self._members(plugin_path)
        self.pointer: Any = ffi.new("pd_host *", self._kept)
        """The ``const pd_host *`` for ``Init``."""

    def connect(self, log: Log, progress: Progress, cancelled: Cancelled) -> None:
        """From now on the plugin's calls lead there."""
        self._log, self._progress, self._cancelled = log, progress, cancelled

    @contextmanager
    def call(self) -> Iterator[Call]:
        """While the block runs, a failure that the plugin reports on this thread is this call's."""
        self._running.call = self._last = call = Call()
        try:
            yield call
        finally:
            self._running.call = None
        if call.interruption:
            raise call.interruption

    def _members(self, plugin_path: Path) -> dict[str, Any]:
        return {
            "size": ffi.sizeof("pd_host"),
            "abi_major": constants.PD_ABI_MAJOR,
            "abi_minor": constants.PD_ABI_MINOR,
            "log": self._callback("void(*)(const pd_host *, int, const char *)", self._on_log),
            "progress": self._callback("void(*)(const pd_host *, double)", self._on_progress),
            "cancelled": self._callback("int(*)(const pd_host *)", self._on_cancelled),
            "fail": self._callback("void(*)(const pd_host *, const char *)", self._on_fail),
            "plugin_path": ffi.new("char[]", os.fsencode(plugin_path)),
        }

    def _callback(self, c_type: str, function: Callable[..., Any]) -> Any:
        """A C function that never lets a Python exception out; the plugin gets 0 instead."""
        return ffi.callback(c_type, function, onerror=self._on_error)

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType) -> None:
        if isinstance(error, Exception):
            import logging  # only to tell of an error: every worker starts with this module

            logging.getLogger(__name__).error("A callback for a plugin failed.", exc_info=(kind, error, trace))
        else:
            self._call().interruption = error

    def _call(self) -> Call:
        """The call on this thread. A plugin's own thread has none: what it says belongs to the one begun last."""
        return getattr(self._running, "call", None) or self._last

    def _on_log(self, _host: Any, level: int, message: Any) -> None:
        self._log(min(max(level, constants.PD_LOG_DEBUG), constants.PD_LOG_ERROR), _text(message))

    def _on_progress(self, _host: Any, done: float) -> None:
        if done == done:  # noqa: PLR0124 - not for NaN
            self._progress(min(max(done, 0.0), 1.0))

    def _on_cancelled(self, _host: Any) -> int:
        return int(bool(self._call().interruption) or self._cancelled())

    def _on_fail(self, _host: Any, message: Any) -> None:
        self._call().message = _text(message)


def _text(message: Any) -> str:
    """The plugin's words, cut to a bound; NULL is no word."""
    if not message:
        return ""
    return ffi.string(message, _MESSAGE_LIMIT).decode("utf-8", errors="replace")  # type: ignore[no-any-return]
