"""Which tabs the details have."""

from __future__ import annotations

from enum import IntEnum


class Tab(IntEnum):
    """The tabs, from left to right."""

    SYMBOLS = 0
    COMPATIBILITY = 1
    DEPENDENCIES = 2
    PARAMETERS = 3
    DETAILS = 4
    LOG = 5
    PERMISSIONS = 6

    @property
    def title(self) -> str:
        """The word on the tab."""
        return self.name.capitalize()
