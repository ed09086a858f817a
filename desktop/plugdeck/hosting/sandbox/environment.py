"""The variables that a worker gets, and what the dynamic loader is told by them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from plugdeck.compat.loader_setting import split_library_path
from plugdeck.hosting.sandbox.confinement import Tier

_KEPT = (
    "LANG", "LANGUAGE", "TZ", "OMP_NUM_THREADS", "GOMAXPROCS",
    "LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "ASAN_OPTIONS",  # the verdict counts these
)  # fmt: skip
_PRELOAD_GAPS = re.compile(r"[\s:]+")
TEMPORARY_FOLDER = "/tmp"
"""Of a worker that is sealed off; it is memory of its own."""


def worker_environment(tier: Tier) -> dict[str, str]:
    """What says how to print and where to link, and nothing else: variables hold passwords and sockets' names.

    A worker has another current folder, so what is relative to ours is made absolute.
    """
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    if folders := library_path(kept):
        kept["LD_LIBRARY_PATH"] = ":".join(folders)
    if libraries := _preloaded(kept):
        kept["LD_PRELOAD"] = ":".join(libraries)
    temporary = {"HOME": TEMPORARY_FOLDER, "TMPDIR": TEMPORARY_FOLDER} if tier is Tier.SEALED else {}
    return {**kept, "PATH": "/usr/bin:/bin", **temporary}


def loader_paths(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Folders and files that the dynamic loader was told of: the verdict counts them, so they stay in sight."""
    return tuple(path for path in (*library_path(environment), *_preloaded(environment)) if os.path.isabs(path))


def library_path(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The folders of ``LD_LIBRARY_PATH``, absolute but for those that begin with one of the loader's words."""
    return tuple(_absolute(part) for part in split_library_path(environment.get("LD_LIBRARY_PATH", "")))


def current_folder() -> str:
    """Ours; the root folder when it was removed."""
    try:
        return os.fspath(Path.cwd())
    except FileNotFoundError:
        return "/"


def _preloaded(environment: Mapping[str, str]) -> tuple[str, ...]:
    """What ``LD_PRELOAD`` names; a name without a slash is searched for, and stays as it is."""
    named = [part for part in _PRELOAD_GAPS.split(environment.get("LD_PRELOAD", "")) if part]
    return tuple(_absolute(part) if "/" in part else part for part in named)


def _absolute(path: str) -> str:
    return path if path.startswith(("/", "$")) else os.path.join(current_folder(), path)
