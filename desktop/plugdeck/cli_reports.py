"""Reports as commands need them: of files that are about to be loaded."""

from __future__ import annotations

from pathlib import Path

from plugdeck.catalogue.examine import examine
from plugdeck.compat.finding import Severity
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError


def loadable_manifest(path: Path) -> Manifest:
    """What a file says of itself that the loader would accept; raises PlugdeckError with the first reason otherwise."""
    report = examine(path)
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if errors:
        raise PlugdeckError(f"{path} was not loaded: {errors[0].message}", remedy=errors[0].remedy)
    if not report.manifest:
        raise PlugdeckError(f"{path} is no plugin.", remedy="`plugdeck inspect FILE` shows what the file is.")
    return report.manifest


def transform_manifest(path: Path) -> Manifest:
    """As ``loadable_manifest``, of an image transform. Raises PlugdeckError."""
    manifest = loadable_manifest(path)
    if not manifest.is_transform:
        raise PlugdeckError(
            f"{path} is not an image transform.", remedy="`plugdeck inspect FILE` shows what the file is."
        )
    return manifest
