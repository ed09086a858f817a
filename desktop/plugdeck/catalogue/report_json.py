"""Reports as JSON values and back: how they are kept, and how they travel from the scanner's process.

Symbols stay behind: a list does not show them. Findings are JSON text within the JSON, so that equal ones, which
most files of a folder have, are parsed once and are the same objects.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from plugdeck.binary.facts import FileIdentity, SymbolKind
from plugdeck.catalogue import facts_json
from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import Area, DeclaredSymbol, Dialect, Manifest, Parameter, ParameterKind

FORMAT = f"2.{facts_json.FORMAT}"
"""The version of this encoding."""

Json = dict[str, Any]
_STATUSES = {str(status): status for status in Status}


def report_to_json(report: Report) -> list[Any]:
    """The report without its path, the file's identity and its symbols.

    Undecodable bytes in names stay, as lone surrogates, which ``json.dumps`` escapes.
    """
    findings = _findings_to_text(report.findings)
    facts = facts_json.facts_to_json(report.facts) if report.facts else None
    return [str(report.status), findings, facts, _manifest_to_json(report.manifest) if report.manifest else None]


def report_from_json(data: Any, path: Path, identity: FileIdentity | None) -> Report:
    """The report that ``report_to_json`` was given, on the file at ``path``.

    Raises:
        KeyError, TypeError, ValueError: the data is something else.
    """
    status, findings, facts, manifest = data
    known = facts_json.facts_from_json(facts, path, identity) if facts is not None and identity else None
    return Report(
        path,
        _STATUSES[status],
        _findings_from_text(findings),
        known,
        _manifest_from_json(manifest) if manifest is not None else None,
    )


@lru_cache(maxsize=1000)
def _findings_to_text(findings: tuple[Finding, ...]) -> str:
    return json.dumps([_finding_to_json(finding) for finding in findings], separators=(",", ":"))


@lru_cache(maxsize=10_000)
def _findings_from_text(text: str) -> tuple[Finding, ...]:
    return tuple([_finding_from_json(finding) for finding in json.loads(text)])


def _finding_to_json(finding: Finding) -> list[Any]:
    return [
        finding.id, str(finding.severity), finding.message, finding.evidence, finding.remedy, finding.stops_load
    ]  # fmt: skip


def _finding_from_json(data: list[Any]) -> Finding:
    identifier, severity, message, evidence, remedy, stops_load = data
    return Finding(identifier, Severity(severity), message, tuple(evidence), remedy, stops_load)


def _manifest_to_json(manifest: Manifest) -> Json | str:
    """That of a mere library is its name."""
    if manifest == Manifest(Dialect.LIBRARY, manifest.name):
        return manifest.name
    return {
        "dialect": str(manifest.dialect),
        "name": manifest.name,
        "version": manifest.version,
        "author": manifest.author,
        "licence": manifest.licence,
        "description": manifest.description,
        "abi": manifest.abi,
        "abi_minimum": manifest.abi_minimum,
        "toolchain": manifest.toolchain,
        "interfaces": manifest.interfaces,
        "symbols": [[symbol.name, symbol.kind, symbol.c_type] for symbol in manifest.symbols],
        "parameters": [
            [p.name, p.label, p.kind, p.minimum, p.maximum, p.default, p.unit, p.choices] for p in manifest.parameters
        ],
        "area": str(manifest.area),
        "area_radius": manifest.area_radius,
        "symbol_prefix": manifest.symbol_prefix,
        "language_runtime": manifest.language_runtime,
    }


def _manifest_from_json(data: Json | str) -> Manifest:
    if isinstance(data, str):
        return Manifest(Dialect.LIBRARY, data)
    return Manifest(
        **{
            **data,
            "dialect": Dialect(data["dialect"]),
            "abi": _pair(data["abi"]),
            "abi_minimum": _pair(data["abi_minimum"]),
            "interfaces": tuple(data["interfaces"]),
            "symbols": tuple(DeclaredSymbol(name, SymbolKind(kind), text) for name, kind, text in data["symbols"]),
            "parameters": tuple(_parameter(parameter) for parameter in data["parameters"]),
            "area": Area(data["area"]),
        }
    )


def _parameter(data: list[Any]) -> Parameter:
    name, label, kind, *numbers, unit, choices = data
    minimum, maximum, default = numbers
    return Parameter(name, label, ParameterKind(kind), minimum, maximum, default, unit, tuple(choices))


def _pair(data: list[int] | None) -> tuple[int, int] | None:
    return (data[0], data[1]) if data else None
