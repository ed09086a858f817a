"""The truth: what the dynamic loader does with a file, in a process of its own that may die of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DLOPEN = """
import ctypes, os, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    ctypes.CDLL(sys.argv[1], os.RTLD_NOW)
except OSError as error:
    sys.stdout.buffer.write(str(error).encode(errors="surrogateescape"))
    sys.stdout.flush()
    os._exit(1)
os._exit(0)
"""
_WORKER = (sys.executable, "-I", "-S", "-c", _DLOPEN)
_REFUSED = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the process, and the loader's message where it refused."""

    loads: bool
    words: str


def ask_loader(path: Path, host: Path | None, environment: Mapping[str, str], folder: Path) -> Answer:
    """Opens the file with ``RTLD_NOW`` in a new process: Python, or a host that takes paths as arguments."""
    command = [*((os.fspath(host),) if host else _WORKER), os.fspath(path)]
    done = subprocess.run(command, capture_output=True, timeout=60, env=dict(environment), cwd=folder)
    words = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
    if done.returncode in {0, _REFUSED}:
        return Answer(done.returncode == 0, words)
    how = signal.Signals(-done.returncode).name if done.returncode < 0 else f"exit {done.returncode}"
    return Answer(False, f"died: {how} {words}")
