"""What comes back at the next start: the chain, the picture, and each plugin's own settings.

Everything is noted a moment after it changed and written off the GUI thread, so that it outlives a crash too. Nothing
is loaded by itself after a session that did not end properly, nor in safe mode: what was loaded then may be the reason.
It stays kept until it is back, so nothing is lost by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.report import Report
from plugdeck.chain.admission import for_mode
from plugdeck.chain.step import StepView
from plugdeck.compat.finding import Severity
from plugdeck.compat.host_choice import WORKER
from plugdeck.errors import SettingsError
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.paths import sample_picture
from plugdeck.trust.content import sha256_of_report
from plugdeck.ui.kept_steps import STEPS, Found, KeptStep, find, kept_steps
from plugdeck.ui.main_window import MainWindow
from plugdeck.ui.plugin_settings import PluginSettings, keep_settings, kept_settings
from plugdeck.ui.preferences import RESTORE_CHAIN
from plugdeck.ui.safe_mode import SafeMode
from plugdeck.ui.services import Services

PICTURE = "session.picture"
RUNNING = "session.running"
"""Whether a window is open, or was when its process ended."""

_REST_MS = 800
_SETTLED = {PluginState.LOADED, PluginState.STALE}
_CUT_SHORT = "Plugdeck did not end properly the last time, so nothing was loaded: one of the plugins may be the reason."
_WISHED = "nothing was loaded, as you wished."


class SessionMemory(QObject):
    """Notes how the window is used, and brings the last session back."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._settings = window.services.settings
        self._hashes: dict[FileIdentity, str] = {}
        self._kept = kept_steps(self._settings)
        """What is not back in the chain yet; it stays kept until then."""
        self._waits_for_answer = False
        """The last session did not end properly, and the user has not said what is to become of it."""
        self._keeps_picture = False
        """The picture of the last session is not to be forgotten for the sample."""
        self._gives_way = False
        """The user wants nothing back: what is kept goes as soon as there is another chain."""
        self._is_over = False
        self.safe_mode = SafeMode(window.shell)
        self.safe_mode.all_wanted.connect(self._restore)
        self.safe_mode.one_by_one_wanted.connect(partial(self._bring_back, keep_off=True))
        self.safe_mode.dismissed.connect(self._take_answer)
        window.shell.messages.insertWidget(0, self.safe_mode.bar)
        self._timer = QTimer(self, interval=_REST_MS, singleShot=True)
        self._timer.timeout.connect(self.save)
        window.services.bridge.steps_changed.connect(self._timer.start)
        window.picture.picture_opened.connect(self._timer.start)
        window.shell.closing.connect(self.leave)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.commitDataRequest.connect(self._end_with_desktop)

    def begin(self, *, safe_mode: bool = False) -> None:
        """Restores the last session if that is wanted, or offers it; opens the picture in any case."""
        was_cut_short = self._settings.get(RUNNING, False)
        if was_cut_short:
            self._window.hosting.name_crashes()
        self._settings.set(RUNNING, True)
        self._window.saving.save()
        is_wanted = self._settings.get(RESTORE_CHAIN, True)
        has_session = bool(self._kept or self._settings.get(PICTURE, ""))
        if safe_mode or (was_cut_short and is_wanted and has_session):
            self._begin_safely(was_cut_short=was_cut_short and not safe_mode)
        elif is_wanted:
            self._restore()
        else:
            self._gives_way = True
            self._window.picture.open_sample()

    def save(self) -> None:
        """Notes everything, and writes it on another thread."""
        if not self._is_over:
            self._note()
            self._settings.set(RUNNING, True)  # also after a desktop session that was to end, and did not
            self._window.saving.save()

    def leave(self) -> None:
        """Notes everything for the save at the end; this was a proper one."""
        self._timer.stop()
        self._is_over = True
        self._note_end()

    def _note_end(self) -> None:
        self._note()
        self._settings.set(RUNNING, self._waits_for_answer)

    # --- bringing it back

    def _begin_safely(self, *, was_cut_short: bool) -> None:
        picture = bool(self._settings.get(PICTURE, ""))
        self._waits_for_answer, self._keeps_picture = was_cut_short, picture
        self._window.picture.open_sample()
        self.safe_mode.say(_CUT_SHORT if was_cut_short else _WISHED, len(self._kept), has_picture=picture)

    def _take_answer(self) -> None:
        self._waits_for_answer = False

    def _restore(self) -> None:
        background = self._window.services.background
        picture = self._settings.get(PICTURE, "")
        if picture:
            background.run(lambda: Path(picture).is_file(), lambda there: self._open_picture(Path(picture), there))
        elif self._window.picture.source is None:
            self._window.picture.open_sample()
        self._keeps_picture = False
        self._bring_back()

    def _bring_back(self, *, keep_off: bool = False) -> None:
        self._take_answer()
        if kept := self._kept:
            load, follows = partial(self._load, keep_off=keep_off), self._window.files.rebuilds.follows
            wanted, services = [(step, follows(step.path)) for step in kept], self._window.services
            services.background.run(partial(_find, wanted, services), load)

    def _open_picture(self, path: Path, is_there: bool) -> None:
        if is_there:
            self._window.picture.open_picture(path)
            return
        self._window.notices.tell(f"The picture {path.name} is not there any more.", severity=Severity.WARNING)
        if self._window.picture.source is None:
            self._window.picture.open_sample()

    def _load(self, found: Sequence[Found], *, keep_off: bool) -> None:
        left_out = []
        for each in found:
            if why_not := self._load_step(each, keep_off=keep_off):
                left_out.append(f"{each.step.path.name} ({why_not})")
                self._forget(each.step)
        if left_out:
            whose = "Its" if len(left_out) == 1 else "Their"
            self._window.notices.tell(
                f"Not loaded again: {', '.join(left_out)}. {whose} settings are kept.", severity=Severity.WARNING
            )

    def _load_step(self, found: Found, *, keep_off: bool) -> str:
        """Loads it, once the user has allowed it, or says why not."""
        step, loading, chain = found.step, self._window.loading, self._window.services.chain
        keep_settings(self._settings, step.path, step.settings)
        if found.report is None:
            return found.why_not
        if loading.why_not(report := found.report):
            return "does not fit here"

        def run(approval: Approval, mode: HostingMode | None = None) -> None:
            chosen, off = step.settings, keep_off or step.is_kept_off
            key = loading.load(
                report,
                for_mode(approval, mode),
                priority=chosen.priority,
                values=dict(chosen.values),
                keep_off=off,
                mode=mode,
            )
            self._forget(step)
            if key:
                chain.set_enabled(key, step.enabled)
                self._attribute(report)

        unasked = partial(run, mode=HostingMode.IN_APP if step.is_in_app else None)
        self._window.files.rebuilds.approve(report, unasked, partial(self._forget, step), run)
        return ""

    def _attribute(self, report: Report) -> None:
        """Says whose verdict that is: the own worker's, and never that of a host that the list is judged for."""
        if listed := self._window.plugins.model.report(report.path):
            self._window.loading.note([listed])
        else:
            self._window.judging.note([report], WORKER)

    def _forget(self, step: KeptStep) -> None:
        """It is back in the chain, or cannot be, or the user does not want it."""
        self._kept = [kept for kept in self._kept if kept.path != step.path]

    # --- noting

    def _note(self) -> None:
        steps = self._window.services.chain.steps()
        for step in steps:
            if step.state in _SETTLED:
                keep_settings(self._settings, step.path, PluginSettings(step.priority, step.values))
            self._hash(step)
        if steps and self._gives_way:
            self._kept = []
        loaded = {step.path for step in steps}
        kept = [step for step in self._kept if step.path not in loaded]
        self._settings.set(STEPS, [step.plain for step in (*map(self._kept_step, steps), *kept)])
        if not self._keeps_picture and self._window.picture.source is not None:
            picture = self._window.picture.loader.path
            self._settings.set(PICTURE, "" if picture in {None, sample_picture()} else str(picture))

    def _kept_step(self, step: StepView) -> KeptStep:
        known = kept_settings(self._settings, step.path)
        is_in_app = step.mode is HostingMode.IN_APP
        return KeptStep(step.path, self._hash_known(step.path), step.enabled, known, step.is_kept_off, is_in_app)

    def _hash(self, step: StepView) -> None:
        """Finds out, on another thread, which bytes a step runs."""
        report = self._window.loading.running(step.path)
        if report and report.facts and report.facts.identity not in self._hashes:
            identity = report.facts.identity
            self._hashes[identity] = ""
            self._window.services.background.run(partial(sha256_of_report, report), partial(self._take_hash, identity))

    def _take_hash(self, identity: FileIdentity, sha256: str) -> None:
        self._hashes[identity] = sha256
        self._timer.start()

    def _hash_known(self, path: Path) -> str:
        report = self._window.loading.running(path)
        return self._hashes.get(report.facts.identity, "") if report and report.facts else ""

    def _end_with_desktop(self) -> None:
        """The desktop session ends: nobody may be there to close the window."""
        self._note_end()
        try:
            self._settings.save()
        except SettingsError as error:
            self._window.notices.tell_error(error)


def _find(wanted: Sequence[tuple[KeptStep, bool]], services: Services) -> list[Found]:
    """What became of the steps, with everything at hand that loading them takes; blocks."""
    found = [find(step, may_differ=may_differ) for step, may_differ in wanted]
    if any(each.step.is_in_app for each in found):
        services.hosts.prepare_in_app()
    return found
