"""The work of a scan: facts through the cache, a verdict on each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from plugdeck.catalogue.examine import judge, settle, unreadable
from plugdeck.catalogue.facts_cache import FactsCache
from plugdeck.catalogue.listing import Listing
from plugdeck.catalogue.report import Report
from plugdeck.compat.host import Host
from plugdeck.errors import BinaryFormatError

_LOOKED_UP_AT_ONCE = 250


def scan_folders(listing: Listing) -> Iterator[Report]:
    """A report on each candidate, in the order of the listing, without its symbols but with the status they give."""
    with FactsCache() as cache:
        host = Host.default(cache.read)
        paths = listing.paths()
        while chunk := list(islice(paths, _LOOKED_UP_AT_ONCE)):
            cache.preload(chunk)
            for path in chunk:
                yield _report(Path(path), cache, host)


def _report(path: Path, cache: FactsCache, host: Host) -> Report:
    try:
        return settle(judge(cache.read(path), host), host)
    except BinaryFormatError as error:
        return unreadable(path, error)
