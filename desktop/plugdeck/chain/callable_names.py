"""What of a plugin can be called by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.manifest import Dialect, Manifest


def callable_names(path: Path, manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """Each name with its type: functions, and of Go the methods of values too. Reads a Go file again: blocks.

    Raises:
        BinaryFormatError: the file cannot be read any more.
    """
    functions = [(each.name, each.c_type) for each in manifest.symbols if each.kind is SymbolKind.FUNCTION]
    methods = _methods(path) if manifest.dialect is Dialect.GO else ()
    return tuple(sorted((*functions, *methods)))


def _methods(path: Path) -> Iterator[tuple[str, str]]:
    from plugdeck.dialects.go.reading import read_go_file

    file = read_go_file(path)
    for symbol in file.symbols if file else ():
        for method in symbol.methods:
            yield f"{symbol.name}.{method.name}", method.type
