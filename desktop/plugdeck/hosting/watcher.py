"""One thread that starts processes and sees what happens to them between calls: output, and death.

Workers ask the kernel to be killed when the *thread* that started them ends (prctl(2), PR_SET_PDEATHSIG), so all are
started by this one, which lives as long as its supervisor.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

# How often ``on_tick`` is called while it asks to be called again.
_TICK_S = 0.25


class Watcher:
    """Calls a handler when a descriptor becomes readable, and runs work on its thread.

    A handler may be called once more than its descriptor was ready, and shortly after ``forget``: it must not block,
    and must stand descriptors that are closed.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._handlers: dict[int, Callable[[], None]] = {}
        self._work: deque[Callable[[], None]] = deque()
        self._ticking: set[Callable[[], bool]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="plugdeck-watcher", daemon=True)
        self._thread.start()

    def watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        """Calls ``handler`` on the watcher's thread while the descriptor is readable or hung up."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._handlers[descriptor] = handler

    def forget(self, descriptor: int) -> None:
        """Ends that; before the descriptor is closed."""
        if self._handlers.pop(descriptor, None) is not None and not self._epoll.closed:
            self._epoll.unregister(descriptor)

    def tick(self, handler: Callable[[], bool]) -> None:
        """Calls ``handler`` a few times a second until it returns False; only on the watcher's thread."""
        self._ticking.add(handler)

    def run(self, work: Callable[[], Result]) -> Result:
        """What ``work`` returns or raises, run on the watcher's thread."""
        if threading.current_thread() is self._thread:
            return work()
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the watcher is closed")
            self._work.append(lambda: _settle(future, work))
            os.eventfd_write(self._wake, 1)
        return future.result()

    def close(self) -> None:
        """Ends the thread. Workers that are still there are killed by the kernel."""
        with self._lock:
            self._closed = True
            os.eventfd_write(self._wake, 1)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._epoll.close()
        os.close(self._wake)

    def _loop(self) -> None:
        while not self._closed:
            for descriptor, _ in self._epoll.poll(_TICK_S if self._ticking else None):
                handler = self._drain if descriptor == self._wake else self._handlers.get(descriptor)
                if handler is not None:
                    _guarded(handler)
            for tick in list(self._ticking):
                if not tick():
                    self._ticking.discard(tick)
        self._drain()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        while self._work:
            self._work.popleft()()


def _settle(future: Future[Result], work: Callable[[], Result]) -> None:
    try:
        future.set_result(work())
    except BaseException as failure:  # noqa: BLE001 - it is raised again where the result is awaited
        future.set_exception(failure)


def _guarded(handler: Callable[[], None]) -> None:
    """A listener that fails must not end the thread: every worker would die with it."""
    try:
        handler()
    except Exception:  # noqa: BLE001 - the thread's top level; reported as an uncaught one is
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
