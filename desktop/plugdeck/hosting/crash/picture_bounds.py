"""A fault at the edge of a picture: by how far the plugin went beyond what it was given."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from typing import NamedTuple

from plugdeck.hosting.crash.fault import Fault
from plugdeck.hosting.crash.process_view import ProcessView


class Picture(NamedTuple):
    """A picture that the worker has mapped between two guard pages."""

    inode: int
    """Of its memory, by which a mapping is known."""
    is_output: bool
    size_bytes: int
    capacity_bytes: int
    """With what is left of its last page."""


class BoundsFault(NamedTuple):
    """A fault that has to do with a picture."""

    words: str
    is_damage: bool
    """Whether it wrote outside of its output."""


def bounds_fault(fault: Fault, view: ProcessView, pictures: Iterable[Picture]) -> BoundsFault | None:
    """What the fault was, if it was in or beside one of these pictures."""
    if fault.address is None:
        return None
    for picture in pictures:
        for mapping in view.mappings_of(picture.inode):
            words = _words(fault.address - mapping.begin + mapping.offset, picture, is_write=fault.is_write)
            if words:
                return BoundsFault(words, fault.is_write and picture.is_output)
    return None


def _words(place: int, picture: Picture, *, is_write: bool) -> str:
    name = "its output picture" if picture.is_output else "its input picture"
    deed = "wrote" if is_write else "read"
    if picture.capacity_bytes <= place < picture.capacity_bytes + mmap.PAGESIZE:
        return f"{deed} past the end of {name}, by at least {byte_count(place - picture.size_bytes + 1)}"
    if -mmap.PAGESIZE <= place < 0:
        return f"{deed} before the beginning of {name}, by at least {byte_count(-place)}"
    if 0 <= place < picture.capacity_bytes and is_write:
        return f"wrote to {name}, which {'it had made unwritable' if picture.is_output else 'may only be read'}"
    return ""


def byte_count(count: int) -> str:
    """``1 byte``, ``4,096 bytes``."""
    return f"{count:,} byte{'' if count == 1 else 's'}"
