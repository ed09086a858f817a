"""The command line that seals a worker off in namespaces of its own (bwrap(1))."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from plugdeck.hosting.sandbox.confinement import Confinement, Permissions
from plugdeck.hosting.sandbox.own_folders import fence_around
from plugdeck.hosting.sandbox.visible import SYSTEM_FILES, SYSTEM_FOLDERS, worker_files

NAMESPACES = ("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--cap-drop", "ALL")
"""A session of its own, without a terminal, it has from its launcher."""
TEMPORARY_BYTES = 64 * 1024 * 1024
"""What a plugin may keep in its own /tmp, which is memory."""


def bubblewrap_arguments(
    program: str, confinement: Confinement, loader_paths: Sequence[str], copies: Mapping[str, int]
) -> tuple[str, ...]:
    """The arguments that go before the worker's command.

    Args:
        program: where bubblewrap is.
        confinement: what is to be seen inside.
        loader_paths: where the loader was told to search.
        copies: bubblewrap's descriptors of the bytes to lie at these paths, whatever lies there outside.
    """
    permissions = confinement.permissions
    network = ("--share-net",) if permissions.network else ()
    fence = fence_around(permissions.writable)
    own = (*worker_files(), *loader_paths, *confinement.needed, *permissions.readable, *fence.inside)
    return (
        program,
        *NAMESPACES,
        *network,
        *system_folders(),
        *("--dev", "/dev", "--proc", "/proc"),
        *("--size", str(TEMPORARY_BYTES), "--tmpfs", "/tmp"),
        *_bound("--ro-bind-try", own),  # after the empty folders, since they may lie in them
        *_bound("--bind-try", [path for path in permissions.writable if os.path.realpath(path) not in fence.inside]),
        *_bound("--bind", fence.between),  # what is mounted on cannot be renamed
        *_bound("--ro-bind", fence.own),
        *_placed(copies, permissions),
        *("--dir", confinement.folder, "--chdir", confinement.folder, "--"),
    )


def system_folders() -> tuple[str, ...]:
    """The system's programs and libraries, read-only, with the links in the root folder as they are here."""
    arguments: list[str] = []
    for folder in SYSTEM_FOLDERS:
        path = Path(folder)
        if path.is_symlink():
            arguments += ("--symlink", os.fspath(path.readlink()), folder)
        elif path.exists():
            arguments += ("--ro-bind", folder, folder)
    return (*arguments, *_bound("--ro-bind-try", SYSTEM_FILES))


def _placed(copies: Mapping[str, int], permissions: Permissions) -> Iterator[str]:
    """Each copy at its path; where that lies in a folder that is seen as it is, behind the links that are seen too."""
    for path, number in copies.items():
        yield from ("--ro-bind-data", str(number))
        yield os.path.realpath(path) if permissions.allows_reading(Path(path)) else path


def _bound(option: str, paths: Sequence[str]) -> tuple[str, ...]:
    """Each file at its own place; a link is followed, so that what it leads to is there under its name."""
    return tuple(word for path in dict.fromkeys(paths) for word in (option, path, path))
