"""What the user changed about a plugin's permissions: a difference, which undoes nothing that was decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from plugdeck.hosting.sandbox.confinement import Permissions


@dataclass(frozen=True, slots=True)
class PermissionEdit:
    """From the permissions that the user saw to those that he wants."""

    seen: Permissions
    wanted: Permissions

    def applied_to(self, permissions: Permissions) -> Permissions:
        """The same difference made to what is allowed by now, perhaps by another window."""
        return Permissions(
            _changed(permissions.readable, self.seen.readable, self.wanted.readable),
            _changed(permissions.writable, self.seen.writable, self.wanted.writable),
            permissions.network if self.wanted.network == self.seen.network else self.wanted.network,
        )


def _changed(known: tuple[str, ...], seen: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    kept = [path for path in known if path in wanted or path not in seen]
    return tuple(dict.fromkeys((*kept, *(path for path in wanted if path not in seen))))
