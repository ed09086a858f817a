"""What is said of a loaded plugin whose file is gone: like a finding, though no reading of a file gave it."""

from __future__ import annotations

from dataclasses import replace

from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Finding, Severity

GONE = Finding(
    "file.gone",
    Severity.WARNING,
    "The file is gone.",
    remedy="Put it back: a new process has to read it. What is loaded already keeps working until its process ends.",
)


def is_gone(report: Report) -> bool:
    """Whether the file was gone when this report was made."""
    return GONE in report.findings


def without_file(report: Report) -> Report:
    """The report as it was, and that its file is gone."""
    if is_gone(report):
        return report
    status = Status.WARNING if report.status is Status.COMPATIBLE else report.status
    return replace(report, status=status, findings=(GONE, *report.findings))
