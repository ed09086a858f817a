"""The file of decisions as one instance uses it: read again whenever another one has written it, and written whole.

Rejected: the settings (TOML of ten thousand decisions takes seconds to read), a database (damage to one page loses all,
and what a full disk or a read-only folder leaves of a decision is its author's to choose).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from plugdeck.atomic_file import alone_in, keep_aside, replace_file
from plugdeck.trust.decision import Decision
from plugdeck.trust.decisions_file import Decisions, NewerFormatError, check_line, decisions_to_bytes, read_decisions

Changes = dict[str, Decision | None]
"""By hash: what is decided from now on, or None where nothing is."""

_Mark = tuple[int, int, int, int] | None


class DecisionStore:
    """Any thread; never raises for the state of the file.

    A damaged file is kept aside. What cannot be written holds until this process ends.
    """

    def __init__(self, path: Path) -> None:
        """Reads nothing yet."""
        self.path = path
        self._lock = RLock()
        self._decisions: Decisions = {}
        self._unsaved: Changes = {}
        self._mark: _Mark = None
        self._unwritable = ""
        self._damage = ""
        self._problem = ""
        self._is_alone = False

    @property
    def notice(self) -> str:
        """Sentences for the user when the file could not be read or written; empty when all is well."""
        with self._lock:
            return " ".join(filter(None, (self._damage, self._unwritable or self._problem)))

    @property
    def is_saved(self) -> bool:
        """Whether all that was decided here is on disk."""
        with self._lock:
            return not self._unsaved

    @property
    def unsaved_notice(self) -> str:
        """Why something that was decided here is not on disk, as a sentence; empty when all is."""
        with self._lock:
            return (self._unwritable or self._problem) if self._unsaved else ""

    def all(self) -> tuple[Decision, ...]:
        """Every decision as it was read last, the latest first."""
        with self._lock:
            return tuple(reversed(self._decisions.values()))

    def find(self, sha256: str) -> Decision | None:
        """The one about these bytes as it was read last, or None."""
        with self._lock:
            return self._decisions.get(sha256)

    def read_again(self) -> bool:
        """Reads the file when it is another than last time; whether it was."""
        with self._lock:
            mark = _mark_of(self.path)
            if mark == self._mark:
                return False
            self._mark, self._unwritable = mark, ""
            self._decisions = self._read()
            _put(self._decisions, self._unsaved)
            return True

    def change(self, work: Callable[[Decisions], Changes]) -> bool:
        """Makes the changes that ``work`` wants of the decisions as they are on disk now; whether anything changed.

        Raises:
            PlugdeckError, ValueError: one of them is nothing that can be kept; see ``check_line``.
        """
        with self._lock:
            is_changed = False
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with self._alone():
                    is_changed = self._decide(work)
                    if is_changed or self._unsaved:
                        self._write()
                self._problem = ""
            except OSError as error:
                is_changed = is_changed or self._decide(work)
                self._problem = _not_saved(self.path, error)
            return is_changed

    def _decide(self, work: Callable[[Decisions], Changes]) -> bool:
        is_changed = self.read_again()
        wanted = work(self._decisions)
        news = {sha256: after for sha256, after in wanted.items() if after != self._decisions.get(sha256)}
        for decision in filter(None, news.values()):
            check_line(decision)
        for sha256, after in news.items():
            self._unsaved.pop(sha256, None)
            self._unsaved[sha256] = after if after and after.is_in_force else None
        _put(self._decisions, self._unsaved)
        return is_changed or bool(news)

    def _write(self) -> None:
        if self._unwritable:
            return
        replace_file(self.path, decisions_to_bytes(self._decisions.values()))
        self._unsaved.clear()
        self._mark = _mark_of(self.path)

    def _read(self) -> Decisions:
        try:
            return read_decisions(self.path)
        except FileNotFoundError:
            return {}
        except OSError as error:
            self._unwritable = _not_read(self.path, error.strerror or str(error))
        except NewerFormatError:
            self._unwritable = _not_read(self.path, "a newer Plugdeck wrote it")
        except ValueError as error:
            return self._keep_aside(str(error))
        return {}

    def _keep_aside(self, reason: str) -> Decisions:
        """Moves the damaged file away, unless another instance has done so and written a good one meanwhile."""
        try:
            with self._alone():
                self._mark = _mark_of(self.path)
                with suppress(FileNotFoundError, ValueError):
                    return read_decisions(self.path)
                kept = keep_aside(self.path)
        except FileNotFoundError:
            return {}
        except OSError:
            self._unwritable = _not_read(self.path, f"it is damaged: {reason}")
            return {}
        self._mark = None
        self._damage = (
            f"The record of the plugins that you allowed was damaged ({reason}): you will be asked again. "
            f"The old file is kept as {kept}."
        )
        return {}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Without another instance that writes. Raises OSError."""
        if self._is_alone:
            yield
            return
        with alone_in(self.path.parent):
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False


def _put(decisions: Decisions, changes: Changes) -> None:
    """Makes the changes; what was decided last comes last."""
    for sha256, decision in changes.items():
        decisions.pop(sha256, None)
        if decision:
            decisions[sha256] = decision


def _mark_of(path: Path) -> _Mark:
    """Differs when the file, or the right to read it, has changed; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _not_read(path: Path, reason: str) -> str:
    return (
        f"The record of the plugins that you allowed could not be read from {path} ({reason}): "
        "you will be asked again, and answers hold until Plugdeck is closed."
    )


def _not_saved(path: Path, error: OSError) -> str:
    return (
        f"What you decided could not be saved in {path} ({error.strerror or error}): it holds until Plugdeck is "
        "closed. Free some space, or make the folder writable."
    )
