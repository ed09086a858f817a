"""Which plugin of a shared process is at work: the worker's own note, in a page that its supervisor sees.

It is written right before each call into a plugin, constructors among them, and cleared after it. A plugin can write
to it too, so it is evidence and no proof: who was asked for what, the supervisor knows by itself.
"""

from __future__ import annotations

import mmap
from struct import Struct

_NOTE = Struct("<I")
_MOST_SLOTS = 1 << 16


class WorkMark:
    """The worker's side; a page that nobody else sees until there is one that somebody does."""

    def __init__(self, descriptor: int = -1) -> None:
        """Maps the page; the descriptor stays the caller's. Raises OSError when it cannot be mapped."""
        self._page = mmap.mmap(descriptor, mmap.PAGESIZE)

    def enter(self, slot: int) -> None:
        """The plugin of this slot is called next."""
        _NOTE.pack_into(self._page, 0, slot + 1)

    def leave(self) -> None:
        """None is at work."""
        _NOTE.pack_into(self._page, 0, 0)


def marked_slot(page: memoryview) -> int | None:
    """The slot that the page names; None when it names none, or nothing that could be one."""
    (note,) = _NOTE.unpack_from(page)
    return note - 1 if 0 < note <= _MOST_SLOTS else None
