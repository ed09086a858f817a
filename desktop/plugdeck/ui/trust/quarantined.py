"""Which of the listed files hold bytes in quarantine, also of plugins that are not in the chain: after a restart, say.

Bytes are known by their hash, and ten thousand files are not hashed for that: only those whose name or place is that of
a plugin in quarantine. Another name hides a copy from the list, never from the start of a process.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal

from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.report import Report
from plugdeck.errors import PlugdeckError
from plugdeck.trust.content import sha256_of_report
from plugdeck.trust.decision import MOST_CHARACTERS, Decision
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background

_MOST_HASHED = 200
_MOST_BYTES = 64 << 20
"""So many files, none larger, are hashed at once: a folder that somebody filled must not keep a thread for hours."""


class Listed(Protocol):
    """What is needed of the list of plugins."""

    def paths(self) -> set[Path]:
        """Every plugin's file."""

    def report(self, path: Path) -> Report | None:
        """The report on a file."""


class Quarantined(QObject):
    """Looks off the GUI thread, at one thing after the other, so that what was found last is what is true now."""

    changed = Signal()
    """Another file is in quarantine, or one no more."""
    _recorded = Signal()

    def __init__(self, records: TrustRecords, background: Background, listed: Listed, parent: QObject) -> None:
        super().__init__(parent)
        self._records = records
        self._background = background
        self._listed = listed
        self._reasons: dict[Path, str] = {}
        self._waiting: dict[Path, Report] = {}
        self._is_looking = False
        self._hashes: dict[FileIdentity, str] = {}
        self._recorded.connect(self.look_again, Qt.ConnectionType.QueuedConnection)
        self._forget_records = records.on_change(self._tell_recorded)

    @property
    def reasons(self) -> Mapping[Path, str]:
        """Why each listed file that is in quarantine is kept from running."""
        return {path: why for path, why in self._reasons.items() if self._listed.report(path)}

    def note(self, reports: Iterable[Report]) -> None:
        """Files were read anew."""
        self._waiting |= {report.path: report for report in reports}
        self._look()

    def look_again(self) -> None:
        """Looks at every listed file: the records may be others by now, or the list was filled unseen."""
        self.note(report for path in self._listed.paths() if (report := self._listed.report(path)))

    def close(self) -> None:
        """Hears no more of the records."""
        self._forget_records()

    def _tell_recorded(self) -> None:
        """On any thread."""
        with suppress(RuntimeError):  # the window may be gone
            self._recorded.emit()

    def _look(self) -> None:
        if self._is_looking or not self._waiting:
            return
        self._is_looking = True
        reports, self._waiting = self._waiting, {}
        self._background.run(lambda: self._find(list(reports.values())), self._take)

    def _take(self, found: Mapping[Path, str]) -> None:
        self._is_looking = False
        before = dict(self._reasons)
        self._reasons = {path: why for path, why in (before | dict(found)).items() if why}
        if self._reasons != before:
            self.changed.emit()
        self._look()

    def _find(self, reports: Collection[Report]) -> dict[Path, str]:
        """Why each of these files is in quarantine; empty where it is not."""
        kept = {decision.sha256: decision for decision in self._records.decisions() if decision.quarantine}
        known = {*(decision.name for decision in kept.values()), *(decision.path for decision in kept.values())}
        alike = {report.path: report for report in reports if _is_like(report, known)}
        found = {report.path: "" for report in reports}
        return found | {path: self._reason(report, kept) for path, report in islice(alike.items(), _MOST_HASHED)}

    def _reason(self, report: Report, kept: Mapping[str, Decision]) -> str:
        with suppress(PlugdeckError):
            decision = kept.get(self._sha256(report))
            return decision.quarantine if decision else ""
        return ""

    def _sha256(self, report: Report) -> str:
        """By one thread at a time; empty for a file that could not be read, or is huge. Raises PlugdeckError."""
        if report.facts is None or report.facts.identity.size_bytes > _MOST_BYTES:
            return ""
        identity = report.facts.identity
        if identity not in self._hashes:
            self._hashes[identity] = sha256_of_report(report)
        return self._hashes[identity]


def _is_like(report: Report, known: set[str]) -> bool:
    return report.name[:MOST_CHARACTERS] in known or os.path.abspath(report.path) in known
