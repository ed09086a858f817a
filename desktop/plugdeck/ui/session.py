"""What comes back at the next start: the chain, the picture, and each plugin's own settings.

Everything is noted a moment after it changed and written off the GUI thread, so that it outlives a crash too. Nothing
is loaded by itself after a session that did not end properly: what was loaded then may be the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from plugdeck.binary import identity_of
from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.incoming import sha256_of
from plugdeck.catalogue.report import Report
from plugdeck.chain.step import StepView
from plugdeck.compat.finding import Severity
from plugdeck.errors import PlugdeckError, SettingsError
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.paths import sample_picture
from plugdeck.settings import Settings
from plugdeck.ui.main_window import MainWindow
from plugdeck.ui.notices import Notice
from plugdeck.ui.plugin_settings import PluginSettings, keep_settings, kept_settings, parse_settings, plain_settings
from plugdeck.ui.preferences import RESTORE_CHAIN

STEPS = "session.steps"
PICTURE = "session.picture"
RUNNING = "session.running"
"""Whether a window is open, or was when its process ended."""

_REST_MS = 800
_SETTLED = {PluginState.LOADED, PluginState.STALE}


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A step of the last session."""

    path: Path
    sha256: str
    """Of the bytes that were loaded; empty when nobody could tell."""
    enabled: bool
    settings: PluginSettings


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a step's file: a report on the same bytes as then, or why there is none."""

    step: KeptStep
    report: Report | None
    why_not: str = ""


class SessionMemory(QObject):
    """Notes how the window is used, and brings the last session back."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._settings = window.services.settings
        self._hashes: dict[FileIdentity, str] = {}
        self._kept = kept_steps(self._settings)
        self._waits_for_answer = False
        """The last session was offered, and neither taken nor replaced."""
        self._offer: Notice | None = None
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self.save)
        window.services.bridge.steps_changed.connect(self._timer.start)
        window.picture.picture_opened.connect(self._timer.start)
        window.shell.closing.connect(self.leave)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.commitDataRequest.connect(self._end_with_desktop)

    def begin(self) -> None:
        """Restores the last session if that is wanted, or offers it; opens the picture in any case."""
        was_cut_short = self._settings.get(RUNNING, False)
        self._settings.set(RUNNING, True)
        self._save_later()
        picture = self._settings.get(PICTURE, "")
        if not self._settings.get(RESTORE_CHAIN, False):
            self._window.picture.open_sample()
        elif was_cut_short and (self._kept or picture):
            self._window.picture.open_sample()
            self._make_offer()
        else:
            self._restore()

    def save(self) -> None:
        """Notes everything, and writes it on another thread."""
        self._note()
        self._save_later()

    def leave(self) -> None:
        """Notes everything for the save at the end; this was a proper one."""
        self._timer.stop()
        self._note()
        self._settings.set(RUNNING, self._waits_for_answer)

    # --- bringing it back

    def _restore(self) -> None:
        self._waits_for_answer = False
        background = self._window.services.background
        picture = self._settings.get(PICTURE, "")
        if picture:
            background.run(lambda: Path(picture).is_file(), lambda there: self._open_picture(Path(picture), there))
        elif self._window.picture.source is None:
            self._window.picture.open_sample()
        if self._kept:
            kept = self._kept
            background.run(lambda: [find(step) for step in kept], self._load)

    def _make_offer(self) -> None:
        self._waits_for_answer = True
        count = len(self._kept)
        what = f"{count} transform{'s' if count > 1 else ''}" if count else "picture"
        self._offer = self._window.notices.tell(
            f"Plugdeck did not end properly the last time, so the {what} of that session did not come back.",
            severity=Severity.WARNING,
            action=("Bring back", self._restore),
        )

    def _open_picture(self, path: Path, is_there: bool) -> None:
        if is_there:
            self._window.picture.open_picture(path)
            return
        self._window.notices.tell(f"The picture {path.name} is not there any more.", severity=Severity.WARNING)
        if self._window.picture.source is None:
            self._window.picture.open_sample()

    def _load(self, found: Sequence[Found]) -> None:
        left_out = []
        for each in found:
            if why_not := self._load_step(each):
                left_out.append(f"{each.step.path.name} ({why_not})")
        self._kept = []
        if left_out:
            self._window.notices.tell(
                f"Not loaded again: {', '.join(left_out)}. Their settings are kept.", severity=Severity.WARNING
            )

    def _load_step(self, found: Found) -> str:
        """Loads it, once the user has allowed it, or says why not."""
        step, loading, chain = found.step, self._window.loading, self._window.services.chain
        keep_settings(self._settings, step.path, step.settings)
        if found.report is None:
            return found.why_not
        if loading.why_not(report := found.report):
            return "does not fit here"

        def run(approval: Approval) -> None:
            values = dict(step.settings.values)
            if key := loading.load(report, approval, priority=step.settings.priority, values=values):
                chain.set_enabled(key, step.enabled)

        self._window.trust.asking.approve(report, run)
        return ""

    # --- noting

    def _note(self) -> None:
        steps = self._window.services.chain.steps()
        for step in steps:
            if step.state in _SETTLED:
                keep_settings(self._settings, step.path, PluginSettings(step.priority, step.values))
            self._hash(step)
        if steps or not self._kept:
            self._settings.set(STEPS, [self._plain(step) for step in steps])
        if steps:
            self._waits_for_answer = False
        if not self._waits_for_answer and self._window.picture.source is not None:
            picture = self._window.picture.loader.path
            self._settings.set(PICTURE, "" if picture in {None, sample_picture()} else str(picture))

    def _plain(self, step: StepView) -> dict[str, Any]:
        kept = {"path": str(step.path), "sha256": self._hash_known(step.path), "enabled": step.enabled}
        return kept | plain_settings(kept_settings(self._settings, step.path))

    def _hash(self, step: StepView) -> None:
        """Finds out, on another thread, which bytes a step runs."""
        report = self._window.loading.running(step.path)
        if report and report.facts and report.facts.identity not in self._hashes:
            identity = report.facts.identity
            self._hashes[identity] = ""
            self._window.services.background.run(
                lambda: hash_of(report), lambda sha256: self._take_hash(identity, sha256)
            )

    def _take_hash(self, identity: FileIdentity, sha256: str) -> None:
        self._hashes[identity] = sha256
        self._timer.start()

    def _hash_known(self, path: Path) -> str:
        report = self._window.loading.running(path)
        return self._hashes.get(report.facts.identity, "") if report and report.facts else ""

    def _save_later(self) -> None:
        self._window.services.background.run(self._settings.save, lambda _: None, self._tell_unsaved)

    def _tell_unsaved(self, error: PlugdeckError) -> None:
        self._window.notices.tell_error(error)

    def _end_with_desktop(self) -> None:
        """The desktop session ends: nobody may be there to close the window."""
        self.leave()
        try:
            self._settings.save()
        except SettingsError as error:
            self._tell_unsaved(error)


def kept_steps(settings: Settings) -> list[KeptStep]:
    """The steps of the last session; what was edited beyond recognition is left out."""
    entries: list[object] = settings.get(STEPS, [])
    return [step for step in map(_parse, entries) if step]


def find(step: KeptStep) -> Found:
    """Reads a step's file, never running it; blocks."""
    try:
        if not step.path.is_file():
            return Found(step, None, "not there any more")
        report = examine(step.path, symbols=False)
        is_same = bool(step.sha256) and hash_of(report) == step.sha256
    except (PlugdeckError, OSError, ValueError):
        return Found(step, None, "cannot be read")
    return Found(step, report) if is_same else Found(step, None, "has changed")


def hash_of(report: Report) -> str:
    """The SHA-256 of the bytes that a report is about; empty if the file holds others by now. Blocks."""
    sha256 = sha256_of(report.path)
    now, then = identity_of(report.path), report.facts.identity if report.facts else None
    is_same = then is not None and (now.inode, now.size_bytes, now.mtime_ns) == (
        then.inode,
        then.size_bytes,
        then.mtime_ns,
    )
    return sha256 if is_same else ""


def _parse(entry: object) -> KeptStep | None:
    match entry:
        case {"path": str(path), "sha256": str(sha256), "enabled": bool(enabled), **rest} if path and "\0" not in path:
            return KeptStep(Path(path), sha256, enabled, parse_settings(rest))
    return None
