"""The report on one file: its facts, its own words, the findings, and the status that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window shows its list before it needs what reports are made of
    from pathlib import Path

    from plugdeck.binary.facts import BinaryFacts
    from plugdeck.compat.finding import Finding
    from plugdeck.dialects.manifest import Dialect, Manifest


class Status(StrEnum):
    """Whether a file fits the host; the order is from best to worst."""

    COMPATIBLE = "compatible"
    WARNING = "warning"
    INCOMPATIBLE = "incompatible"
    NOT_A_PLUGIN = "not-a-plugin"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything known of one file before any of its code runs."""

    path: Path
    status: Status
    findings: tuple[Finding, ...]
    facts: BinaryFacts | None = None
    """None when the file is unreadable."""
    manifest: Manifest | None = None
    """None when the file is no plugin of any known dialect."""

    @property
    def name(self) -> str:
        """The plugin's own name, or else the file's."""
        return self.manifest.name if self.manifest else self.path.name

    @property
    def dialect(self) -> Dialect | None:
        """The contract the plugin speaks."""
        return self.manifest.dialect if self.manifest else None

    @property
    def loads(self) -> bool:
        """Whether the dynamic loader would accept the file in this host."""
        return self.facts is not None and not any(finding.stops_load for finding in self.findings)
