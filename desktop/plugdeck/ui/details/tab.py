"""Which tabs the details have."""

from __future__ import annotations

from enum import IntEnum


class Tab(IntEnum):
    """The tabs, from left to right."""

    SYMBOLS = 0
    COMPATIBILITY = 1
    PARAMETERS = 2
    DETAILS = 3
    LOG = 4

    @property
    def title(self) -> str:
        """The word on the tab."""
        return self.name.capitalize()
