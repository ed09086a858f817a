"""``plugdeck check``: the verdict on each file as soon as it is known, and a summary of many."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from plugdeck import cli_json, cli_text
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report, Status

if TYPE_CHECKING:
    from plugdeck.compat.host import Host
    from plugdeck.compat.host_choice import HostChoice

_REFUSED = {Status.INCOMPATIBLE, Status.UNREADABLE}


def check_files(options: argparse.Namespace, choice: HostChoice) -> int:
    """Prints the verdicts; 1 when a file does not fit, else 0."""
    host = choice.host()
    reports = (examine(path, host, symbols=False) for path in options.files)
    statuses = _print_json(reports) if options.json else _print_text(reports, host, options)
    return 1 if _REFUSED.intersection(statuses) else 0


def _print_text(reports: Iterator[Report], host: Host, options: argparse.Namespace) -> list[Status]:
    """One file gets its host's name; of many, each is a line with its reasons, and the last line counts them."""
    are_many = len(options.files) > 1
    statuses = []
    for report in reports:
        print(cli_text.verdict_text(report, "" if are_many else host.name))
        statuses.append(report.status)
    if are_many:
        print(cli_text.summary_text(statuses, host.name))
    return statuses


def _print_json(reports: Iterator[Report]) -> list[Status]:
    rows, statuses = [], []
    for report in reports:
        rows.append(cli_json.check_json(report))
        statuses.append(report.status)
    print(json.dumps(rows, ensure_ascii=True, allow_nan=False, indent=2))
    return statuses
