"""Which plugins have something to call."""

from __future__ import annotations

from collections.abc import Iterable

from plugdeck.binary.facts import SymbolKind
from plugdeck.catalogue.report import Report
from plugdeck.dialects.manifest import Dialect


def has_functions(report: Report) -> bool:
    """Whether a plugin that loads here declares functions, or, in Go, values that may have methods."""
    manifest = report.manifest
    if manifest is None or not report.loads:
        return False
    is_go = manifest.dialect is Dialect.GO
    return any(is_go or symbol.kind is SymbolKind.FUNCTION for symbol in manifest.symbols)


def alike(report: Report, listed: Iterable[Report]) -> list[Report]:
    """The other plugins that have a symbol of the same name and could answer in its place, by name."""
    names = _names(report)
    found = (each for each in listed if each.path != report.path and has_functions(each) and names & _names(each))
    return sorted(found, key=lambda each: (each.name.casefold(), each.path))


def _names(report: Report) -> set[str]:
    return {symbol.name for symbol in report.manifest.symbols} if report.manifest else set()
