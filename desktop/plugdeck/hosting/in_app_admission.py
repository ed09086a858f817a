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
from plugdeck.hosting.sandbox.sealed_copy import sealed_copy
from plugdeck.hosting.wanted_confinement import too_weak
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


def approved_sha256(path: Path, approval: Approval) -> str:
    """The hash of the file's bytes, when the user said yes to these and to no confinement. Raises PlugdeckError."""
    if reason := too_weak(Tier.LIMITED, approval.lowest_tier):
        raise HostError(Outcome(Ending.NOT_STARTED, "loading", message=reason))
    with sealed_copy(path) as copy:
        if approval.sha256 not in {"", copy.sha256}:
            remedy = "Look at what the file is now, and allow it if you want it."
            raise OpenError(path, "its bytes are not the ones that you allowed", remedy=remedy)
        return copy.sha256


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
