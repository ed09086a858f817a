"""The user's decisions, kept by the hash of a file's bytes: what may run, with which permissions, and what may not.

A file of lines beside the plugin folder, read again whenever another instance of Plugdeck has written it. Rejected: the
settings (TOML of ten thousand decisions takes seconds to read), a database (damage to one page loses all, and what a
full disk or a read-only folder leaves of a decision is its author's to choose).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from time import time

from plugdeck import paths
from plugdeck.atomic_file import alone_in, keep_aside, replace_file
from plugdeck.hosting.sandbox.confinement import Approval, Permissions, Tier
from plugdeck.listeners import Listeners
from plugdeck.trust.authors import Authors
from plugdeck.trust.decision import MOST_CHARACTERS, Decision
from plugdeck.trust.decisions_file import Decisions, NewerFormatError, check_line, decisions_to_bytes, read_decisions
from plugdeck.trust.signatures import read_signature

FILE_NAME = "decisions.jsonl"

_Mark = tuple[int, int, int, int] | None


class TrustRecords:
    """What the user decided. Every method may be called from any thread, and never raises for the state of the file.

    A damaged file is kept aside. What cannot be written holds until this process ends; ``notice`` then says so.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Reads nothing yet; ``path`` is the file, the user's own by default."""
        self.path = path or paths.data_folder() / FILE_NAME
        self._lock = RLock()
        self._listeners: Listeners[()] = Listeners()
        self._decisions: Decisions = {}
        self._unsaved: dict[str, Decision | None] = {}
        self._mark: _Mark = None
        self._unwritable = ""
        self._damage = ""
        self._problem = ""
        self._is_alone = False

    @property
    def notice(self) -> str:
        """A sentence for the user when the file could not be read or written; empty when all is well."""
        with self._lock:
            return " ".join(filter(None, (self._damage, self._unwritable or self._problem)))

    @property
    def is_saved(self) -> bool:
        """Whether another start of Plugdeck will know all that was decided here."""
        with self._lock:
            return not self._unsaved

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back, on any thread, after a decision, and when another instance's was found; the function returned
        ends it."""
        return self._listeners.add(callback)

    def refresh(self) -> None:
        """Looks whether another instance decided anything; every question does so too."""
        with self._lock:
            is_changed = self._read_again()
        if is_changed:
            self._listeners.notify()

    def decisions(self) -> tuple[Decision, ...]:
        """Every decision, the latest first."""
        self.refresh()
        with self._lock:
            return tuple(reversed(self._decisions.values()))

    def decision(self, sha256: str) -> Decision | None:
        """The one about these bytes, or None."""
        self.refresh()
        with self._lock:
            return self._decisions.get(sha256)

    def approval(self, sha256: str) -> Approval | None:
        """What the user allowed these bytes; None when he did not, or while they are in quarantine."""
        known = self.decision(sha256)
        return known.approval if known and not known.quarantine else None

    def quarantined(self, sha256: str) -> str:
        """Why these bytes are kept from running; empty when they are not."""
        known = self.decision(sha256)
        return known.quarantine if known else ""

    def earlier(self, path: Path, sha256: str) -> Decision | None:
        """The latest decision that allowed other bytes at this path, or None."""
        place = os.path.abspath(path)
        known = self.decisions()
        return next((each for each in known if each.path == place and each.approval and each.sha256 != sha256), None)

    def allow(
        self,
        sha256: str,
        *,
        name: str,
        path: Path,
        permissions: Permissions,
        lowest_tier: Tier,
    ) -> None:
        """The user said yes to these bytes, which ends their quarantine. Who vouches for them is noted too."""
        approval = Approval(permissions, sha256, lowest_tier)
        signature = read_signature(path, sha256, Authors())
        signed_by = signature.key if signature.is_verified else ""
        decision = Decision(sha256, _cut(name), os.path.abspath(path), _now(), approval, signed_by)
        self._change(sha256, lambda _: decision)

    def change_permissions(self, sha256: str, permissions: Permissions) -> None:
        """Other permissions for bytes that are allowed; nothing happens when they are not."""

        def changed(known: Decision | None) -> Decision | None:
            if known is None or known.approval is None:
                return known
            return replace(known, decided=_now(), approval=replace(known.approval, permissions=permissions))

        self._change(sha256, changed)

    def withdraw(self, sha256: str) -> None:
        """Takes the yes back, so that the user is asked again; a quarantine stays."""
        self._change(sha256, lambda known: replace(known, approval=None) if known else None)

    def quarantine(self, sha256: str, name: str, reason: str) -> None:
        """Keeps these bytes from running until the user lifts it; ``reason`` is a sentence."""

        def changed(known: Decision | None) -> Decision:
            before = known or Decision(sha256, _cut(name), "", 0)
            return replace(before, decided=_now(), quarantine=_cut(reason) or "It was kept off.")

        self._change(sha256, changed)

    def lift(self, sha256: str) -> None:
        """Ends the quarantine: what was allowed before it is allowed again."""
        self._change(sha256, lambda known: replace(known, quarantine="") if known else None)

    def _change(self, sha256: str, work: Callable[[Decision | None], Decision | None]) -> None:
        with self._lock:
            is_changed = False
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with self._alone():
                    is_changed = self._decide(sha256, work)
                    if is_changed or self._unsaved:
                        self._write()
                self._problem = ""
            except OSError as error:
                is_changed = is_changed or self._decide(sha256, work)
                self._problem = _not_saved(self.path, error)
        if is_changed:
            self._listeners.notify()

    def _decide(self, sha256: str, work: Callable[[Decision | None], Decision | None]) -> bool:
        """Notes the new decision on top of what is on disk now; whether anything changed."""
        is_changed = self._read_again()
        before = self._decisions.get(sha256)
        after = work(before)
        if after == before:
            return is_changed
        if after:
            check_line(after)
        self._unsaved.pop(sha256, None)
        self._unsaved[sha256] = after if after and after.is_in_force else None
        _put(self._decisions, self._unsaved)
        return True

    def _write(self) -> None:
        if self._unwritable:
            return
        replace_file(self.path, decisions_to_bytes(self._decisions.values()))
        self._unsaved.clear()
        self._mark = _mark_of(self.path)

    def _read_again(self) -> bool:
        """Reads the file when it is another than last time; whether it was."""
        mark = _mark_of(self.path)
        if mark == self._mark:
            return False
        self._mark, self._unwritable = mark, ""
        self._decisions = self._read()
        _put(self._decisions, self._unsaved)
        return True

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


def _put(decisions: Decisions, changes: dict[str, Decision | None]) -> None:
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


def _cut(text: str) -> str:
    return text[:MOST_CHARACTERS]


def _now() -> int:
    return int(time())


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
