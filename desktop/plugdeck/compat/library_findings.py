"""Findings about what a file needs: libraries that are not found, not taken, or too old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plugdeck.compat.closure import MissingLibrary, MissingVersions, Problem
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.library_files import Refusal
from plugdeck.compat.remedies import install_remedy, newest, rebuild_remedy
from plugdeck.compat.search import CACHE, DEFAULT_FOLDER, Library, Place, Search, Trail
from plugdeck.compat.symbol_scope import UndefinedSymbols, Wanted
from plugdeck.text import visible

_MOST_PLACES = 60
"""Lines of evidence; more are only there in files that are made to annoy."""
_MOST_NAMED = 20
"""Symbols listed by name; a file for another program can lack thousands."""


def library_findings(problems: tuple[Problem, ...], search: Search) -> Iterator[Finding]:
    """One finding a problem, in the order in which the loader would meet them."""
    for problem in problems:
        if isinstance(problem, MissingLibrary):
            yield _missing_library(problem, search)
        else:
            yield _missing_versions(problem)


def _missing_library(problem: MissingLibrary, search: Search) -> Finding:
    trail = search.trail(problem.name, problem.needed_by)
    evidence = _searched(problem.name, trail)
    for place, refusal in reversed(trail):
        if refusal:
            return _refused_library(problem, place, refusal, evidence)
    relatives = ", ".join(map(visible, search.relatives(problem.name)))
    also = (f"here in another version, which is not interchangeable: {relatives}",) if relatives else ()
    return Finding(
        "loader.library-not-found",
        Severity.ERROR,
        f"The library {visible(problem.name)} was not found; {_needed_by(problem.needed_by)} needs it.",
        (*evidence, *also),
        install_remedy(problem.name),
        stops_load=True,
    )


def _refused_library(problem: MissingLibrary, place: Place, refusal: Refusal, evidence: tuple[str, ...]) -> Finding:
    name = visible(problem.name)
    is_other = refusal.is_other_machine
    return Finding(
        "loader.library-wrong-machine" if is_other else "loader.library-unusable",
        Severity.ERROR,
        f"The library {name} that {_needed_by(problem.needed_by)} needs cannot be used: "
        f"{visible(place.path)} {refusal.reason}.",
        evidence,
        f"Install {name} for the same kind of machine." if is_other else f"Mend or replace {visible(place.path)}.",
        stops_load=True,
    )


def _searched(name: str, trail: Trail) -> tuple[str, ...]:
    """Each place in order, with what was there; the cache has its line also when it does not know the name."""
    lines, cache_at = [], 0
    for place, refusal in trail:
        path = visible(place.path)
        lines.append(f"{place.source}: {path} {refusal.reason if refusal else 'does not exist'}")
        cache_at = len(lines) if place.source != DEFAULT_FOLDER else cache_at
    knows = any(place.source == CACHE for place, _ in trail)
    if not (knows or "/" in name or (trail and trail[-1][1] and trail[-1][1].ends_search)):
        lines.insert(cache_at, f"{CACHE}: does not list {visible(name)}")
    left_out = len(lines) - _MOST_PLACES
    return (*lines[:_MOST_PLACES], f"and {left_out} more places") if left_out > 0 else tuple(lines)


def _missing_versions(problem: MissingVersions) -> Finding:
    provider = problem.provider
    needed = newest(problem.versions, problem.versions[0]) or problem.versions[0]
    offered = newest(provider.file.definitions, needed)
    here = f"the newest here is {visible(offered)}" if offered else f"{provider.label} here has no such version"
    return Finding(
        "loader.version-missing",
        Severity.ERROR,
        f"{_needed_by(problem.needed_by)} needs {visible(needed)} of {provider.label}; {here}.",
        (
            f"needed and not defined: {', '.join(map(visible, problem.versions))}",
            f"looked at: {visible(provider.path)}",
        ),
        rebuild_remedy(needed, offered),
        stops_load=True,
    )


def symbol_findings(undefined: Iterable[UndefinedSymbols]) -> Iterator[Finding]:
    """One finding a library that asks for symbols in vain."""
    for each in undefined:
        first, count = _symbol(each.symbols[0]), len(each.symbols)
        more = f" and {count - 1} more" if count > 1 else ""
        names = [_symbol(wanted) for wanted in each.symbols[:_MOST_NAMED]]
        yield Finding(
            "loader.symbol-not-found",
            Severity.ERROR,
            f"Nothing defines the symbol {first}{more}; {_needed_by(each.needed_by)} needs {'them' if more else 'it'}.",
            (f"undefined: {', '.join(names)}{', …' if count > _MOST_NAMED else ''}",),
            "Link it with the library that defines the symbol. If the program that the plugin is made for defines it, "
            "name that program as the host.",
            stops_load=True,
        )


def _symbol(wanted: Wanted) -> str:
    name, version = wanted
    return visible(f"{name}@{version}" if version else name, 200)


def _needed_by(library: Library) -> str:
    """``plugin.so``, or ``libb.so (needed by liba.so, needed by plugin.so)``."""
    first, *above = reversed(library.chain)
    return f"{first} ({', '.join(f'needed by {label}' for label in above)})" if above else first
