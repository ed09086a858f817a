"""Findings about what a file needs: libraries that are not found, not taken, or too old."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from plugdeck.compat.closure import MissingLibrary, MissingVersions, Problem
from plugdeck.compat.elsewhere import copies_elsewhere, elsewhere_remedy
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.library import Library
from plugdeck.compat.library_files import LibraryFile, Refusal
from plugdeck.compat.packages import packages_of
from plugdeck.compat.remedies import install_remedy, is_c_library, newest, rebuild_remedy
from plugdeck.compat.search import CACHE, DEFAULT_FOLDER, Place, Search, Trail
from plugdeck.text import visible

_MOST_PLACES = 60
"""Lines of evidence; more are only there in files that are made to annoy."""
_MOST_ABOVE = 10
"""Libraries on the way to the culprit; no real plugin has more between itself and what it lacks."""
_MOST_LOOKED_AT = 100
"""Places behind the one that was taken."""


def library_findings(problems: tuple[Problem, ...], search: Search) -> Iterator[Finding]:
    """One finding a problem, in the order in which the loader would meet them."""
    for problem in problems:
        if isinstance(problem, MissingLibrary):
            yield _missing_library(problem, search)
        else:
            yield _missing_versions(problem, search)


def _missing_library(problem: MissingLibrary, search: Search) -> Finding:
    trail = search.trail(problem.name, problem.needed_by)
    left_out = search.left_out(problem.name, problem.needed_by)
    evidence = _searched(problem, trail, left_out)
    for place, refusal in reversed(trail):
        if refusal:
            return _refused_library(problem, place, refusal, evidence)
    packages = packages_of(search.sysroot.folder or "/")
    relatives = ", ".join(map(visible, search.relatives(problem.name)))
    also = (f"here in another version, which is not interchangeable: {relatives}",) if relatives else ()
    # A C library from elsewhere would be the second in its process.
    has_copies = not left_out and not is_c_library(problem.name)
    copies = copies_elsewhere(problem.name, problem.needed_by, search, packages) if has_copies else ()
    outside = tuple(f"here, but not searched: {copy.label}" for copy in copies)
    if left_out:
        remedy = f"Link {problem.needed_by.label} without -z nodefaultlib."
    elif copies:
        remedy = elsewhere_remedy(copies[0], search.sysroot)
    else:
        remedy = install_remedy(problem.name, packages, is_musl=search.is_musl)
    return Finding(
        "loader.library-not-found",
        Severity.ERROR,
        f"The library {visible(problem.name)} was not found; {needed_by_words(problem.needed_by)} needs it.",
        (*evidence, *also, *outside),
        remedy,
        stops_load=True,
    )


def _refused_library(problem: MissingLibrary, place: Place, refusal: Refusal, evidence: tuple[str, ...]) -> Finding:
    name = visible(problem.name)
    is_other = refusal.is_other_machine
    return Finding(
        "loader.library-wrong-machine" if is_other else "loader.library-unusable",
        Severity.ERROR,
        f"The library {name} that {needed_by_words(problem.needed_by)} needs cannot be used: "
        f"{visible(place.path)} {refusal.reason}.",
        evidence,
        f"Install {name} for the same kind of machine." if is_other else f"Mend or replace {visible(place.path)}.",
        stops_load=True,
    )


def _searched(problem: MissingLibrary, trail: Trail, left_out: Place | None) -> tuple[str, ...]:
    """Each place in order, with what was there; the cache has its line also when it does not know the name."""
    name, lines, cache_at = problem.name, [], 0
    for place, refusal in trail:
        path = visible(place.path)
        lines.append(f"{place.source}: {path} {refusal.reason if refusal else 'does not exist'}")
        cache_at = len(lines) if place.source != DEFAULT_FOLDER else cache_at
    knows = any(place.source == CACHE for place, _ in trail)
    if not (knows or "/" in name or (trail and trail[-1][1] and trail[-1][1].ends_search)):
        is_listed = left_out and left_out.source == CACHE
        lines.insert(cache_at, f"{CACHE}: {'lists' if is_listed else 'does not list'} {visible(name)}")
    if left_out:
        flag = f"which the flag NODEFLIB of {problem.needed_by.label} leaves out"
        lines.append(f"{visible(left_out.path)} is in a default folder, {flag}")
    more = len(lines) - _MOST_PLACES
    return (*lines[:_MOST_PLACES], f"and {more} more places") if more > 0 else tuple(lines)


def _missing_versions(problem: MissingVersions, search: Search) -> Finding:
    provider = problem.provider
    needed = newest(problem.versions, problem.versions[0]) or problem.versions[0]
    offered = newest(provider.file.definitions, needed)
    here = f"the newest here is {visible(offered)}" if offered else f"{provider.label} here has no such version"
    later = _later_with(problem, search)
    evidence = (
        f"needed and not defined: {', '.join(map(visible, problem.versions))}",
        f"looked at: {visible(provider.path)}",
        *((f"has them, but comes later in the search: {later.source}: {visible(later.path)}",) if later else ()),
    )
    return Finding(
        "loader.version-missing",
        Severity.ERROR,
        f"{needed_by_words(problem.needed_by)} needs {visible(needed)} of {provider.label}; {here}.",
        evidence,
        _order_remedy(provider, later) if later else rebuild_remedy(needed, offered),
        stops_load=True,
    )


def _later_with(problem: MissingVersions, search: Search) -> Place | None:
    """Where another library of the same name has all the versions, behind the one that was taken."""
    for place in places_behind(problem, search):
        found = search.files.look(place.path)
        if isinstance(found, LibraryFile) and found.definitions.issuperset(problem.versions):
            return place
    return None


def places_behind(problem: MissingVersions, search: Search) -> Iterator[Place]:
    """Where another library of the same name is looked for, the one that was taken among them."""
    name = problem.provider.file.elf.soname or problem.provider.asked_as
    return islice(search.places(name, problem.needed_by), _MOST_LOOKED_AT)


def _order_remedy(provider: Library, later: Place) -> str:
    older, newer = visible(provider.path), visible(later.path)
    return (
        f"Remove {older}, or the search folder that leads to it: {newer} has what is needed, but comes later. Or start "
        f"the host with LD_PRELOAD={newer}"
    )


def needed_by_words(library: Library) -> str:
    """``plugin.so``, or ``libb.so (needed by liba.so, needed by plugin.so)``; of a long way, its two ends."""
    first, *above = reversed(library.chain)
    words = [f"needed by {label}" for label in above]
    left_out = len(words) - _MOST_ABOVE
    if left_out > 1:
        words[_MOST_ABOVE - 1 : -1] = [f"… needed by {left_out:,} more …"]
    return f"{first} ({', '.join(words)})" if words else first
