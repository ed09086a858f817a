"""What a plugin has to pass before it is opened inside Plugdeck itself."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import OpenError
from plugdeck.hosting.frames import Frame, OwnFrames
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.in_app_journal import InAppJournal
from plugdeck.hosting.outcome import Ending, HostError, Outcome
from plugdeck.hosting.sandbox.confinement import Approval, Tier
from plugdeck.hosting.standing import LOADING
from plugdeck.hosting.wanted_confinement import check_approved, too_weak
from plugdeck.image import Image, ImageLayout

_TRIAL = ImageLayout.packed(16, 16)


class Owner(Protocol):
    """Where results go, and where the trial is: the supervisor."""

    @property
    def frames(self) -> OwnFrames:
        """Frames that this process writes."""

    def frame(self, image: Image) -> Frame:
        """The picture as a frame."""

    def host(self, path: Path, manifest: Manifest, approval: Approval) -> HostedPlugin:
        """A host in a process of its own."""


def check_allowed(path: Path, sha256: str, approval: Approval) -> None:
    """Raises PlugdeckError unless the user said yes to the bytes with this hash, and to no confinement."""
    if reason := too_weak(Tier.LIMITED, approval.lowest_tier):
        raise HostError(Outcome(Ending.NOT_STARTED, LOADING, message=reason))
    check_approved(path, sha256, approval)


def check_history(path: Path, sha256: str, journal: InAppJournal) -> None:
    """Raises OpenError when Plugdeck came to a bad end with these bytes inside, and the user has not lifted that."""
    if reason := journal.refusal(sha256):
        raise OpenError(path, reason, remedy="Host it in a process of its own, or lift this to try again.")


def try_in_worker(path: Path, manifest: Manifest, approval: Approval, owner: Owner) -> None:
    """Loads it where it can do no harm, and lets a transform make one small picture. Raises PlugdeckError."""
    trial = owner.host(path, manifest, approval)
    try:
        trial.start()
        if manifest.is_transform:
            with owner.frame(Image(_TRIAL, bytes(_TRIAL.size_bytes))) as frame:
                trial.transform(frame).release()
    finally:
        trial.stop()
