"""How a worker's process is started."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WorkerCommand:
    """What to run."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    descriptors: Mapping[int, int] = field(default_factory=dict)
    """What the command itself needs: the child's descriptor number to ours."""


class Launcher(Protocol):
    """Starts worker processes. Called on a thread that lives as long as the supervisor."""

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        """Starts ``command`` in a session of its own and returns its process id.

        Args:
            command: the worker's command line and environment.
            descriptors: the child's descriptor number to ours, standard output and error among them. The child gets
                these, the command's, and ``/dev/null`` as its standard input. Ours stay open here.

        Raises:
            OSError: the process could not be started.
        """


class PlainLauncher:
    """Starts the command as it is."""

    def launch(self, command: WorkerCommand, descriptors: Mapping[int, int]) -> int:
        """See ``Launcher``."""
        wanted = {**descriptors, **command.descriptors}
        # dup2 in the child must not overwrite a descriptor that it still has to copy.
        above = max(wanted, default=0) + 1
        with ExitStack() as copies:
            actions: list[tuple[int, int, int] | tuple[int, int, str, int, int]]
            actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
            for theirs, ours in wanted.items():
                copy = fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, above)
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
