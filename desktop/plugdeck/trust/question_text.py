"""The question as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plugdeck.hosting.sandbox.confinement import Permissions, Tier
from plugdeck.text import visible

if TYPE_CHECKING:
    from plugdeck.catalogue.report import Report
    from plugdeck.trust.question import Question

_INDENT = 14
_MOST_CHARACTERS = 500
"""Of each line: what a file says of itself must not push the rest off the screen."""

_TAKES_LONG = "go.runner-not-built"
_ALLOWED = {
    Tier.SEALED: "allowed while it is sealed off",
    Tier.FILTERED: "allowed while it is confined",
    Tier.LIMITED: "allowed, also with your own rights",
}


def question_lines(question: Question) -> tuple[str, ...]:
    """A line for each thing to know, the occasion first."""
    rows = [*_file_rows(question), *_running_rows(question)]
    return (
        f"{visible(str(question.path))}: {question.occasion.words}",
        *(f"  {label:<{_INDENT - 3}} {visible(text, _MOST_CHARACTERS)}" for label, text in rows if text),
    )


def first_load_words(report: Report) -> str:
    """Why loading it takes much longer than people expect, this once, as a sentence; empty when it does not."""
    return next((found.message for found in report.findings if found.id == _TAKES_LONG), "")


def allowed_words(lowest_tier: Tier) -> str:
    """What was said yes to: ``allowed while it is sealed off``."""
    return _ALLOWED[lowest_tier]


def permission_words(permissions: Permissions) -> tuple[str, ...]:
    """Each permission as a sentence; none for none."""
    return (
        *(f"It may read {visible(path)}." for path in permissions.readable),
        *(f"It may read and change {visible(path)}." for path in permissions.writable),
        *(("It may use the network.",) if permissions.network else ()),
    )


def _file_rows(question: Question) -> Iterator[tuple[str, str]]:
    report, manifest = question.report, question.report.manifest
    if manifest:
        author = f", by {manifest.author} (its own word)" if manifest.author else ""
        yield "plugin", f"{manifest.name} {manifest.version}".strip() + author
        yield "", manifest.description
    yield "sha256", question.sha256
    yield "origin", question.origin
    yield "signature", question.signature.words
    yield "verdict", str(report.status)
    for finding in report.findings:
        if finding.severity != "info":
            yield "", f"{finding.severity}: {finding.message}"


def _running_rows(question: Question) -> Iterator[tuple[str, str]]:
    yield "quarantine", question.quarantine
    yield "first load", first_load_words(question.report)
    yield "confinement", question.tier.words
    yield "", f"{question.tier_reason} {question.tier_remedy}".strip()
    for number, words in enumerate(permission_words(question.permissions)):
        yield "" if number else "permissions", words
    for number, path in enumerate(question.files):
        yield "" if number else "can read", str(path)
