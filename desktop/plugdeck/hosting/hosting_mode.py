"""Where a plugin runs: in a process of its own, in one with others, or in this one."""

from __future__ import annotations

from enum import StrEnum


class HostingMode(StrEnum):
    """The values are the words of ``plugdeck run --mode`` and of the settings; the first is the default."""

    INDIVIDUALLY = "individually"
    """A confined process for each plugin: what one does is no other's affair."""
    TOGETHER = "together"
    """One confined process for all that are allowed the same: less memory. One that ends it gets one of its own."""
    IN_APP = "in-app"
    """No process and no confinement, as Go's plugin package does it: a crash of the plugin is one of Plugdeck."""

    @property
    def words(self) -> str:
        """What that means to the user, as one sentence."""
        return _WORDS[self]


_WORDS = {
    HostingMode.INDIVIDUALLY: "In a process of its own: nothing that it does touches the other plugins.",
    HostingMode.TOGETHER: "In one process with the others, if they are allowed the same: less memory, and all of them "
    "pause when one crashes.",
    HostingMode.IN_APP: "Inside Plugdeck, with your own rights: a crash of the plugin ends Plugdeck.",
}
