"""The dynamic loader as an oracle: what ``dlopen(path, RTLD_NOW)`` says in a process like Plugdeck's worker.

``ask`` starts the worker's own command, with everything that a worker has imported and with its limits, and lets it
fork a child for each file. A child that is killed, ends itself or hangs did not load the file. Loading runs
constructors: ask only about files that you trust as far as a program that you start.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from plugdeck.hosting.limits import Limits
from plugdeck.hosting.sandbox.command import worker_command
from plugdeck.hosting.sandbox.confinement import Confinement, Tier

LOADS = "loads"
SERVER = Path(__file__).with_name("oracle_server.py")
_WORKS = "from plugdeck.hosting.worker_start import main; main()"
_MANY_AT_ONCE = 200


def ask(paths: Sequence[str], *, processes: int = 2) -> list[str]:
    """For each file ``LOADS``, or what went wrong: the loader's own words, or how the process ended."""
    batches = [paths[start : start + _MANY_AT_ONCE] for start in range(0, len(paths), _MANY_AT_ONCE)]
    with ThreadPoolExecutor(processes) as pool:
        return [answer for answers in pool.map(_ask, batches) for answer in answers]


def _ask(paths: Sequence[str]) -> list[str]:
    command = worker_command(Limits(), Confinement(Tier.LIMITED), {})
    arguments = [
        argument.replace(_WORKS, f"import plugdeck.hosting.worker; exec(open({os.fspath(SERVER)!r}).read())")
        for argument in command.arguments
    ]
    assert arguments != list(command.arguments)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            arguments, input=json.dumps(list(paths)), env=dict(command.environment), cwd=folder,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    answers: list[str] = json.loads(done.stdout)
    assert len(answers) == len(paths)
    return answers


def shared_objects(roots: Sequence[str]) -> Iterator[str]:
    """Every regular file below the roots that begins as an ELF file or has the name of a library, each once."""
    seen = set()
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in {".git", "__pycache__"}]
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.islink(path) and os.path.isfile(path) and (".so" in name or _is_elf(path)):
                    status = os.stat(path)
                    if (status.st_dev, status.st_ino) not in seen:
                        seen.add((status.st_dev, status.st_ino))
                        yield path


def _is_elf(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
