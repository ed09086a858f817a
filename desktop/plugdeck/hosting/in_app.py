"""Plugins in this process: the hosting mode ``in-app``, as Go's plugin package does it.

Nothing stands between such a plugin and the window: a crash ends both, a hang stops whoever called, and its code
stays until this process ends. So it has to stand a trial in a worker first, and is noted on disk before it is opened:
after a crash it is named, and refused until the user lifts that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from time import perf_counter

from plugdeck.dialects.manifest import Manifest
from plugdeck.dialects.sdk.bind import BoundTransform
from plugdeck.errors import OpenError, PlugdeckError
from plugdeck.hosting.channel import Cancelled
from plugdeck.hosting.fingerprint import fingerprint
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.in_app_admission import Owner, check_allowed, check_history, try_in_worker
from plugdeck.hosting.in_app_copies import OF_THIS_PROCESS
from plugdeck.hosting.in_app_journal import InAppJournal, JournalEntry
from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState
from plugdeck.hosting.plugin_log import LogLevel, LogSource, PluginLog
from plugdeck.hosting.plugin_opening import open_transform
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Tier
from plugdeck.hosting.sandbox.linked_files import linked_files
from plugdeck.hosting.sandbox.sealed_copy import SealedCopy, sealed_copy
from plugdeck.hosting.standing import LOADING, refusal_of
from plugdeck.hosting.wanted_confinement import is_opened_in_place
from plugdeck.listeners import Listeners

_LOOK_AGAIN = "Look at what the file is now."
_CHANGED = "its file changed while it was opened, so it is not known which bytes are inside Plugdeck now"


class InAppPlugin:
    """What ``HostedPlugin`` is, without a process of its own. Calls to one plugin take turns."""

    pid: int | None = None
    confinement_words = Tier.LIMITED.words
    denied: tuple[str, ...] = ()

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        owner: Owner,
        *,
        approval: Approval = NO_APPROVAL_NEEDED,
        journal: InAppJournal | None = None,
    ) -> None:
        """Opens nothing. Without a ``journal`` there is neither a trial nor a note: for what was tried already."""
        self.path = path
        self.manifest = manifest
        self.log = PluginLog()
        self.last_milliseconds: float | None = None
        self.approval = approval
        self.sha256 = ""
        self._owner = owner
        self._journal = journal
        self._entry: JournalEntry | None = None
        self._turn = RLock()
        self._bound: BoundTransform | None = None
        self._outcome: Outcome | None = None
        self._cancelled: Cancelled | None = None
        self._listeners: Listeners[()] = Listeners()

    @property
    def state(self) -> PluginState:
        """``loaded`` or ``not loaded``: there is no process that could end alone."""
        return PluginState.LOADED if self._bound else PluginState.NOT_LOADED

    @property
    def outcome(self) -> Outcome | None:
        """Why it was refused."""
        return self._outcome

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after every change of state; the function returned ends it."""
        return self._listeners.add(callback)

    def start(self) -> None:
        """Loads the plugin into this process. Raises HostError when it is refused."""
        with self._turn:
            if self._bound:
                return
            try:
                self._bound = self._open_noted()
                self._outcome = None
            except HostError as failure:
                self._outcome = failure.outcome
                raise
            except PlugdeckError as failure:
                self._outcome = refusal_of(failure, LOADING)
                raise HostError(self._outcome, self.manifest.name) from failure
            finally:
                self._listeners.notify()

    def stop(self) -> None:
        """No more calls. The code and its variables stay in this process."""
        with self._turn:
            self._bound = None
        self._listeners.notify()

    def restart(self) -> None:
        """``stop`` and ``start``: the same code with the same variables."""
        self.stop()
        self.start()

    def transform(self, source: Frame, *, scale: float = 1.0, cancelled: Cancelled | None = None) -> Frame:
        """Runs the transform over ``source``; see ``HostedPlugin.transform``. There is no deadline here."""
        with self._turn, source.pinned() as memory:
            bound = self._loaded()
            frame, target = self._owner.frames.take(source.layout)
            self._cancelled = cancelled
            began = perf_counter()
            try:
                with self._noted("Transform"):
                    bound.transform(memory.view(), target, source.layout, scale)
            except BaseException:
                frame.release()
                raise
            finally:
                self._cancelled = None
            self.last_milliseconds = (perf_counter() - began) * 1000
            return frame

    def read(self, name: str) -> int | float:
        """The value of one of the plugin's variables."""
        with self._turn, self._noted(f"reading {name}"):
            return self._loaded().read(name)

    def write(self, name: str, value: float) -> None:
        """Writes one of the plugin's variables."""
        with self._turn, self._noted(f"writing {name}"):
            self._loaded().write(name, value)

    def call(self, symbol: str, *arguments: object) -> object:
        """Calls an exported function by its declared type."""
        with self._turn, self._noted(symbol):
            return self._loaded().call(symbol, *arguments)

    def _open_noted(self) -> BoundTransform:
        """Opens it when it may be, after a trial, with a note on disk: all of the same bytes. Raises PlugdeckError."""
        with sealed_copy(self.path) as copy:
            check_allowed(self.path, copy.sha256, self.approval)
            self.sha256 = copy.sha256
            if self._journal and (self._entry is None or self._entry.sha256 != copy.sha256):
                self._entry = self._admit(copy.sha256, self._journal)
            with self._noted(LOADING):
                return self._open(copy)

    def _admit(self, sha256: str, journal: InAppJournal) -> JournalEntry:
        check_history(self.path, sha256, journal)
        try_in_worker(self.path, self.manifest, replace(self.approval, sha256=sha256), self._owner)
        return journal.begin(sha256, self.manifest.name, LOADING)

    @contextmanager
    def _noted(self, doing: str) -> Iterator[None]:
        """What the plugin does is on record for the length of a block."""
        if self._entry:
            self._entry.enter(doing)
        try:
            yield
        finally:
            if self._entry:
                self._entry.leave()

    def _open(self, copy: SealedCopy) -> BoundTransform:
        """Opens the copy; the file itself only where it has to lie at its own place."""
        if not is_opened_in_place(self.path, linked_files(self.path), self.approval):
            return self._bind(OF_THIS_PROCESS.file_of(self.path, copy))
        if not copy.is_still_at(self.path):
            raise OpenError(self.path, "its file has changed since it was tried", remedy=_LOOK_AGAIN)
        remedy = f"Close Plugdeck and start it again. {_LOOK_AGAIN}"
        with copy.kept_at(self.path, lambda: OpenError(self.path, _CHANGED, remedy=remedy)):
            return self._bind(self.path)

    def _bind(self, file: str | Path) -> BoundTransform:
        expected = fingerprint(self.manifest)
        return open_transform(file, self.path, expected, log=self._add_line, cancelled=self._is_cancelled)

    def _add_line(self, level: int, line: str) -> None:
        self.log.add(LogSource.PLUGIN, LogLevel(level), line)

    def _is_cancelled(self) -> bool:
        cancelled = self._cancelled
        return cancelled is not None and cancelled()

    def _loaded(self) -> BoundTransform:
        if self._bound is None:
            outcome = self._outcome or Outcome(Ending.NOT_STARTED, LOADING, message="Load it first.")
            raise HostError(outcome, self.manifest.name)
        return self._bound
