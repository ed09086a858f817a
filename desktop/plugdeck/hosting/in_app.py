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
from plugdeck.dialects.opening import manifest_of, open_plugin
from plugdeck.dialects.sdk.bind import BoundTransform, bind
from plugdeck.errors import OpenError, PlugdeckError
from plugdeck.hosting.channel import Cancelled
from plugdeck.hosting.fingerprint import fingerprint
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.in_app_admission import Owner, approved_sha256, check_history, try_in_worker
from plugdeck.hosting.in_app_journal import InAppJournal, JournalEntry
from plugdeck.hosting.outcome import Ending, HostError, Outcome, PluginState
from plugdeck.hosting.plugin_log import LogLevel, LogSource, PluginLog
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Tier
from plugdeck.listeners import Listeners

_LOADING = "loading"


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
                reason = failure.reason if isinstance(failure, OpenError) else str(failure)
                message = f"{reason.rstrip('.')}. {failure.remedy}".strip()
                self._outcome = Outcome(Ending.REFUSED, _LOADING, message=message)
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
        """Opens it when it may be, after a trial, with a note on disk. Raises PlugdeckError."""
        self.sha256 = approved_sha256(self.path, self.approval)
        if self._journal and self._entry is None:
            check_history(self.path, self.sha256, self._journal)
            approval = replace(self.approval, sha256=self.sha256)
            try_in_worker(self.path, self.manifest, approval, self._owner)
            approved_sha256(self.path, approval)  # once more: a plugin that may write there could put others in place
            self._entry = self._journal.begin(self.sha256, self.manifest.name, _LOADING)
        with self._noted(_LOADING):
            return self._open()

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

    def _open(self) -> BoundTransform:
        plugin = open_plugin(self.path)
        manifest = manifest_of(plugin)
        if fingerprint(manifest) != fingerprint(self.manifest):
            raise OpenError(self.path, "the file has changed since it was read", remedy="Look at what it is now.")
        return bind(plugin, manifest, log=self._add_line, progress=lambda _: None, cancelled=self._is_cancelled)

    def _add_line(self, level: int, line: str) -> None:
        self.log.add(LogSource.PLUGIN, LogLevel(level), line)

    def _is_cancelled(self) -> bool:
        cancelled = self._cancelled
        return cancelled is not None and cancelled()

    def _loaded(self) -> BoundTransform:
        if self._bound is None:
            outcome = self._outcome or Outcome(Ending.NOT_STARTED, _LOADING, message="Load it first.")
            raise HostError(outcome, self.manifest.name)
        return self._bound
