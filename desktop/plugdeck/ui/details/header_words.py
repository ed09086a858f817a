"""What the strip above the tabs says of a plugin: its title, its verdict, and how its code stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Severity
from plugdeck.hosting.outcome import PluginState
from plugdeck.trust.question_text import first_load_words
from plugdeck.ui.chain.words import state_words
from plugdeck.ui.details.subject import Subject
from plugdeck.ui.host.judgement import OWN_WORKER, host_words
from plugdeck.ui.visible_text import visible_text
from plugdeck.ui.words import STATUS_WORDS

if TYPE_CHECKING:
    from plugdeck.chain.step import StepView


def title_words(subject: Subject) -> str:
    """Name and version: of the code that is loaded, also when the file is another one by now."""
    step, report = subject.step, subject.report
    if step and step.is_loaded:
        return visible_text(f"{step.name}  {step.version}".strip())
    return visible_text(f"{report.name}  {_version(report)}".strip())


def standing_words(subject: Subject) -> str:
    """How its code stands, and why its last call failed; how it ended is told by its card in the chain."""
    step = subject.step
    if step is None:
        return ""
    words = state_words(step)
    if step.state is PluginState.LOADING and (why_long := first_load_words(subject.report)):
        words = f"{words} {why_long}"
    return visible_text(f"{words}. {step.error}" if step.error else words)


def verdict_words(subject: Subject) -> str:
    """The status, and the worst finding or else what the plugin says of itself; before it, which file's that is where
    another one's code is loaded, and which host's unless it is the own."""
    judged, parts = subject.judged, []
    if subject.step and subject.step.stale:
        parts.append(_new_file(subject.report, subject.step))
    if not judged.is_own or judged.is_stale:
        parts.append(f"{'before, for' if judged.is_stale else 'for'} {host_words(judged.choice)}")
    whose = ", ".join(parts)
    words = _status_words(subject.report)
    return f"{whose[0].upper()}{whose[1:]}: {words}" if whose else words


def _new_file(report: Report, step: StepView) -> str:
    """``the new file, version 1.1.0``: what tells it from the code that is loaded."""
    version = _version(report)
    if report.name != step.name:
        return visible_text(f"the new file, {report.name} {version}".strip())
    return visible_text(
        f"the new file, {f'version {version}' if version not in {'', step.version} else 'another build'}"
    )


def _version(report: Report) -> str:
    return report.manifest.version if report.manifest else ""


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
