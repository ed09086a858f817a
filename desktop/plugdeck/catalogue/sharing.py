"""A scan's work in two processes: each takes the next piece of the list when it is done with the one before."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

PIECE = 100
"""Files that are taken at once: they lie beside each other, and mostly need the same libraries."""
_WORTH_SHARING = 4 * PIECE
_NUMBER_BYTES = 4


class Sharing:
    """A list of paths, of which each is given to one of the processes; and their turns at what they share."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._numbers = os.memfd_create("scan")  # the place where it is read next is the same for both processes
        os.write(self._numbers, b"".join(at.to_bytes(_NUMBER_BYTES) for at in range(0, len(paths), PIECE)))
        os.lseek(self._numbers, 0, os.SEEK_SET)

    @property
    def is_worthwhile(self) -> bool:
        """Whether a second process has work and a processor."""
        return len(self._paths) >= _WORTH_SHARING and len(os.sched_getaffinity(0)) > 1

    def mine(self) -> Iterator[str]:
        """The paths that are for the process that asks, until none is left for anyone."""
        while (start := self._next()) is not None:
            yield from self._paths[start : start + PIECE]

    def _next(self) -> int | None:
        with self.turn():
            number = os.read(self._numbers, _NUMBER_BYTES)
        return int.from_bytes(number) if number else None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While the block runs the other process has to wait; the system ends the block with the process."""
        fcntl.lockf(self._numbers, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._numbers, fcntl.LOCK_UN)


class Helper:
    """The second process: a fork of this one, which has what was imported and listed so far."""

    def __init__(self, work: Callable[[], None]) -> None:
        sys.stdout.flush()
        self._process = os.fork()
        if not self._process:
            _work_and_end(work)

    def wait(self) -> None:
        """Returns when all its work is done.

        Raises:
            SystemExit: it died before that.
        """
        _, status = os.waitpid(self._process, 0)
        if status:
            code = os.waitstatus_to_exitcode(status)
            raise SystemExit(f"its second process {f'died of signal {-code}' if code < 0 else 'failed'}")


def _work_and_end(work: Callable[[], None]) -> None:
    code = 1
    try:
        work()
        code = 0
    except BrokenPipeError:
        code = 0  # nobody listens any more
    except Exception:  # noqa: BLE001 - it is told where all failures of a process are, and nothing runs after it
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)
