"""What a worker is told to do to itself; no dataclass, since making one takes longer than all else here."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Orders(NamedTuple):
    """What a worker does to itself before it opens a plugin; it travels on its command line."""

    limits: tuple[int, int, int]
    """Address space, open files, length of a file: see ``limits.Limits``."""
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    network: bool = False
    places: tuple[tuple[str, int, int], ...] = ()
    """See ``Confinement``."""
    program: str = ""
    """The filter of system calls, in hexadecimal; empty for none."""
    folder: str = "/"
    """Its current folder."""
    has_minder: bool = False
    """Whether it has a parent that reports its end, and ends what it leaves behind: see ``minder``."""

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(self._asdict(), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Orders:
        """The reverse of ``to_text``; the text is our own."""
        said: dict[str, Any] = json.loads(text)
        address_space, open_files, file_bytes = said.pop("limits")
        readable, writable = tuple(said.pop("readable")), tuple(said.pop("writable"))
        places = tuple((path, device, number) for path, device, number in said.pop("places"))
        return cls((address_space, open_files, file_bytes), readable, writable, places=places, **said)

    @property
    def is_restricted(self) -> bool:
        """Whether more than limits is ordered."""
        return bool(self.program)
