"""What plugins are allowed, and what they tried, in plain words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from plugdeck.hosting.sandbox.confinement import Permissions
from plugdeck.text import visible

NOTHING_MORE = "Do nothing beside its job: it is given the picture, and gives one back."
ONLY_CALLS = "Do nothing beside its job: it is given the arguments of a call, and gives its answer back."
"""The same of what is no image transform."""
USE_NETWORK = "Use the network"
PATH_LIMIT = 300
"""Characters of a path that are shown; longer ones are no names that people read."""

_NETWORK = re.compile(r"\b(network|internet|socket|connect(?:ion)?)\b")
_PATH = re.compile(r"(?<!\S)/.+?(?=$| \()")
_CHANGES = re.compile(r"\b(write|writing|change|changing|create|creating|delete|deleting|rename|remove)\b")


def permissions_in_short(permissions: Permissions) -> str:
    """``read 1 folder, use the network``; empty for none."""
    return ", ".join(permissions.deeds)


def shown_path(path: str) -> str:
    """The path on one line, the home folder as ``~``."""
    home = str(Path.home())
    short = f"~{path[len(home) :]}" if path == home or path.startswith(f"{home}/") else path
    return visible(short, PATH_LIMIT)


def is_broad(path: str) -> bool:
    """Whether allowing it opens all that the user has."""
    return Path.home().is_relative_to(path)


def with_folder(permissions: Permissions, folder: str, *, writable: bool) -> Permissions:
    """The permissions and one folder more; what it may change, it may read as well."""
    readable = tuple(path for path in permissions.readable if path != folder)
    if writable:
        return replace(permissions, readable=readable, writable=_with(permissions.writable, folder))
    if folder in permissions.writable:
        return permissions
    return replace(permissions, readable=_with(readable, folder))


def without_folder(permissions: Permissions, folder: str) -> Permissions:
    """The permissions without one folder."""
    readable, writable = (
        tuple(path for path in paths if path != folder) for paths in (permissions.readable, permissions.writable)
    )
    return replace(permissions, readable=readable, writable=writable)


def folder_for(attempt: str) -> str:
    """The folder that would have to be allowed for what was tried; empty when no file of the user's was."""
    if is_about_network(attempt) or not (found := _PATH.search(attempt)):
        return ""
    return str(Path(found.group()).parent)


def is_about_network(attempt: str) -> bool:
    """Whether the network permission is what it would have needed."""
    return not _PATH.search(attempt) and bool(_NETWORK.search(attempt))


def changes_files(attempt: str) -> bool:
    """Whether it wanted more than to read."""
    return bool(_CHANGES.search(attempt))


def _with(paths: tuple[str, ...], path: str) -> tuple[str, ...]:
    return paths if path in paths else (*paths, path)
