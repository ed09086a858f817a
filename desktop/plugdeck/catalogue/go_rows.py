"""What a file says of the Go that built it, in words and as JSON: of plugins, their hosts, and C libraries from Go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

if TYPE_CHECKING:
    from plugdeck.dialects.go.facts import GoFile, GoModule

Row = tuple[str, str]
Json = dict[str, object]


def read_go(path: Path) -> GoFile | None:
    """What the file says of itself as one of Go's; None for every other file, and for one that cannot be read."""
    from plugdeck.dialects.go.reading import read_go_file

    try:
        return read_go_file(path)
    except BinaryFormatError:
        return None


def go_rows(file: GoFile) -> tuple[Row, ...]:
    """Label and value, row by row, fit to be shown; a value may have several lines."""
    return tuple((label, "\n".join(map(visible, lines))) for label, *lines in _rows(file) if any(lines))


def _rows(file: GoFile) -> Iterator[tuple[str, ...]]:
    yield "Go", file.toolchain or "not said"
    yield "Plugin path", file.plugin_path
    if file.build:
        yield "Main package", file.build.package
        yield "Main module", _module_words(file.build.main) if file.build.main else ""
        yield "Modules", *map(_module_words, file.build.dependencies)
        yield "Build settings", *[f"{name}={value}" for name, value in file.build.settings.items()]
    yield "Packages", f"{len(file.hashes):,} with a link hash" if file.hashes else ""
    yield (
        "Methods",
        *[f"{symbol.name}.{method.name}  {method.type}" for symbol in file.symbols for method in symbol.methods],
    )
    yield "Not known", *file.unknown


def go_json(file: GoFile) -> Json:
    """The same for ``inspect --json``."""
    build = file.build
    return {
        "mode": str(file.mode) or None,
        "toolchain": file.toolchain or None,
        "plugin_path": file.plugin_path or None,
        "package": build.package if build else None,
        "module": _module_json(build.main) if build and build.main else None,
        "dependencies": [_module_json(module) for module in build.dependencies] if build else None,
        "settings": dict(build.settings) if build else None,
        "packages": {name: value.hex() for name, value in file.hashes.items()},
        "methods": {
            symbol.name: {method.name: method.type or None for method in symbol.methods}
            for symbol in file.symbols
            if symbol.methods
        },
        "unknown": list(file.unknown),
    }


def _module_words(module: GoModule) -> str:
    words = " ".join(part for part in (module.path, module.version, module.sum) if part)
    return f"{words} => {_module_words(module.replacement)}" if module.replacement else words


def _module_json(module: GoModule) -> Json:
    replaced = {"replacement": _module_json(module.replacement)} if module.replacement else {}
    return {"path": module.path, "version": module.version, "sum": module.sum, **replaced}
