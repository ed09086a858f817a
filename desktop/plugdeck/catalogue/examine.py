"""One file's report: what it is, what it says of itself, and whether it fits the host."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.check import check
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.host import Host
from plugdeck.compat.library_files import ReadFacts
from plugdeck.dialects.judging import judge_contract
from plugdeck.dialects.manifest import Dialect, Manifest
from plugdeck.dialects.recognise import recognise
from plugdeck.errors import BinaryFormatError

read_tables: ReadFacts = partial(read, symbols=False, linking=True)
"""How a file to be judged is read when there is no cache of facts."""
_WEIGHT = {severity: place for place, severity in enumerate(Severity)}


def examine(path: str | os.PathLike[str], host: Host | None = None, *, symbols: bool = True) -> Report:
    """The report on the file at ``path``, whatever is there: nothing of it is executed, and no file raises.

    Args:
        path: Any path; links are followed, in the tree of another machine to where they lead there.
        host: What would load the file; Plugdeck's own worker when None.
        symbols: Whether the report lists the symbols. The verdict takes them into account either way.
    """
    path, host = Path(path), host or Host.default()
    try:
        facts = read_at(path, host, read) if symbols else read_for_verdict(path, host)
        report = judge(facts, host)
    except BinaryFormatError as error:
        return unreadable(path, error)
    return report if symbols else without_symbols(report)


def read_at(path: Path, host: Host, read_facts: ReadFacts) -> BinaryFacts:
    """The facts of the file that the host would find at this path.

    Raises:
        BinaryFormatError: as ``binary.read`` does.
    """
    facts = read_facts(host.resolver.search.sysroot.place_of(path) if host.resolver else path)
    return facts if facts.path == path else replace(facts, path=path, place=facts.path)


def read_for_verdict(path: Path, host: Host, read_facts: ReadFacts = read_tables) -> BinaryFacts:
    """The facts that a verdict takes. Symbols are listed only for a plugin whose promises are held against them: that
    takes several times as long as reading what the loader does.

    Raises:
        BinaryFormatError: as ``binary.read`` does.
    """
    facts = read_at(path, host, read_facts)
    manifest, _ = recognise(facts)
    return read_at(path, host, read) if manifest and manifest.dialect is Dialect.SDK else facts


def without_symbols(report: Report) -> Report:
    """The same verdict, in a report that takes little memory: that of a list of files."""
    if report.facts is None:
        return report
    return replace(report, facts=replace(report.facts, exports=None, imports=None, linking=None))


def judge(facts: BinaryFacts, host: Host) -> Report:
    """The report that follows from a file's facts."""
    manifest, said = recognise(facts)
    findings = (*check(facts, host), *judge_contract(facts, manifest, host), *said)
    if len(findings) > 1:
        findings = tuple(sorted(findings, key=lambda finding: _WEIGHT[finding.severity]))
    return Report(facts.path, status_of(manifest, findings), findings, facts, manifest)


def library_that_fits(facts: BinaryFacts) -> Report:
    """The report on a mere library that is known to fit the host, from the same file under another name."""
    manifest, said = recognise(facts)
    return Report(facts.path, status_of(manifest, said), said, facts, manifest)


def unreadable(path: Path, error: BinaryFormatError) -> Report:
    """The report on a file that cannot be read at all, or is damaged."""
    finding = Finding("file.unreadable", Severity.ERROR, _sentence(str(error)), (), error.remedy, stops_load=True)
    return Report(path, Status.UNREADABLE, (finding,))


def status_of(manifest: Manifest | None, findings: tuple[Finding, ...]) -> Status:
    """What no host could use as a plugin is that first of all. A library without a contract that is known here may be
    another program's plugin, so all that can be said of it is whether it loads."""
    if manifest is None:
        return Status.NOT_A_PLUGIN
    if manifest.dialect is Dialect.LIBRARY:
        loads = not any(finding.stops_load for finding in findings)
        return Status.NOT_A_PLUGIN if loads else Status.INCOMPATIBLE
    worst = findings[0].severity if findings else Severity.INFO
    return {Severity.ERROR: Status.INCOMPATIBLE, Severity.WARNING: Status.WARNING}.get(worst, Status.COMPATIBLE)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
