"""Which verdicts a change in a folder may have altered, beside those on the changed files themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from plugdeck.catalogue.report import Report


def affected(changed: Iterable[Path], reports: Mapping[Path, Report]) -> set[Path]:
    """The files among ``reports`` that ask for a changed one by name, and those that ask for these, and so on.

    Names are all that counts, so a file that finds its library elsewhere is among them too: a verdict more is made
    anew, and none is missed.
    """
    users: dict[str, list[Path]] = {}
    for path, report in reports.items():
        for name in _needed(report):
            users.setdefault(name, []).append(path)
    waiting, found = list(changed), set[Path]()
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        fresh = {user for name in _names(path, reports.get(path)) for user in users.get(name, ())} - seen
        seen |= fresh
        found |= fresh
        waiting += fresh
    return found


def _needed(report: Report) -> set[str]:
    elf = report.facts.elf if report.facts else None
    return {name.rpartition("/")[2] for name in elf.needed} if elf else set()


def _names(path: Path, report: Report | None) -> set[str]:
    """What the file may be asked for as; its soname may be a link to it."""
    soname = report.facts.elf.soname if report and report.facts and report.facts.elf else None
    return {path.name, soname} if soname else {path.name}
