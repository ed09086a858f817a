"""A verdict in one line: the status, for which host, and the reason that weighs most."""

from __future__ import annotations

from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Severity
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.host.judgement import OWN_WORKER, host_words
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS


def verdict_words(subject: Subject) -> str:
    """The status, and the worst finding or else what the plugin says of itself; which host's, unless it is the own."""
    report, judged = subject.report, subject.judged
    if judged.is_own and not judged.is_stale:
        return _status_words(report)
    before = "Before, for" if judged.is_stale else "For"
    return f"{before} {host_words(judged.choice)}: {_status_words(report)}"


def worker_words(subject: Subject) -> str:
    """What loading would meet, where the verdict is another host's."""
    report = subject.judged.by_worker
    if report is None:
        return f"Load uses {OWN_WORKER}, which is being asked…"
    words = _status_words(report)
    is_same = words == _status_words(subject.report)
    return f"Load uses {OWN_WORKER}, which says the same." if is_same else f"Load uses {OWN_WORKER}: {words}"


def _status_words(report: Report) -> str:
    words = STATUS_WORDS[report.status]
    worst = next((found for found in report.findings if found.severity is Severity.ERROR), None)
    worst = worst or next((found for found in report.findings if found.severity is Severity.WARNING), None)
    if worst:
        return visible_text(f"{words}: {worst.message}")
    if report.manifest and report.manifest.description:
        return visible_text(f"{words} · {report.manifest.description}")
    if report.status is Status.NOT_A_PLUGIN and report.findings:
        return visible_text(f"{words}: {report.findings[0].message}")
    return words
