"""The processes that plugins share: one for each set of permissions, so that nobody has what was allowed to another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Permissions

if TYPE_CHECKING:
    from plugdeck.hosting.hosted_plugin import HostedPlugin
    from plugdeck.hosting.worker_group import WorkerGroup

MakeGroup = Callable[["SharedProcesses | None", Permissions], "WorkerGroup"]
"""A group that is one of these, or one of a single plugin. Raises RuntimeError when everything is being closed."""


class SharedProcesses:
    """Any thread."""

    def __init__(self, make: MakeGroup) -> None:
        """Starts nothing."""
        self._make = make
        self._lock = Lock()
        self._groups: dict[Permissions, WorkerGroup] = {}

    def add(self, path: Path, manifest: Manifest, approval: Approval = NO_APPROVAL_NEEDED) -> HostedPlugin:
        """One more plugin for these processes; it is not started."""
        return self.home(approval.permissions).add(path, manifest, approval)

    def home(self, permissions: Permissions, *, is_apart: bool = False) -> WorkerGroup:
        """The group of those that are allowed exactly this, or a new one for a plugin alone that ended one of these.

        Raises RuntimeError, as ``MakeGroup``.
        """
        if is_apart:
            return self._make(None, permissions)
        with self._lock:
            if permissions not in self._groups:
                self._groups[permissions] = self._make(self, permissions)
            return self._groups[permissions]
