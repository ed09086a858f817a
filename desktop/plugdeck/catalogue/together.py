"""Several plugins in one process: what keeps a later one from living beside those that were opened before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plugdeck.catalogue.examine import status_of
from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import Dialect
from plugdeck.text import visible


def beside(report: Report, earlier: Sequence[Report]) -> Report:
    """The report with what speaks against the file in a process that has the earlier ones, in this order."""
    found = tuple(finding for other in earlier if (finding := _conflict(other, report)))
    if not found or report.manifest is None:
        return report
    findings = (*found, *report.findings)
    return replace(report, findings=findings, status=status_of(report.manifest, findings))


def _conflict(first: Report, second: Report) -> Finding | None:
    if first.manifest is None or second.manifest is None:
        return None
    if {first.dialect, second.dialect} == {Dialect.GO}:
        return _go_conflict(first, second)
    runtime = second.manifest.language_runtime
    if runtime and runtime == first.manifest.language_runtime:
        return Finding(
            "sdk.second-runtime",
            Severity.ERROR,
            f"It and {visible(first.name, 100)} cannot live in one process: each brings a {runtime} runtime of its "
            "own, and two of them break each other.",
            (f"{visible(str(first.path), 300)} has its own {runtime} runtime, and so has this file.",),
            "Host them individually, which is a process for each.",
            stops_load=True,
        )
    return None


def _go_conflict(first: Report, second: Report) -> Finding | None:
    from plugdeck.dialects.go.reading import read_go_file
    from plugdeck.dialects.go.together import conflict
    from plugdeck.errors import BinaryFormatError

    sources = [(report.path, report.facts.source) for report in (first, second) if report.facts]
    try:
        files = [(path, read_go_file(source)) for path, source in sources]
    except BinaryFormatError:
        return None  # changed since its report was made
    (path, earlier), (later_path, later) = files
    return conflict((path, earlier), (later_path, later)) if earlier and later else None
