"""How a process has to be confined for the plugins that it is to run: what each needs and may, and no more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plugdeck.errors import OpenError
from plugdeck.hosting.sandbox.confinement import Approval, Confinement, Permissions, Tier
from plugdeck.hosting.sandbox.environment import current_folder
from plugdeck.hosting.sandbox.linked_files import LinkedFiles, linked_files
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.sandbox.own_folders import fence_around
from plugdeck.hosting.sandbox.place import folder_or_file
from plugdeck.text import visible

if TYPE_CHECKING:
    from plugdeck.hosting.hosted_plugin import HostedPlugin


def wanted_confinement(
    plugins: Sequence[HostedPlugin], permissions: Permissions, tier: Tier, runner: str
) -> Confinement:
    """What the plugins need that share a process and are allowed the same. Notes on each if it is opened in place."""
    linked = [linked_files(plugin.path) for plugin in plugins]
    needed = [path for each in linked for path in (*each.libraries, *each.data)]
    for plugin, files in zip(plugins, linked, strict=True):
        by_place = is_opened_in_place(plugin.path, files, plugin.approval)
        plugin.is_opened_in_place = by_place or bool(runner)  # Go opens nothing else
    places = [place for files in linked for place in files.places]
    places += map(folder_or_file, (*permissions.readable, *permissions.writable))
    placed = [str(plugin.path) for plugin in plugins if plugin.is_opened_in_place]
    return Confinement(
        tier,
        permissions,
        needed=tuple(dict.fromkeys((*needed, runner) if runner else needed)),
        placed=tuple(dict.fromkeys(placed)),
        places=tuple(places),
        folder=current_folder() if any(files.by_folder for files in linked) else "/",
        runner=runner,
    )


def is_opened_in_place(path: Path, files: LinkedFiles, approval: Approval) -> bool:
    """Whether a plugin is opened at its own path: it finds something by that, or may look at itself there."""
    return files.by_place or approval.permissions.allows_reading(path)


def check_approved(path: Path, sha256: str, approval: Approval) -> None:
    """Raises OpenError when the user said yes to other bytes than those with this hash."""
    if approval.sha256 not in {"", sha256}:
        remedy = "Look at what the file is now, and allow it if you want it."
        raise OpenError(path, "its bytes are not the ones that you allowed", remedy=remedy)


def refusal(tier: Tier, approval: Approval) -> str:
    """Why a plugin with this approval is not started in ``tier``; empty when it may be."""
    if tier is Tier.LIMITED:
        return too_weak(tier, approval.lowest_tier)
    for path in (*approval.permissions.readable, *approval.permissions.writable):
        if (real := os.path.realpath(path)) != os.path.normpath(path):
            return (
                f"It is allowed {visible(path)}, but that leads to {visible(real)} now, and who put a link there is "
                "not known. Take that permission back, and allow the folder that you mean."
            )
    fence = fence_around(approval.permissions.writable)
    if tier is Tier.FILTERED and fence.all:
        return (
            f"It may write to a folder that holds Plugdeck's own files ({visible(fence.all[0])}), and without "
            "namespaces these cannot be kept from it. Take that folder back, or install bubblewrap."
        )
    if fence.links:
        return (
            f"It may write to a folder with a link that leads to Plugdeck's own files ({visible(fence.links[0])}), "
            "and could put another in its place. Take that folder back, or allow folders in it that hold no such link."
        )
    return too_weak(tier, approval.lowest_tier)


def too_weak(tier: Tier, lowest: Tier) -> str:
    """Why a plugin that is to be held by ``lowest`` at least is not started in ``tier``; empty when it may be."""
    if tier.holds_as_much_as(lowest):
        return ""
    offered = offer()
    why = f"{offered.reason} {offered.remedy}".strip() if tier is offered.tier else "Plugdeck was told to use less."
    return f"You allowed it with confinement {lowest} or better, and it would have {tier} here. {why}"
