"""Findings about symbols that nothing in the process would define."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plugdeck.compat.demangle import demangled
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.library_findings import needed_by_words
from plugdeck.compat.origins import Origin, Origins
from plugdeck.compat.remedies import symbol_remedy
from plugdeck.compat.symbol_scope import UndefinedSymbols, Wanted
from plugdeck.text import visible

_MOST_NAMED = 20
"""Symbols listed by name; a file for another program can lack thousands."""
_MOST_TRACED = 3
"""Symbols whose origin is looked for; the others mostly have the same."""
_MOST_LETTERS = 200


def symbol_findings(undefined: Iterable[UndefinedSymbols], origins: Origins, host: str) -> Iterator[Finding]:
    """One finding a library that asks for symbols in vain.

    Args:
        undefined: What the scope did not find.
        origins: What the system knows of other places.
        host: The host's name, for people.
    """
    for each in undefined:
        first, count = each.symbols[0], len(each.symbols)
        more = f" and {count - 1} more" if count > 1 else ""
        traced = [origins.of(wanted, each.needed_by) for wanted in each.symbols[:_MOST_TRACED]]
        yield Finding(
            "loader.symbol-not-found",
            Severity.ERROR,
            f"Nothing defines the symbol {_plain(first)}{more}; {needed_by_words(each.needed_by)} needs "
            f"{'them' if more else 'it'}.",
            tuple(_evidence(each, traced, host)),
            _remedy(first, traced),
            stops_load=True,
        )


def _evidence(undefined: UndefinedSymbols, traced: list[Origin | None], host: str) -> Iterator[str]:
    named = undefined.symbols[:_MOST_NAMED]
    for wanted, origin in zip(named, [*traced, *[None] * len(named)], strict=False):
        yield f"undefined: {_in_full(wanted)}{f'; {origin.words}' if origin else ''}"
    if len(undefined.symbols) > _MOST_NAMED:
        yield f"and {len(undefined.symbols) - _MOST_NAMED} more"
    yield (
        f"searched: {host} with its libraries, which do not export "
        f"{'it' if len(undefined.symbols) == 1 else 'them'}; then the file and all that it needs"
    )


def _remedy(first: Wanted, traced: list[Origin | None]) -> str:
    """That of a program or library which is nearly the right one; then that for such names; then that of a library
    which has them all."""
    near = next((origin for origin in traced if origin and origin.is_meant), None)
    known = symbol_remedy(demangled(first[0]))
    if near:
        return near.remedy
    return traced[0].remedy if known == symbol_remedy("") and traced[0] and all(traced) else known


def _plain(wanted: Wanted) -> str:
    """As people write it, with the version that is asked for."""
    name, version = wanted
    return visible(f"{demangled(name)}{f'@{version}' if version else ''}", _MOST_LETTERS)


def _in_full(wanted: Wanted) -> str:
    """As people write it, and as the linker does where that differs."""
    plain, linkers = demangled(wanted[0]), wanted[0]
    shown = _plain(wanted)
    return shown if plain == linkers else f"{shown} (mangled: {visible(linkers, 2 * _MOST_LETTERS)})"
