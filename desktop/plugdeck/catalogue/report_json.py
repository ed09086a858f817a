"""Reports as JSON values and back, without loss: how they travel from the scanner's process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from plugdeck.binary.facts import BinaryFacts, BinarySymbol, Binding, FileIdentity, SymbolKind, Visibility
from plugdeck.catalogue.facts_json import facts_from_json, facts_to_json
from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import Area, DeclaredSymbol, Dialect, Manifest, Parameter, ParameterKind

Json = dict[str, Any]


def report_to_json(report: Report) -> Json:
    """The whole report. Undecodable bytes in names stay, as lone surrogates, which ``json.dumps`` escapes."""
    return {
        "path": os.fspath(report.path),
        "status": str(report.status),
        "findings": [_finding_to_json(finding) for finding in report.findings],
        "facts": _facts_to_json(report.facts) if report.facts else None,
        "manifest": _manifest_to_json(report.manifest) if report.manifest else None,
    }


def report_from_json(data: Json) -> Report:
    """The report that ``report_to_json`` was given.

    Raises:
        KeyError, TypeError, ValueError: the data is something else.
    """
    path = Path(data["path"])
    return Report(
        path,
        Status(data["status"]),
        tuple([_finding_from_json(finding) for finding in data["findings"]]),
        _facts_from_json(data["facts"], path) if data["facts"] else None,
        _manifest_from_json(data["manifest"]) if data["manifest"] else None,
    )


def _facts_to_json(facts: BinaryFacts) -> list[Any]:
    identity = facts.identity
    return [
        [identity.device, identity.inode, identity.size_bytes, identity.mtime_ns, identity.ctime_ns],
        facts_to_json(facts),
        _symbols_to_json(facts.exports),
        _symbols_to_json(facts.imports),
    ]


def _facts_from_json(data: list[Any], path: Path) -> BinaryFacts:
    identity, brief, exports, imports = data
    facts = facts_from_json(brief, path, FileIdentity(*identity))
    if exports is None and imports is None:
        return facts
    return BinaryFacts(
        path,
        facts.identity,
        facts.format,
        facts.description,
        facts.elf,
        _symbols_from_json(exports),
        _symbols_from_json(imports),
    )


def _symbols_to_json(symbols: tuple[BinarySymbol, ...] | None) -> list[list[Any]] | None:
    if symbols is None:
        return None
    return [
        [s.name, s.kind, s.binding, s.visibility, s.address, s.size_bytes, s.version, s.version_is_default]
        for s in symbols
    ]


def _symbols_from_json(data: list[list[Any]] | None) -> tuple[BinarySymbol, ...] | None:
    if data is None:
        return None
    return tuple(
        BinarySymbol(name, SymbolKind(kind), Binding(binding), Visibility(visibility), *rest)
        for name, kind, binding, visibility, *rest in data
    )


def _finding_to_json(finding: Finding) -> list[Any]:
    return [
        finding.id, str(finding.severity), finding.message, finding.evidence, finding.remedy, finding.stops_load
    ]  # fmt: skip


def _finding_from_json(data: list[Any]) -> Finding:
    identifier, severity, message, evidence, remedy, stops_load = data
    return Finding(identifier, Severity(severity), message, tuple(evidence), remedy, stops_load)


def _manifest_to_json(manifest: Manifest) -> Json:
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
    }


def _manifest_from_json(data: Json) -> Manifest:
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
