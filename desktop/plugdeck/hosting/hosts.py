"""Makes hosts for the plugins of one chain, each in the mode that the user chose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.in_app_journal import InAppJournal
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image

if TYPE_CHECKING:
    from plugdeck.hosting.in_app import InAppPlugin


class Hosts:
    """What a chain takes its hosts from. Any thread; the supervisor's ``close`` ends them all."""

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        mode: HostingMode = HostingMode.INDIVIDUALLY,
        journal: InAppJournal | None = None,
    ) -> None:
        """Starts nothing.

        Args:
            supervisor: where processes begin and end.
            mode: for hosts that are asked for without one.
            journal: of the plugins inside Plugdeck; the user's own by default.
        """
        self.mode = mode
        """May be set at any time; hosts that are there stay as they are."""
        self._supervisor = supervisor
        self.journal = journal or InAppJournal()
        """Who was inside Plugdeck when it crashed, and is refused there."""
        self._shared = supervisor.group()

    def host(
        self,
        path: Path,
        manifest: Manifest,
        approval: Approval = NO_APPROVAL_NEEDED,
        mode: HostingMode | None = None,
    ) -> HostedPlugin | InAppPlugin:
        """A host that is not started.

        Args:
            path: the plugin's file.
            manifest: what reading it gave; a file that says something else by then is refused.
            approval: what the user said yes to.
            mode: where it runs; ``self.mode`` by default.
        """
        if manifest.needs_own_process:
            return self._supervisor.host(path, manifest, approval)
        match mode or self.mode:
            case HostingMode.INDIVIDUALLY:
                return self._supervisor.host(path, manifest, approval)
            case HostingMode.TOGETHER:
                return self._shared.add(path, manifest, approval)
            case HostingMode.IN_APP:
                from plugdeck.hosting.in_app import InAppPlugin  # what opens native code comes only when it is chosen

                return InAppPlugin(path, manifest, self._supervisor, approval=approval, journal=self.journal)

    @staticmethod
    def prepare_in_app() -> None:
        """Imports what opens native code here: blocks, for longer than a window may stand still."""
        import plugdeck.hosting.in_app  # noqa: F401

    def frame(self, image: Image) -> Frame:
        """The picture as a frame that workers can only read; the caller releases it."""
        return self._supervisor.frame(image)
