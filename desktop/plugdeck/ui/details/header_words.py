"""What the strip above the tabs says of a plugin: its title, its verdict, and how its code stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Severity
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.chain.words import state_words
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.host.judgement import OWN_WORKER, host_words
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS

if TYPE_CHECKING:
    from plugdeck.chain.step import StepView

_TAKES_LONG = "go.runner-not-built"
"""The finding that says why loading takes much longer than the moment that people expect."""


def title_words(subject: Subject) -> str:
    """Name and version: of the code that is loaded, also when the file is another one by now."""
    step, report = subject.step, subject.report
    if step and step.is_loaded:
        return visible_text(f"{step.name}  {step.version}".strip())
    return visible_text(f"{report.name}  {_version(report)}".strip())


def standing_words(subject: Subject) -> str:
    """How its code stands, what the file is by now, and why its last call failed; its card tells how it ended."""
    step = subject.step
    if step is None:
        return ""
    words = state_words(step)
    if step.stale and step.is_loaded:
        words = f"{words} · {_file_now(subject.report, step)}"
    why_long = next((found.message for found in subject.report.findings if found.id == _TAKES_LONG), "")
    if step.state is PluginState.LOADING and why_long:
        words = f"{words} {why_long}"
    return visible_text(f"{words}. {step.error}" if step.error else words)


def _file_now(report: Report, step: StepView) -> str:
    """``the file is version 1.1.0 now``: what tells it from the code that is loaded."""
    version = _version(report)
    if report.name != step.name:
        return f"the file is {f'{report.name} {version}'.strip()} now"
    return (
        f"the file is version {version} now" if version not in {"", step.version} else "the file is another build now"
    )


def _version(report: Report) -> str:
    return report.manifest.version if report.manifest else ""


def verdict_words(subject: Subject) -> str:
    """The status, and the worst finding or else what the plugin says of itself; which host's, unless it is the own,
    and that it is of another file than the code that is loaded."""
    report, judged = subject.report, subject.judged
    if judged.is_own and not judged.is_stale:
        is_new = subject.step is not None and subject.step.stale
        return f"{'The new file: ' if is_new else ''}{_status_words(report)}"
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
