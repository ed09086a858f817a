"""The host that everything is judged for: choosing it, what it is, and which verdicts are still of another one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Severity
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.settings import Settings
from plugdeck.ui.background import Background
from plugdeck.ui.host.judgement import Judgement
from plugdeck.ui.host.recent import RecentHosts, is_there
from plugdeck.ui.preview.latest import Latest


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What was found out about a host."""

    choice: HostChoice
    name: str
    """With its machine and C library: ``python3 (64-bit x86-64, glibc 2.36)``."""
    problem: str = ""
    """Why it is no host for plugins, in a sentence with its remedy; empty when it is one."""
    severity: Severity = Severity.ERROR
    """How sure that is."""
    is_there: bool = True


class HostJudging(QObject):
    """Knows the chosen host; everything about files is found out off the GUI thread."""

    chosen = Signal(object)
    """Another HostChoice: every verdict is stale from now on."""
    known = Signal(object)
    """The KnownHost of the one that is chosen."""
    verdict_arrived = Signal(object)
    """The own worker's Report on what was asked for last."""
    vanished_changed = Signal()

    def __init__(self, settings: Settings, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recent = RecentHosts(settings)
        self.choice = self._recent.chosen
        self.vanished: frozenset[HostChoice] = frozenset()
        """Recent hosts whose files were gone when they were last looked for."""
        self._judged: dict[Path, HostChoice] = {}
        self._verdict_on: Report | None = None
        self._verdict: Report | None = None
        self._requests = {name: Latest(self, background) for name in ("describe", "look", "sort", "verdict")}
        self._requests["describe"].succeeded.connect(self.known)
        self._requests["describe"].failed.connect(self._take_failure)
        self._requests["look"].succeeded.connect(self._take_vanished)
        self._requests["sort"].succeeded.connect(self.choose)
        self._requests["verdict"].succeeded.connect(self._take_verdict)

    @property
    def recent(self) -> tuple[HostChoice, ...]:
        """The hosts to choose from, besides the own worker."""
        return self._recent.recent

    # --- the host

    def choose(self, choice: HostChoice) -> None:
        """Has everything judged for this host from now on."""
        self._recent.choose(choice)
        if choice != self.choice:
            self.choice = choice
            self._forget_verdict()
            self.chosen.emit(choice)
        self.describe()

    def choose_path(self, path: Path) -> None:
        """Chooses a program, or the folder of another system."""
        self._requests["sort"].start(lambda: HostChoice(sysroot=path) if path.is_dir() else HostChoice(path))

    def remove(self, choice: HostChoice) -> None:
        """Forgets a recent host; as long as it is the chosen one it stays chosen."""
        self._recent.remove(choice)

    def describe(self) -> None:
        """Finds out what the chosen host is."""
        choice = self.choice
        self._requests["describe"].start(lambda: _describe(choice))

    def look_for_recent(self) -> None:
        """Finds out which recent hosts are gone."""
        recent = self.recent
        self._requests["look"].start(lambda: frozenset(choice for choice in recent if not is_there(choice)))

    def _take_failure(self, sentence: str, remedy: str) -> None:
        self.known.emit(KnownHost(self.choice, "", f"{sentence} {remedy}".strip()))

    def _take_vanished(self, vanished: frozenset[HostChoice]) -> None:
        self.vanished = vanished
        self.vanished_changed.emit()

    # --- the verdicts

    def note(self, reports: Iterable[Report], choice: HostChoice | None = None) -> None:
        """These reports have just been made for a host; the chosen one if none is named."""
        for report in reports:
            self._judged[report.path] = choice or self.choice

    def judgement(self, report: Report) -> Judgement:
        """What has to be said beside the report's verdict."""
        choice = self._judged.get(report.path, self.choice)
        by_worker = self._verdict if self._verdict_on is report else None
        return Judgement(choice, choice != self.choice, by_worker)

    def worker_report(self, report: Report) -> Report | None:
        """The own worker's report on the same file, which loading goes by; None as long as it is not known."""
        judgement = self.judgement(report)
        return report if judgement.is_own else judgement.by_worker

    def ask_worker(self, report: Report) -> None:
        """Has the file judged for the own worker as well, where the report is of another host."""
        if self.judgement(report).is_own or self._verdict_on is report:
            return
        self._verdict_on, self._verdict = report, None
        path = report.path
        self._requests["verdict"].start(lambda: examine_for(path, WORKER))

    def _take_verdict(self, report: Report) -> None:
        self._verdict = report
        self.verdict_arrived.emit(report)

    def _forget_verdict(self) -> None:
        self._requests["verdict"].forget()
        self._verdict_on = self._verdict = None


def _describe(choice: HostChoice) -> KnownHost:
    host = choice.host()
    worst = min(host.findings, key=lambda found: list(Severity).index(found.severity), default=None)
    problem = f"{worst.message} {worst.remedy}".strip() if worst else ""
    severity = worst.severity if worst else Severity.ERROR
    return KnownHost(choice, host.name, problem, severity, is_there(choice))


def examine_for(path: Path, choice: HostChoice) -> Report:
    """The report on a file for a host, as the list has it: without symbols. Blocks."""
    from plugdeck.catalogue.examine import examine

    return examine(path, choice.host(), symbols=False)
