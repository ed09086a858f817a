"""The report on one file: its facts, its own words, the findings, and the status that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window shows its list before it needs what reports are made of
    from pathlib import Path

    from plugdeck.binary.facts import BinaryFacts, BinarySymbol
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
    def symbols(self) -> tuple[BinarySymbol, ...] | None:
        """What it exports, by the names that its callers use; None when they were not read, or are too many.

        Of a Go plugin these are its own, without the thousands of Go's runtime that it exports as well.
        """
        exports = self.facts.exports if self.facts else None
        if not self.manifest or not self.manifest.symbol_prefix:
            return exports
        from plugdeck.binary.facts import BinarySymbol, Binding, Visibility

        prefix = self.manifest.symbol_prefix
        known = {symbol.name.removeprefix(prefix): symbol for symbol in exports or () if symbol.name.startswith(prefix)}
        return tuple(
            known[declared.name]._replace(name=declared.name, kind=declared.kind)
            if declared.name in known
            else BinarySymbol(declared.name, declared.kind, Binding.GLOBAL, Visibility.DEFAULT, 0, 0)
            for declared in self.manifest.symbols
        )

    @property
    def loads(self) -> bool:
        """Whether this host would load the file: its dynamic loader, and of a Go plugin Go's runtime too."""
        return self.facts is not None and not any(finding.stops_load for finding in self.findings)
