"""What can be called in a plugin by its declared type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from plugdeck.binary.facts import SymbolKind
from plugdeck.catalogue.go_rows import read_go
from plugdeck.catalogue.report import Report
from plugdeck.dialects.manifest import Dialect


class Function(NamedTuple):
    """A function, or a method of a Go value: ``Greeter.Greet``."""

    name: str
    type: str
    """Empty where a Go file does not say it."""

    @property
    def words(self) -> str:
        """Both, for people; untrusted text."""
        return f"{self.name}: {self.type}" if self.type else self.name


def declared_functions(report: Report) -> tuple[Function, ...]:
    """Those of the file that the report is about, in its own order."""
    manifest = report.manifest
    declared = manifest.symbols if manifest else ()
    functions = [Function(symbol.name, symbol.c_type) for symbol in declared if symbol.kind is SymbolKind.FUNCTION]
    return (*functions, *_methods(report))


def _methods(report: Report) -> Iterator[Function]:
    file = read_go(report.path) if report.dialect is Dialect.GO else None
    for symbol in file.symbols if file else ():
        for method in symbol.methods:
            yield Function(f"{symbol.name}.{method.name}", method.type)
