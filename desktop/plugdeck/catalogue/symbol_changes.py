"""What changed in the exported symbols from one build to another: the interface that linked callers rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from plugdeck.binary.facts import BinaryFacts, BinarySymbol, Binding, SymbolKind
from plugdeck.catalogue.change import Change, ChangeKind, Effect, added, changed, removed
from plugdeck.compat.demangle import demangled

# What linkers and start files put into a file; nobody calls them by name.
_MADE_BY_LINKERS = {"_init", "_fini", "_edata", "_end", "_etext", "__bss_start", "__data_start", "_fbss", "_ftext"}
_FUNCTIONS = {SymbolKind.FUNCTION, SymbolKind.INDIRECT_FUNCTION}
_SIZED = {SymbolKind.VARIABLE, SymbolKind.THREAD_LOCAL}
# Each file that uses a template or inline function of C++'s standard library brings its own copy.
_STANDARD_CPP = ("_ZNSt", "_ZNKSt", "_ZSt", "_ZTISt", "_ZTSSt", "_ZTVSt", "_ZNSs", "_ZNKSs", "_ZN9__gnu_cxx")

_Key = tuple[str, str | None]


def symbol_changes(old: BinaryFacts, new: BinaryFacts) -> Iterator[Change]:
    """Symbols that are gone, are another thing, or are new; in the order of their names."""
    was, now = _interface(old), _interface(new)
    defaults = {symbol.name: symbol for symbol in now.values() if symbol.version_is_default}
    has_versions = bool(new.elf and new.elf.version_definitions)
    for (name, version), symbol in sorted(was.items(), key=_by_name):
        successor = now.get((name, version))
        if version is None:
            successor = successor or defaults.get(name)  # what callers without a version get
        elif not has_versions:
            successor = successor or now.get((name, None))  # the loader warns, and takes it
        if successor is None:
            yield _removed(symbol)
        else:
            yield from _changed(symbol, successor)
    for key, symbol in sorted(now.items(), key=_by_name):
        if key not in was:
            yield added(_kind(symbol), symbol.name, _what(symbol), value=_versioned(symbol))


def _interface(facts: BinaryFacts) -> Mapping[_Key, BinarySymbol]:
    """What others can use, by name and version."""
    found: dict[_Key, BinarySymbol] = {}
    ignored = _MADE_BY_LINKERS.union(facts.elf.version_definitions if facts.elf else ())
    for symbol in facts.exports or ():
        if symbol.name not in ignored:
            found[symbol.name, symbol.version] = symbol
    return found


def _removed(symbol: BinarySymbol) -> Change:
    """Gone; for linked callers that matters unless they have a copy of their own."""
    has_copies = symbol.binding in {Binding.WEAK, Binding.UNIQUE} and symbol.name.startswith(_STANDARD_CPP)
    effect = Effect.DIFFERS if has_copies else Effect.BREAKS
    return removed(_kind(symbol), symbol.name, _what(symbol), value=_versioned(symbol), effect=effect)


def _changed(old: BinarySymbol, new: BinarySymbol) -> Iterator[Change]:
    if SymbolKind.OTHER in {old.kind, new.kind}:
        return
    if _kind(old) is not _kind(new) or (old.kind in _SIZED and new.kind is not old.kind):
        kinds = f"a {old.kind}", f"a {new.kind}"
        yield changed(ChangeKind.SYMBOL_KIND, old.name, _label(old), kinds, Effect.BREAKS)
    elif old.kind in _SIZED and old.size_bytes != new.size_bytes:
        # Programs copy such variables into themselves, by the size they were linked with.
        sizes = f"{old.size_bytes:,} bytes", f"{new.size_bytes:,} bytes"
        what = f"The size of the variable {_label(old)}"
        yield changed(ChangeKind.VARIABLE_SIZE, old.name, what, sizes, Effect.BREAKS)


def _kind(symbol: BinarySymbol) -> ChangeKind:
    if symbol.kind is SymbolKind.OTHER:
        return ChangeKind.SYMBOL
    return ChangeKind.FUNCTION if symbol.kind in _FUNCTIONS else ChangeKind.VARIABLE


def _what(symbol: BinarySymbol) -> str:
    """Kind and name, for the beginning of a sentence."""
    kind = "symbol" if symbol.kind is SymbolKind.OTHER else str(symbol.kind)
    return f"The {kind} {_label(symbol)}"


def _label(symbol: BinarySymbol) -> str:
    """The name as its author wrote it, and the version."""
    return f"{demangled(symbol.name)}{f' ({symbol.version})' if symbol.version else ''}"


def _versioned(symbol: BinarySymbol) -> str:
    """``name@VERSION``, as other tools print it."""
    return f"{symbol.name}@{symbol.version}" if symbol.version else symbol.name


def _by_name(item: tuple[_Key, BinarySymbol]) -> tuple[str, str]:
    name, version = item[0]
    return name, version or ""
