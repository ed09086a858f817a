"""What lies where in this process (proc(5), ``/proc/pid/maps``)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mapping:
    """One range of memory."""

    is_writable: bool
    is_executable: bool
    path: Path | None
    """The file that it shows, by its name now; a deleted one ends in `` (deleted)``."""


def mapping_at(address: int) -> Mapping | None:
    """The mapping that holds the address, or None."""
    for line in _MAPS.read_bytes().splitlines():
        bounds, permissions, _offset, _device, _inode, *name = line.split(maxsplit=5)
        first, _, end = bounds.partition(b"-")
        if int(first, 16) <= address < int(end, 16):
            return Mapping(b"w" in permissions, b"x" in permissions, _path(name[0]) if name else None)
    return None


def _path(name: bytes) -> Path:
    """The kernel writes a line break in a name as an octal escape."""
    return Path(os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8)]), name)))
