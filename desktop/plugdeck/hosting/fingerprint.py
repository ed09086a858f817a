"""Whether a plugin is still the one that was shown: compared by what it says of itself."""

from __future__ import annotations

from hashlib import sha256

from plugdeck.dialects.manifest import Manifest


def fingerprint(manifest: Manifest) -> str:
    """Differs when a plugin's own words differ; equal in every process."""
    return sha256(repr(manifest).encode("utf-8", "surrogateescape")).hexdigest()
