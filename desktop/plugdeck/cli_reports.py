"""Reports as commands need them: of files that are about to be loaded."""

from __future__ import annotations

from pathlib import Path

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report
from plugdeck.compat.finding import Severity
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError


def loadable_report(path: Path) -> tuple[Report, Manifest]:
    """The report on a file that the loader would accept, and what the file says of itself.

    Raises:
        PlugdeckError: with the first reason why it would not, or is no plugin.
    """
    report = examine(path)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if errors:
        raise PlugdeckError(f"{path} was not loaded: {errors[0].message}", remedy=errors[0].remedy)
    if not report.manifest:
        raise PlugdeckError(f"{path} is no plugin.", remedy="`plugdeck inspect FILE` shows what the file is.")
    return report, report.manifest


def check_transform(path: Path, manifest: Manifest) -> None:
    """Returns when it is an image transform. Raises PlugdeckError."""
    if not manifest.is_transform:
        raise PlugdeckError(
            f"{path} is not an image transform.", remedy="`plugdeck inspect FILE` shows what the file is."
        )
