"""From a report to a step of the chain: what may be loaded, and whether a loaded file has changed since."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.report import Report, Status
from plugdeck.chain.chain import Chain
from plugdeck.chain.step import StepView
from plugdeck.compat.finding import Severity
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.ui.details.gone import without_file

_LOADABLE = {Status.COMPATIBLE, Status.WARNING}


class Loading:
    """Loads reports into the chain, and remembers which bytes of each file are running."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._reports: dict[Path, Report] = {}
        self._running: dict[Path, Report] = {}

    def step_of(self, path: Path) -> StepView | None:
        """The chain's step of a file."""
        return next((step for step in self._chain.steps() if step.path == path), None)

    def report_of(self, key: str) -> Report | None:
        """The latest report on a loaded plugin's file, wherever the list is by now."""
        step = self._chain.step(key)
        return self._reports.get(step.path) if step else None

    def running(self, path: Path) -> Report | None:
        """The report on the bytes that a loaded file runs."""
        return self._running.get(path)

    def build_id(self, path: Path) -> str:
        """The linker's, of the bytes that a loaded file runs; empty where it has none."""
        report = self._running.get(path)
        return (report.facts.elf.build_id or "") if report and report.facts and report.facts.elf else ""

    def is_loadable(self, report: Report) -> bool:
        """Whether it can be loaded now: an image transform that fits, and is not loaded yet."""
        return not self.why_not(report) and self.step_of(report.path) is None

    def why_not(self, report: Report) -> str:
        """Why the file cannot be a step of the chain, in a sentence; empty when it can."""
        if report.status in _LOADABLE and report.manifest and report.manifest.is_transform:
            return ""
        if report.status in _LOADABLE:
            return f"{report.name} is no image transform: call its functions with Plugin → Call a function…"
        worst = next((found for found in report.findings if found.severity is Severity.ERROR), None)
        worst = worst or next(iter(report.findings), None)
        reason = f" {worst.message}" if worst else ""
        return f"{report.name} cannot be loaded.{reason}"

    def load(
        self,
        report: Report,
        approval: Approval,
        *,
        priority: int | None = None,
        values: dict[str, float] | None = None,
        keep_off: bool = False,
        mode: HostingMode | None = None,
    ) -> str | None:
        """Begins to load it and returns the step's key, or None when it cannot be loaded.

        Args:
            report: on the file.
            approval: what the user said yes to; see ``trust.asking``.
            priority: to run with, if it is not to be the plugin's own.
            values: of its parameters.
            keep_off: takes it into the chain, and starts it only when the user says so.
            mode: where it runs, if that was chosen for it alone.
        """
        if self.why_not(report) or report.manifest is None:
            return None
        if self.step_of(report.path) is None:
            self._reports[report.path] = self._running[report.path] = report
        return self._chain.load(
            report.path,
            report.manifest,
            approval=approval,
            priority=priority,
            values=values,
            keep_off=keep_off,
            mode=mode,
        )

    def note(self, reports: Iterable[Report]) -> None:
        """Compares new reports with what is running, and tells the chain which steps are stale."""
        steps = {step.path: step for step in self._chain.steps()}
        for report in reports:
            step = steps.get(report.path)
            if step:
                self._reports[report.path] = report
                self._chain.mark_stale(step.key, self._differs(report))

    def note_gone(self, paths: Iterable[Path]) -> None:
        """Says of loaded plugins that their files are gone, until these are back."""
        for path in paths:
            report, step = self._reports.get(path), self.step_of(path)
            if report and step:
                self._reports[path] = without_file(report)
                self._chain.mark_deleted(step.key)

    def settle(self) -> None:
        """After news of the chain: a step that is no longer stale runs what its file holds now."""
        for step in self._chain.steps():
            latest = self._reports.get(step.path)
            if latest and not step.stale:
                self._running[step.path] = latest

    def _differs(self, report: Report) -> bool:
        running = self._running.get(report.path)
        return running is not None and _bytes_of(running) != _bytes_of(report)


def _bytes_of(report: Report) -> FileIdentity | None:
    """What tells the bytes apart: a new link or other permissions change ``ctime``, and nothing that runs."""
    facts = report.facts
    if facts is None:
        return None
    identity = facts.identity
    return FileIdentity(identity.device, identity.inode, identity.size_bytes, identity.mtime_ns, 0)
