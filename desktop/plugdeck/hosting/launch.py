"""How a worker's process is started: the seam where a sandbox wraps the command."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from plugdeck import paths
from plugdeck.hosting.limits import Limits

# dup2 in the child must not overwrite a descriptor that it still has to copy.
_ABOVE_TARGETS = 16


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What to run, before a launcher wraps it."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


class Launcher(Protocol):
    """Starts worker processes. Called on a thread that lives as long as the supervisor."""

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        """Starts ``command`` in a session of its own and returns its process id.

        Args:
            command: the worker's command line and environment.
            descriptors: the child's descriptor number to ours, standard output and error among them. The child gets
                no other one, and ``/dev/null`` as its standard input. Ours stay open here.

        Raises:
            OSError: the process could not be started.
        """


class PlainLauncher:
    """Starts the command as it is: limits, but no sandbox."""

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        """See ``Launcher``."""
        with ExitStack() as copies:
            actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]]
            actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
            for theirs, ours in descriptors.items():
                copy = fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, _ABOVE_TARGETS)
                copies.callback(os.close, copy)
                actions.append((os.POSIX_SPAWN_DUP2, copy, theirs))
            return os.posix_spawn(
                command.arguments[0],
                command.arguments,
                command.environment,
                file_actions=actions,
                setsid=True,
                setsigmask=(),
                setsigdef=(signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
            )


def worker_command(limits: Limits) -> WorkerCommand:
    """The command that starts a worker: this interpreter, isolated, with only the folders that it needs.

    Without ``site`` (``-S``) and ``runpy`` a worker is ready 5 ms earlier, and nothing that happens to be installed
    runs in it.
    """
    code = f"import sys; sys.path += {_module_folders()!r}; from plugdeck.hosting.worker import main; main()"
    numbers = (limits.address_space_bytes, limits.open_files, limits.file_bytes)
    arguments = (sys.executable, "-I", "-S", "-c", code, *map(str, numbers))
    return WorkerCommand(arguments, _environment())


def _module_folders() -> list[str]:
    """Where our package is, and cffi's compiled part, which a worker imports and this process need not."""
    folders = [os.fspath(Path(paths.__file__).resolve().parent.parent)]
    found = find_spec("_cffi_backend")
    if found and found.origin:
        folders.append(os.fspath(Path(found.origin).parent))
    return list(dict.fromkeys(folders))


def _environment() -> dict[str, str]:
    """The user's environment, but for what steers our own interpreter and window."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QT_", "QML"))}
