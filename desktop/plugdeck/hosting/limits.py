"""What a worker may use of the machine, set by the worker itself before any plugin is opened.

Kept apart from a sandbox: these hold without any privilege, everywhere. There is no limit on processor time, since it
counts over the life of a process and a plugin may be used for days; deadlines end what hangs.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass

_MIB = 1024 * 1024
# Enough for a thousand workers at six descriptors each; select(2), which ends at 1,024, is used nowhere.
_OPEN_FILES_HERE = 8192


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one worker process (setrlimit(2))."""

    address_space_bytes: int = 4096 * _MIB
    """Input and output of 512 MiB each, two copies of the plugin's own as ``float``-free buffers, and Python.

    Go's runtime alone reserves about 0.2 GiB, and each thread 72 MiB of stack and heap arena, without using them.
    """
    open_files: int = 256
    """A mapped frame takes one; a worker in a chain has up to eight mapped."""
    file_bytes: int = 64 * _MIB
    """The longest file that a plugin may write; frames are not written but mapped."""


def allow_many_workers() -> None:
    """Raises this process's soft limit of open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES_HERE if hard == resource.RLIM_INFINITY else min(_OPEN_FILES_HERE, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
