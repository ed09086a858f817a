"""Our modules compiled ahead: a worker may write nothing, so what only workers import it would compile each time."""

from __future__ import annotations

import os
import py_compile
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from plugdeck import paths

_PACKAGE = Path(paths.__file__).resolve().parent
_FOLDERS = ("binary", "compat", "dialects", "hosting", "runtime")


def compile_modules(package: Path = _PACKAGE) -> None:
    """Compiles what workers import, where that is not done and can be; an installed Plugdeck is compiled already."""
    sources = [*package.glob("*.py"), *(each for folder in _FOLDERS for each in (package / folder).glob("**/*.py"))]
    for source in sources:
        compiled = Path(cache_from_source(os.fspath(source)))
        if not _is_newer(compiled, source) and os.access(package, os.W_OK):
            with suppress(OSError, py_compile.PyCompileError):
                py_compile.compile(os.fspath(source), doraise=True, quiet=2)


def _is_newer(compiled: Path, source: Path) -> bool:
    try:
        return compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns
    except OSError:
        return False
