"""The columns of the plugin list; all that an empty table needs to know of its rows."""

from __future__ import annotations

from enum import IntEnum

SEPARATOR = " — "
"""Between a plugin's name and its file's, where several plugins have the name."""


class Column(IntEnum):
    """The table's columns, from left to right."""

    NAME = 0
    VERSION = 1
    DIALECT = 2
    STATUS = 3
    STATE = 4
    PRIORITY = 5

    @property
    def title(self) -> str:
        """The word in the header."""
        return self.name.capitalize()
