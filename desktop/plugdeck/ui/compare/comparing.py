"""Comparing two files off the GUI thread: both are read anew, with their symbols, and none is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.errors import BinaryFormatError

if TYPE_CHECKING:
    from plugdeck.catalogue.difference import Builds, Difference
    from plugdeck.catalogue.report import Report


def compare_files(old: Path, new: Path, choice: HostChoice = WORKER) -> Difference:
    """The changes from one file to the other, both judged for a host. Blocks; any thread."""
    from plugdeck.catalogue.difference import compare
    from plugdeck.catalogue.examine import examine

    host = choice.host()
    reports = examine(old, host), examine(new, host)
    return compare(*reports, _builds(*reports))


def _builds(old: Report, new: Report) -> Builds | None:
    """How both were built; None where that cannot be read, which the verdicts say more about."""
    from plugdeck.binary.build_facts import read_build_facts

    if not (old.facts and new.facts):
        return None
    try:
        return read_build_facts(old.facts.source), read_build_facts(new.facts.source)
    except BinaryFormatError:
        return None
