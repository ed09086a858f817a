"""The files of one scan, each read once, whatever names lead to it, and whether it is judged or needed by another."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from plugdeck.binary import read
from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.dependencies import Numbers, numbers_at
from plugdeck.errors import BinaryFormatError

_MOST_BYTES = 48 * 1024 * 1024
_FACTS_BYTES = 4096
"""About what facts take without tables."""


class KnownFiles:
    """What files say of themselves; those that were asked for longest ago are dropped, and read again if need be."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Numbers, BinaryFacts] = OrderedDict()
        self._size_bytes = 0

    def read(self, path: Path) -> BinaryFacts:
        """The facts of the file at this path with all that a verdict takes, without its symbols.

        Raises:
            BinaryFormatError: as ``binary.read`` does.
        """
        numbers = numbers_at(os.fspath(path))
        known = self._kept.get(numbers)
        if known is None:
            return self._keep(read(path, symbols=False, linking=True))
        self._kept.move_to_end(numbers)
        return known if known.path == path else replace(known, path=path)

    def read_library(self, path: Path) -> BinaryFacts:
        """As ``read``, of a library that a file needs: of one whose tables are damaged, what can be read."""
        try:
            return self.read(path)
        except BinaryFormatError:
            return read(path, symbols=False)

    def _keep(self, facts: BinaryFacts) -> BinaryFacts:
        self._kept[numbers_of(facts)] = facts
        self._size_bytes += _size(facts)
        while self._size_bytes > _MOST_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size_bytes -= _size(dropped)
        return facts


def numbers_of(facts: BinaryFacts) -> Numbers:
    """What ``numbers_at`` gives for the file that these facts are of."""
    identity = facts.identity
    return identity.device, identity.inode, identity.size_bytes, identity.mtime_ns, identity.ctime_ns


def _size(facts: BinaryFacts) -> int:
    return _FACTS_BYTES + (facts.linking.size_bytes if facts.linking else 0)
