"""The work of a scan: kept verdicts where nothing that they depend on has changed, new ones for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path

from plugdeck.binary.facts import FileIdentity
from plugdeck.catalogue.examine import judge, library_that_fits, read_for_verdict, unreadable, without_symbols
from plugdeck.catalogue.known_files import KnownFiles, numbers_of
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.report import Report
from plugdeck.catalogue.report_json import report_from_json, report_to_json
from plugdeck.catalogue.sharing import PIECE
from plugdeck.catalogue.verdict_cache import KeptReport, VerdictCache
from plugdeck.compat.dependencies import Dependencies, Numbers, circumstances, look_for, starting_places
from plugdeck.compat.host import Host
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.dialects.library.recognise import NO_CONTRACT
from plugdeck.dialects.manifest import Dialect
from plugdeck.errors import BinaryFormatError

_encode = json.JSONEncoder(separators=(",", ":")).encode


def scan_folders(listing: Listing, choice: HostChoice = WORKER) -> Iterator[Report]:
    """A report on each candidate, in the order of the listing, without its symbols but with the verdict they give."""
    for kept, report in _scan(listing.paths(), choice):
        yield without_symbols(report) if report else opened(kept)


def opened(kept: KeptReport) -> Report:
    """The report that a scan gives as JSON.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    identity = FileIdentity(*kept.numbers) if kept.numbers else None
    return report_from_json(json.loads(kept.body), Path(kept.path), identity)


def scan_bodies(paths: Iterable[str], choice: HostChoice) -> Iterator[KeptReport]:
    """Reports on these files as JSON, which those that were kept are already."""
    return (kept for kept, _ in _scan(paths, choice))


def make_cache(choice: HostChoice) -> None:
    """Makes the file of kept verdicts, if there is none."""
    with _cache(choice):
        pass


def _cache(choice: HostChoice) -> VerdictCache:
    return VerdictCache(circumstances(choice), look=look_for(choice))


def _scan(paths: Iterable[str], choice: HostChoice) -> Iterator[tuple[KeptReport, Report | None]]:
    """Each report as JSON, and as it is if it was made now."""
    with _cache(choice) as cache:
        judging = _Judging(choice, cache)
        waiting = iter(paths)
        while chunk := list(islice(waiting, PIECE)):
            cache.preload(chunk)
            for path in chunk:
                known = cache.find(path)
                yield (known, None) if known else judging.judge(path)


class _Judging:
    """Makes verdicts anew; the host is read when the first is to be made."""

    def __init__(self, choice: HostChoice, cache: VerdictCache) -> None:
        self._choice = choice
        self._cache = cache
        self._files = KnownFiles()
        self._alike: dict[Numbers, Mapping[str, Numbers]] = {}
        """What verdicts depend on that hold for the file under any of its names."""

    def judge(self, path: str) -> tuple[KeptReport, Report]:
        try:
            facts = read_for_verdict(Path(path), self._host, self._files.read)
            places = None if "$" in path else self._alike.get(numbers_of(facts))
            report = judge(facts, self._host) if places is None else library_that_fits(facts)
        except BinaryFormatError as error:
            report = unreadable(Path(path), error)
            return KeptReport(path, (), _body(report)), report
        kept = KeptReport(path, numbers_of(facts), _body(report))
        if report.manifest is None or report.manifest.dialect is not Dialect.GO:  # that depends on toolchains too
            if places is None:
                places = self._dependencies.of(facts, is_refused=not report.loads)
            self._cache.keep(kept, places)
            if _is_same_anywhere(report):
                self._alike[kept.numbers] = places
        return kept, report

    @cached_property
    def _host(self) -> Host:
        before = starting_places(self._choice)
        host = self._choice.host(self._files.read_library)
        self._cache.keep_host({**(host.resolver.search.files.stamps if host.resolver else {}), **before})
        return host

    @cached_property
    def _dependencies(self) -> Dependencies:
        return Dependencies(self._host, look_for(self._choice))


def _is_same_anywhere(report: Report) -> bool:
    """Whether the file fits, as a mere library, and would under another name: its path is no part of any search."""
    elf = report.facts.elf if report.facts else None
    if elf is None or report.dialect is not Dialect.LIBRARY or report.findings != (NO_CONTRACT,):
        return False
    asked_for = (*elf.needed, *elf.details.filters, *elf.details.auxiliaries)
    return not (elf.rpath or elf.runpath or any("$" in name for name in asked_for))


def _body(report: Report) -> str:
    return _encode(report_to_json(report))
