"""``plugdeck inspect`` and ``plugdeck diff``: all that can be read of one file, and what changed between two."""

from __future__ import annotations

import argparse

from plugdeck import cli_json, cli_text
from plugdeck.binary.build_facts import BuildFacts, read_build_facts
from plugdeck.catalogue.build_rows import build_rows
from plugdeck.catalogue.difference import compare
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.go_rows import go_rows, read_go
from plugdeck.catalogue.report import Report
from plugdeck.compat.host import Host
from plugdeck.trust.authors import Authors
from plugdeck.trust.signatures import signature_of_file


def inspect_file(options: argparse.Namespace, host: Host) -> int:
    """Prints what the file is, says of itself and was built with; 1 for one that cannot be read."""
    report = examine(options.file, host)
    source = report.facts.source if report.facts else options.file
    build, go = _build_of(report), read_go(source)
    signature = signature_of_file(source, Authors()) if report.facts else None
    if options.json:
        cli_json.print_json(cli_json.inspect_json(report, build, signature, go))
    else:
        rows = (*(build_rows(build) if build else ()), *(go_rows(go) if go else ()))
        print(cli_text.facts_text(report, rows, host.name, signature))
    return 0 if report.facts else 1


def compare_files(options: argparse.Namespace, host: Host) -> int:
    """Prints what callers of the old build lose and get; 0 the same interface, 1 another, 2 not comparable."""
    old, new = examine(options.old, host), examine(options.new, host)
    builds = _build_of(old), _build_of(new)
    difference = compare(old, new, (builds[0], builds[1]) if builds[0] and builds[1] else None)
    if options.json:
        cli_json.print_json(cli_json.diff_json(difference))
    else:
        print("\n".join(difference.lines()))
    if difference.gaps:
        return 2
    return 0 if difference.can_replace else 1


def _build_of(report: Report) -> BuildFacts | None:
    """How the file was built; None for what is no ELF file, or cannot be read."""
    return read_build_facts(report.facts.source) if report.facts and report.facts.elf else None
