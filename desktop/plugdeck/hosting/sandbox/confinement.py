"""How a worker is confined: the tier, and what its plugins are allowed beside their job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from plugdeck.hosting.sandbox.place import Place


class Tier(StrEnum):
    """How much holds a worker; the order is from most to least."""

    SEALED = "A"
    """Namespaces of its own (bubblewrap), Landlock, a filter of system calls, and limits."""
    FILTERED = "B"
    """The same without namespaces: the rest of the system is out of reach, but can be seen to be there."""
    LIMITED = "C"
    """Limits only: the plugin has the user's own rights."""

    @property
    def words(self) -> str:
        """What that means to the user, as one sentence."""
        return _WORDS[self]

    def holds_as_much_as(self, other: Tier) -> bool:
        """Whether it holds a plugin at least as well as ``other``."""
        order = list(Tier)
        return order.index(self) <= order.index(other)


_WORDS = {
    Tier.SEALED: "It runs sealed off: it sees no files of yours, no network and no other program.",
    Tier.FILTERED: "It runs confined: your files, the network and other programs are out of its reach, "
    "though it can tell which programs run.",
    Tier.LIMITED: "It runs with your own rights: it could read and change your files and use the network.",
}

_SHARED = (
    "It runs sealed off: it sees no files of yours, no network and no program but the plugins that share its process."
)
_BUT = {
    Tier.SEALED: "It runs sealed off{others}, but for what you allowed: it may {deeds}.",
    Tier.FILTERED: "It runs confined{others}, but for what you allowed: it may {deeds}. "
    "It can tell which programs run.",
}


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the user allows a plugin beside its job. Paths are absolute."""

    readable: tuple[str, ...] = ()
    """Folders and files that it may read."""
    writable: tuple[str, ...] = ()
    """Folders that it may read, and write to."""
    network: bool = False

    @property
    def deeds(self) -> tuple[str, ...]:
        """``read 1 folder``, ``use the network``: what they allow, as verb phrases."""
        folders = (("read", len(self.readable)), ("change", len(self.writable)))
        counted = (f"{verb} {count} folder{'' if count == 1 else 's'}" for verb, count in folders if count)
        return (*counted, *(("use the network",) if self.network else ()))

    def allows_reading(self, path: Path) -> bool:
        """Whether the file at this path may be read."""
        return any(path.is_relative_to(each) for each in (*self.readable, *self.writable))

    @classmethod
    def together(cls, several: Iterable[Permissions]) -> Permissions:
        """What any of several sets allows."""
        each = tuple(several)
        return cls(
            tuple(dict.fromkeys(path for one in each for path in one.readable)),
            tuple(dict.fromkeys(path for one in each for path in one.writable)),
            any(one.network for one in each),
        )


NO_PERMISSIONS = Permissions()


@dataclass(frozen=True, slots=True)
class Approval:
    """What the user said yes to before a plugin ran; whoever starts its process holds to it."""

    permissions: Permissions = NO_PERMISSIONS
    sha256: str = ""
    """Of the plugin's bytes, in hexadecimal: others are refused. Empty: any bytes that say the same of themselves."""
    lowest_tier: Tier = Tier.LIMITED
    """The least confinement that he agreed to: where the system offers less, the plugin is not started."""


NO_APPROVAL_NEEDED = Approval()


@dataclass(frozen=True, slots=True)
class Confinement:
    """The confinement of one worker."""

    tier: Tier
    permissions: Permissions = NO_PERMISSIONS
    needed: tuple[str, ...] = ()
    """Files outside of the system's folders that its plugins are linked with; read-only."""
    placed: tuple[str, ...] = ()
    """Plugins that are opened at their own path, since they find something by it."""
    places: tuple[Place, ...] = field(default=(), compare=False)
    """What lies at the paths that it is to see; where it finds something else, it opens nothing."""
    folder: str = "/"
    """The current folder; ours where a plugin's libraries are searched for relative to it."""
    runner: str = ""
    """The program that opens its plugins, for those that only one of their own language can open (``go_runner``)."""

    def words(self, *, is_shared: bool) -> str:
        """What that means to the user, as one sentence; ``is_shared``: for a process that has several plugins."""
        deeds = self.permissions.deeds
        if deeds and self.tier in _BUT:
            what = " and ".join(filter(None, (", ".join(deeds[:-1]), deeds[-1])))
            others = " with the plugins that share its process" if is_shared else ""
            return _BUT[self.tier].format(others=others, deeds=what)
        return _SHARED if is_shared and self.tier is Tier.SEALED else self.tier.words
