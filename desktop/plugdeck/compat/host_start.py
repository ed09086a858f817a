"""Whether a program starts at all: its own loader refuses it for what it lacks, before it opens any plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.facts import ElfFacts, SymbolKind
from plugdeck.compat.binding import bind
from plugdeck.compat.closure import Closure
from plugdeck.compat.finding import Finding
from plugdeck.compat.host_findings import unable
from plugdeck.compat.library import Library
from plugdeck.compat.search import Search
from plugdeck.compat.symbol_scope import SymbolScope, UndefinedSymbols
from plugdeck.errors import BinaryFormatError

_BIND_NOW, _NOW = 0x8, 0x1  # DF_BIND_NOW, DF_1_NOW
_VARIABLES = frozenset({SymbolKind.VARIABLE, SymbolKind.THREAD_LOCAL})


def start_findings(name: str, closures: Sequence[Closure], scope: SymbolScope, search: Search) -> Iterator[Finding]:
    """The first reason why the program ends before its first line, if there is one.

    Args:
        name: the host's, for people.
        closures: of what the loader puts into the process, the program's own last.
        scope: of the symbols of the program and its libraries.
        search: of the program's loader.
    """
    problems = tuple(problem for closure in closures for problem in closure.problems)
    if problems:
        from plugdeck.compat.library_findings import library_findings

        found = next(library_findings(problems[:1], search))
        yield _unable(name, found, search)
        return
    program = closures[-1].libraries[0]
    linking = scope.linking(program)
    undefined = bind(scope, linking, closures[-1]).undefined if linking else ()
    is_lazy = scope.is_versioned  # musl looks for everything at once
    missing = [each for each in (map(_missed_at_start, undefined) if is_lazy else undefined) if each.symbols]
    if missing:
        from plugdeck.compat.origins import Origins
        from plugdeck.compat.symbol_findings import symbol_findings

        found = next(symbol_findings(missing[:1], Origins(closures[-1], search, scope), name))
        yield _unable(name, found, search)


def _unable(name: str, found: Finding, search: Search) -> Finding:
    here = (
        "Install what is missing; or, where a script starts the program, start Plugdeck with the LD_LIBRARY_PATH that "
        "the script sets."
    )
    remedy = "Put what is missing into that tree." if search.sysroot.folder else here
    return unable(name, f"cannot start. {found.message}", found.evidence, remedy)


def _missed_at_start(undefined: UndefinedSymbols) -> UndefinedSymbols:
    """Those that are looked for at once: a function of a library that is bound lazily is not before its first call."""
    library = undefined.needed_by
    if _binds_now(library.file.elf):
        return undefined
    variables = _variables_asked_for(library)
    return UndefinedSymbols(library, tuple(wanted for wanted in undefined.symbols if wanted[0] in variables))


def _binds_now(elf: ElfFacts) -> bool:
    return bool(elf.flags & _BIND_NOW or elf.flags_1 & _NOW)


def _variables_asked_for(library: Library) -> frozenset[str]:
    try:
        imports = read(library.file.place or Path(library.path)).imports or ()
    except BinaryFormatError:
        return frozenset()
    return frozenset(symbol.name for symbol in imports if symbol.kind in _VARIABLES)
