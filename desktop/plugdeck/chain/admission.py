"""What the user's yes to a plugin means for where it runs."""

from __future__ import annotations

from dataclasses import replace

from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.sandbox.confinement import Approval, Tier


def for_mode(approval: Approval, mode: HostingMode | None) -> Approval:
    """What the user said yes to, when he chose this mode: inside Plugdeck, that is no confinement at all."""
    return replace(approval, lowest_tier=Tier.LIMITED) if mode is HostingMode.IN_APP else approval


def mode_of_new_build(mode: HostingMode | None, *, is_followed: bool) -> HostingMode | None:
    """Where a new build runs when the one before ran in ``mode``.

    Inside Plugdeck only when the user wanted each build to be taken as the one before: he chose that for certain
    bytes, and whoever is asked about others reads how well they are confined.
    """
    return None if mode is HostingMode.IN_APP and not is_followed else mode
