"""The hosts that were chosen lately, kept in the settings: the latest first, those that are gone among them."""

from __future__ import annotations

from typing import Any

from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.settings import Settings

CHOSEN = "hosts.chosen"
RECENT = "hosts.recent"
MOST_RECENT = 10


class RecentHosts:
    """Reads and notes hosts; what was edited beyond recognition is left out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def chosen(self) -> HostChoice:
        """The host of the last session, or the own worker."""
        entry: dict[str, Any] = self._settings.get(CHOSEN, {})
        return _parse(entry) or WORKER

    @property
    def recent(self) -> tuple[HostChoice, ...]:
        """Every host but the own worker, the latest first."""
        entries: list[object] = self._settings.get(RECENT, [])
        known = dict.fromkeys(choice for choice in map(_parse, entries) if choice)
        return tuple(known)[:MOST_RECENT]

    def choose(self, choice: HostChoice) -> None:
        """Notes the host for the next start, and as the latest one."""
        self._settings.set(CHOSEN, choice.to_json() or None)
        if choice != WORKER:
            self._keep((choice, *(known for known in self.recent if known != choice)))

    def remove(self, choice: HostChoice) -> None:
        """Forgets a host."""
        self._keep(tuple(known for known in self.recent if known != choice))

    def _keep(self, choices: tuple[HostChoice, ...]) -> None:
        self._settings.set(RECENT, [choice.to_json() for choice in choices[:MOST_RECENT]])


def is_there(choice: HostChoice) -> bool:
    """Whether the host's files are where they were. Blocks while it asks the file system."""
    if choice.sysroot:
        # Whether its program is there too takes resolving links inside the tree: that is for ``Host``.
        return choice.sysroot.is_dir()
    return choice.executable is None or choice.executable.is_file()


def _parse(entry: object) -> HostChoice | None:
    """The host of an entry; None for the own worker, and for what is no host."""
    try:
        choice = HostChoice.from_json(entry)
    except ValueError:
        return None
    paths = [path for path in (choice.executable, choice.sysroot) if path]
    return choice if paths and all(path.is_absolute() and "\0" not in str(path) for path in paths) else None
