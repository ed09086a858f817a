"""Where every worker process begins and ends."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Self
from weakref import WeakSet

from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.frames import Frame, OwnFrames
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.launch import Launcher, PlainLauncher
from plugdeck.hosting.limits import Limits, allow_many_workers
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval, Permissions, Tier
from plugdeck.hosting.shared_processes import SharedProcesses
from plugdeck.hosting.watcher import Watcher
from plugdeck.hosting.worker_group import WorkerGroup
from plugdeck.hosting.worker_supply import WorkerSupply
from plugdeck.image import Image


class Supervisor:
    """Makes hosts for plugins, and frames of pictures. Any thread; ``close`` leaves no process behind.

    Should this process die without ``close``, the kernel ends its workers.
    """

    def __init__(
        self,
        *,
        deadlines: Deadlines | None = None,
        limits: Limits | None = None,
        launcher: Launcher | None = None,
        tier: Tier | None = None,
        keeps_spare: bool = False,
    ) -> None:
        """Starts one thread and no process.

        Args:
            deadlines: how long workers may take.
            limits: what each may use.
            launcher: how they are started.
            tier: how they are confined; as well as this system can by default.
            keeps_spare: whether one is kept ready for the next plugin once a first one was started.
        """
        allow_many_workers()
        self.frames = OwnFrames()
        """Frames that this process writes."""
        self._deadlines = deadlines or Deadlines()
        self._watcher = Watcher()
        self._supply = WorkerSupply(
            self._watcher,
            launcher or PlainLauncher(),
            self._deadlines,
            limits or Limits(),
            tier,
            keeps_spare=keeps_spare,
        )
        self._lock = Lock()
        # A group with a process is held by the watcher; one without is of interest only to whoever has its plugins.
        self._groups: WeakSet[WorkerGroup] = WeakSet()
        self._closed = False

    def host(self, path: Path, manifest: Manifest, approval: Approval = NO_APPROVAL_NEEDED) -> HostedPlugin:
        """A host in a process of its own, not started.

        Args:
            path: the plugin's file.
            manifest: what reading it gave; a file that says something else by then is refused.
            approval: what the user said yes to: which bytes, confined how well, allowed what beside their job.
        """
        return self._group(None, approval.permissions).add(path, manifest, approval)

    def group(self) -> SharedProcesses:
        """Processes, not started, that take any number of plugins by ``add``; see ``Hosts`` for a chain's."""
        return SharedProcesses(self._group)

    def _group(self, shared: SharedProcesses | None, permissions: Permissions) -> WorkerGroup:
        group = WorkerGroup(self._supply, permissions, shared)
        with self._lock:
            if self._closed:
                raise RuntimeError("the supervisor is closed")
            self._groups.add(group)
        return group

    def frame(self, image: Image) -> Frame:
        """The picture as a frame that workers can only read; the caller releases it."""
        return self.frames.copy_of(image)

    def prepare(self) -> None:
        """Starts the spare worker now, if one is kept; returns at once. For a moment when nobody waits."""
        self._supply.prepare()

    def close(self) -> None:
        """Ends every process: all are asked at once, and what is still there at the deadline is killed."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        groups = list(self._groups)
        for group in groups:
            group.begin_stop(for_good=True)
        by = monotonic() + self._deadlines.stop_s
        self._supply.close(by)
        for group in groups:
            group.finish_stop(by)
        self._watcher.close()
        self.frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
