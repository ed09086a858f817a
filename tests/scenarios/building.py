"""Builds scenarios with the system's compilers, each in a folder of its own, several at a time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from . import changes
from .recipe import HERE, Scenario, Step, decoded

COMPILERS = {".c": ("cc", "gcc", "clang"), ".cpp": ("c++", "g++", "clang++"), ".s": ("cc", "gcc", "clang")}
LIBRARY = ("-shared", "-fPIC", "-Wl,--allow-shlib-undefined")
NOT_ELF = ("windows", "macos")


class BuildError(Exception):
    """A step that did not work, with what the tool said."""


class Builder:
    """Builds every scenario once; ``root_of`` waits for one and gives its folder."""

    def __init__(self, folder: Path, scenarios: Iterable[Scenario], environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="scenario")
        self._built: dict[str, Future[Path]] = {
            scenario.name: self._pool.submit(self._build, scenario) for scenario in scenarios
        }

    def root_of(self, scenario: Scenario) -> Path:
        """The folder with everything built, or the ``BuildError``."""
        return self._built[scenario.name].result()

    def close(self) -> None:
        """Ends the work; what has not begun is left out."""
        self._pool.shutdown(cancel_futures=True)

    def _build(self, scenario: Scenario) -> Path:
        root = self._folder / scenario.name
        root.mkdir()
        for step in scenario.steps:
            target = root / decoded(step.file)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._make(step, HERE / scenario.name, root, target)
        return root

    def _make(self, step: Step, sources: Path, root: Path, target: Path) -> None:
        if step.link_to:
            target.symlink_to(step.link_to.format(root=root))
        elif step.copy_of:
            shutil.copy(root / decoded(step.copy_of), target)
        elif step.tool:
            self._run([word.format(root=root) for word in step.tool], root)
        else:
            self._run(command(step, sources, root, target), root)
        if step.changes:
            data = bytearray(target.read_bytes())
            for change in step.changes:
                changes.apply(change, data)
            target.write_bytes(data)

    def _run(self, words: list[str], folder: Path) -> None:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=100, env=self._environment)
        if done.returncode:
            raise BuildError(f"{' '.join(words)}\n{done.stderr}")


def command(step: Step, sources: Path, root: Path, target: Path) -> list[str]:
    """The compiler's command line for a step."""
    files = [sources / name for name in step.sources]
    if step.code:
        files.append(target.with_name(f"{target.name}.c"))
        files[-1].write_text(step.code, encoding="utf-8")
    if step.program and not files:
        files = [HERE / "host.c"]
    words = [*compiler(files[0].suffix, step.target), "-O1", *map(os.fspath, files), "-o", os.fspath(target)]
    if not step.program:
        words += ("-shared",) if any(name in step.target for name in NOT_ELF) else LIBRARY
    if not any(name in step.target for name in NOT_ELF):
        soname = target.name if step.soname is None else step.soname
        words += ["-Wl,--no-as-needed", *([f"-Wl,-soname,{soname}"] if soname and not step.program else [])]
    words += [os.fspath(root / decoded(need)) for need in step.needs]
    words += [f"-Wl,-rpath-link,{(root / decoded(need)).parent}" for need in step.needs if not step.target]
    words += [flag.replace("{root}", os.fspath(root)).replace("{sources}", os.fspath(sources)) for flag in step.flags]
    return [*words, *(("-ldl",) if step.program and not step.target else ())]


def compiler(suffix: str, target: str) -> tuple[str, ...]:
    """The system's compiler for a source, or zig's for another machine."""
    if target:
        return (sys.executable, "-m", "ziglang", "cc", "-target", target, "-g0")
    found = next(filter(None, map(shutil.which, COMPILERS[suffix])), None)
    if not found:
        raise BuildError(f"none of {', '.join(COMPILERS[suffix])} is on PATH")
    return (found,)
