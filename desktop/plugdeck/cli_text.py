"""What the command line prints for people.

Every string that comes from a file goes through ``visible`` on its way to a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from plugdeck.text import visible

if TYPE_CHECKING:
    from plugdeck.catalogue.build_rows import Row
    from plugdeck.catalogue.report import Report, Status
    from plugdeck.chain.bench import BenchRow
    from plugdeck.chain.bench_users import CallCosts
    from plugdeck.compat.finding import Finding
    from plugdeck.dialects.manifest import Manifest
    from plugdeck.trust.signatures import Signature

_MARK = {"error": "✗", "warning": "!", "info": "·"}


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
    """The status of one file on one line, and under it every finding with its evidence and its remedy."""
    lines = [_verdict_line(report, f" with {visible(host_name)}")]
    for finding in report.findings:
        lines += _finding_lines(finding)
    return "\n".join(lines)


def brief_verdict_text(report: Report) -> str:
    """The same for one of many files: without the host, and without what is no reason for or against the file."""
    lines = [_verdict_line(report, "")]
    for finding in report.findings:
        if finding.severity != "info":
            lines += _finding_lines(finding)
    return "\n".join(lines)


def summary_text(verdicts: Sequence[tuple[Status, bool]], host_name: str, *, together: bool = False) -> str:
    """The last line of a check of many files: ``3 files with sh: 2 compatible, 1 incompatible; 2 would load``."""
    statuses = [status for status, _loads in verdicts]
    kinds = sorted(set(statuses), key=[*type(statuses[0])].index)
    counts = ", ".join(f"{statuses.count(kind):,} {kind}" for kind in kinds)
    loading = sum(loads for _status, loads in verdicts)
    where = " together, in one process" if together else ""
    return f"{len(statuses):,} files with {visible(host_name)}: {counts}; {loading:,} would load{where}"


def facts_text(report: Report, build: Sequence[Row], host_name: str, signature: Signature | None) -> str:
    """Everything known of one file, for a person."""
    lines = [verdict_text(report, host_name)]
    facts = report.facts
    if facts:
        lines += ["", f"  file         {visible(facts.description)}, {facts.identity.size_bytes:,} bytes"]
    if facts and facts.elf:
        elf = facts.elf
        rows = (("soname", elf.soname or ""), ("needed", ", ".join(elf.needed)))
        lines += [f"  {label:<12} {visible(value)}" for label, value in rows if value]
    if signature:
        lines.append(f"  signature    {visible(signature.words)}")
    if report.manifest and report.manifest.symbols:
        lines += _manifest_lines(report.manifest)
    if build:
        lines += ["", "  how it was built"]
    for label, value in build:
        first, *others = value.split("\n")
        lines += [f"    {label:<18} {first}", *(f"{'':<23}{line}" for line in others)]
    return "\n".join(line.rstrip() for line in (*lines, *_symbol_lines(report)))


def result_text(result: object) -> str:
    """What a called function returned, for a terminal."""
    import json

    return visible(result) if isinstance(result, str) else json.dumps(result)


def bench_table(rows: Iterable[BenchRow]) -> str:
    """The rows of ``plugdeck bench``, in columns."""
    cells = [("PLUGIN", "MEASURED", "IN-APP", "WORKER", "RATIO")]
    for row in rows:
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}"
        cells.append((visible(row.plugin), row.what, _time(row.in_app, row.unit), _time(row.isolated, row.unit), ratio))
    return columns(cells)


def calls_table(rows: Iterable[CallCosts]) -> str:
    """What the same calls cost in each way, in columns."""
    cells = [("CALL", "IN GO", "GO PLUGIN", "SDK, IN-APP", "SDK, WORKER", "GO, RUNNER")]
    for row in rows:
        times = (row.go_direct, row.go_plugin, row.sdk_in_app, row.sdk_worker, row.go_runner)
        direct, plugin, in_app, worker, runner = (_time(each, "ns") for each in times)
        cells.append((row.call, direct, plugin, in_app, worker, runner))
    return columns(cells)


def _time(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:,.2f} {unit}"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _verdict_line(report: Report, host: str) -> str:
    loads = "loads" if report.loads else "does not load"
    return f"{visible(str(report.path))}: {report.status}{host} ({loads})"


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


def _symbol_lines(report: Report) -> list[str]:
    """Each exported symbol with its declared type, or the name that its author wrote."""
    from plugdeck.compat.demangle import demangled

    exports = report.symbols or ()
    types = report.manifest.types if report.manifest else {}
    lines = ["", f"  {len(exports)} symbols"] if exports else []
    for symbol in exports:
        name = demangled(symbol.name)
        said = types.get(symbol.name) or (name if name != symbol.name else "")
        lines.append(f"    {symbol.kind:<9} {visible(symbol.name)}  {visible(said)}")
    return lines
