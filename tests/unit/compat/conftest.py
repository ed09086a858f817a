"""Scenarios for the search: libraries built for real, each in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


class Libraries:
    """Builds shared objects in folders below one root, linked against each other."""

    def __init__(self, root: Path, compiler: str) -> None:
        self.root = root
        self._compiler = compiler

    def __call__(
        self, name: str, source: str = "", *, needs: Sequence[Path] = (), flags: Sequence[str] = (), soname: str = ""
    ) -> Path:
        """``name`` may have folders in it; it needs the given libraries by their sonames."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source or f"int from_{target.name.partition('.')[0].replace('-', '_')}(void) {{ return 1; }}\n"
        file = target.parent / f"{target.name}.c"
        file.write_text(text)
        command = [self._compiler, "-shared", "-fPIC", "-O1", os.fspath(file), "-o", os.fspath(target)]
        command += ["-Wl,--no-as-needed", f"-Wl,-soname,{soname or target.name}", *map(os.fspath, needs), *flags]
        command += [f"-Wl,-rpath-link,{need.parent}" for need in needs] + ["-Wl,--allow-shlib-undefined"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return target


@pytest.fixture
def libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build_plugin: Callable[..., Path]) -> Libraries:
    """``libraries("folder/libb.so", needs=[liba]) -> Path``, under ``tmp_path``; no search folders from outside."""
    build_plugin("int present;")  # without a compiler, this skips or fails
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    return Libraries(tmp_path, shutil.which("cc") or shutil.which("gcc") or "clang")
