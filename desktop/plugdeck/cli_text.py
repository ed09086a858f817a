"""What the command line prints: reports as text for people and as JSON for scripts.

Every string that comes from a file goes through ``visible`` on its way to a terminal.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from plugdeck.text import visible

if TYPE_CHECKING:
    from plugdeck.binary.facts import BinarySymbol
    from plugdeck.catalogue.report import Report
    from plugdeck.chain.bench import BenchRow
    from plugdeck.compat.finding import Finding
    from plugdeck.dialects.manifest import Manifest

_MARK = {"error": "✗", "warning": "!", "info": "·"}


def row_json(report: Report) -> dict[str, object]:
    """One plugin of ``plugdeck list --json``."""
    manifest = report.manifest
    return {
        "path": str(report.path),
        "name": report.name,
        "version": manifest.version if manifest else "",
        "dialect": str(report.dialect) if report.dialect else None,
        "status": str(report.status),
        "state": "not loaded",
    }


def check_json(report: Report) -> dict[str, object]:
    """One file of ``plugdeck check --json``."""
    return {
        "path": str(report.path),
        "dialect": str(report.dialect) if report.dialect else None,
        "status": str(report.status),
        "loads": report.loads,
        "findings": [
            {
                "id": finding.id,
                "severity": str(finding.severity),
                "message": finding.message,
                "evidence": list(finding.evidence),
                "remedy": finding.remedy,
            }
            for finding in report.findings
        ],
    }


def inspect_json(report: Report) -> dict[str, object]:
    """The document of ``plugdeck inspect --json``."""
    facts = report.facts
    elf = facts.elf if facts else None
    return {
        **check_json(report),
        "format": str(facts.format) if facts else None,
        "description": facts.description if facts else None,
        "machine": elf.machine_name if elf else None,
        "soname": elf.soname if elf else None,
        "needed": list(elf.needed) if elf else [],
        "build_id": elf.build_id if elf else None,
        "manifest": _manifest_json(report.manifest) if report.manifest else None,
        "symbols": [
            {"name": s.name, "kind": str(s.kind), "type": c_type, "address": s.address, "size": s.size_bytes}
            for s, c_type in _typed(report)
        ],
    }


def table(reports: Sequence[Report]) -> str:
    """The rows of ``plugdeck list``, in columns."""
    rows = [("NAME", "VERSION", "DIALECT", "STATUS", "STATE", "FILE")]
    for report in reports:
        version = report.manifest.version if report.manifest else ""
        dialect = str(report.dialect) if report.dialect else "-"
        cells = (report.name, version or "-", dialect, str(report.status), "not loaded", str(report.path))
        rows.append(tuple(visible(cell, 80 if index < 5 else None) for index, cell in enumerate(cells)))  # type: ignore[arg-type]
    return columns(rows)


def verdict_text(report: Report, host_name: str) -> str:
    """The status of one file with every finding, its evidence and its remedy."""
    loads = "loads" if report.loads else "does not load"
    lines = [f"{visible(str(report.path))}: {report.status} with {visible(host_name)} ({loads})"]
    for finding in report.findings:
        lines += _finding_lines(finding)
    return "\n".join(lines)


def facts_text(report: Report) -> str:
    """Everything known of one file, for a person."""
    lines = [verdict_text(report, "this machine")]
    facts = report.facts
    if facts:
        lines += ["", f"  file         {visible(facts.description)}, {facts.identity.size_bytes:,} bytes"]
    if facts and facts.elf:
        elf = facts.elf
        rows = (("soname", elf.soname or ""), ("needed", ", ".join(elf.needed)), ("build id", elf.build_id or ""))
        lines += [f"  {label:<12} {visible(value)}" for label, value in rows if value]
    if report.manifest and report.manifest.symbols:
        lines += _manifest_lines(report.manifest)
    symbols = list(_typed(report))
    if symbols:
        lines += ["", f"  {len(symbols)} symbols"]
        lines += [f"    {symbol.kind:<9} {visible(symbol.name)}  {visible(c_type or '')}" for symbol, c_type in symbols]
    return "\n".join(line.rstrip() for line in lines)


def result_text(result: object) -> str:
    """What a called function returned, for a terminal."""
    return visible(result) if isinstance(result, str) else json.dumps(result)


def result_json(result: object) -> object:
    """The same for a JSON document, which has no infinity and no NaN: those are the texts that Python prints."""
    return str(result) if isinstance(result, float) and not math.isfinite(result) else result


def bench_table(rows: Iterable[BenchRow]) -> str:
    """The rows of ``plugdeck bench``, in columns."""
    cells = [("PLUGIN", "MEASURED", "IN-APP", "WORKER", "RATIO")]
    for row in rows:
        ratio = f"{row.isolated / row.in_app:.2f}"
        times = (f"{row.in_app:,.2f} {row.unit}", f"{row.isolated:,.2f} {row.unit}")
        cells.append((visible(row.plugin), row.what, *times, ratio))
    return columns(cells)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _finding_lines(finding: Finding) -> list[str]:
    lines = [f"  {_MARK[finding.severity]} {finding.severity}: {visible(finding.message)}  [{finding.id}]"]
    lines += [f"      {visible(evidence)}" for evidence in finding.evidence]
    if finding.remedy:
        lines.append(f"    → {visible(finding.remedy)}")
    return lines


def _manifest_lines(manifest: Manifest) -> list[str]:
    rows = [
        ("plugin", f"{manifest.name} {manifest.version}".strip()),
        ("description", manifest.description),
        ("author", manifest.author),
        ("licence", manifest.licence),
        ("toolchain", manifest.toolchain),
        ("interfaces", ", ".join(manifest.interfaces)),
    ]
    lines = [""] + [f"  {label:<12} {visible(value)}" for label, value in rows if value]
    for parameter in manifest.parameters:
        span = (
            ", ".join(parameter.choices) or f"{parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}".strip()
        )
        text = f"{parameter.name} ({parameter.label}): {span}, {parameter.default:g} by default"
        lines.append(f"  parameter    {visible(text)}")
    return lines


def _manifest_json(manifest: Manifest) -> dict[str, object]:
    return {
        "name": manifest.name,
        "version": manifest.version,
        "author": manifest.author,
        "licence": manifest.licence,
        "description": manifest.description,
        "abi": ".".join(map(str, manifest.abi)) if manifest.abi else None,
        "toolchain": manifest.toolchain,
        "interfaces": list(manifest.interfaces),
        "parameters": [
            {
                "name": parameter.name,
                "label": parameter.label,
                "kind": str(parameter.kind),
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
                "default": parameter.default,
                "unit": parameter.unit,
                "choices": list(parameter.choices),
            }
            for parameter in manifest.parameters
        ],
    }


def _typed(report: Report) -> Iterable[tuple[BinarySymbol, str | None]]:
    types = report.manifest.types if report.manifest else {}
    exports = (report.facts.exports if report.facts else None) or ()
    return ((symbol, types.get(symbol.name)) for symbol in exports)
