"""The static thread-local block: how much of it a host has left for libraries that need a place in it.

glibc lays the blocks of the program's own libraries side by side when the program starts, and keeps a surplus for
what is opened later (``elf/dl-tls.c``: ``_dl_determine_tlsoffset``, ``_dl_tls_static_surplus_init``). Only code that
was compiled for a fixed distance to the thread pointer needs it (initial-exec); all other code asks for its block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from plugdeck.binary.facts import ThreadLocal

_SURPLUS_BYTES = 1664
_DEFAULTS = {"optional_static_tls": 512, "nns": 4}
_NAMESPACE_BYTES = 288
"""What one more namespace adds: 144 for libc and 144 for others."""
_TUNABLE = re.compile(r"glibc\.rtld\.(optional_static_tls|nns)=(0[xX][0-9a-fA-F]+|\d+)")
_MOST_NAMESPACES = 16
_TCB_ALIGNMENT = 64


class StaticBlock(NamedTuple):
    """The static block of one host before it opens anything."""

    surplus_bytes: int
    alignment: int

    @classmethod
    def of(cls, blocks: Iterable[ThreadLocal], tunables: str = "") -> StaticBlock:
        """The block of a program with these thread-local blocks in it, in load order.

        Args:
            blocks: those of the program and the libraries it starts with.
            tunables: the value of GLIBC_TUNABLES in its environment.
        """
        used, alignment = 0, _TCB_ALIGNMENT
        for block in blocks:
            used = _rounded(used + block.size_bytes + block.skew_bytes, max(1, block.alignment))
            alignment = max(alignment, block.alignment)
        return cls(_rounded(used + _surplus(tunables), alignment) - used, alignment)

    def refuses(self, blocks: Iterable[ThreadLocal]) -> tuple[int, int] | None:
        """The number of the first block that has no place, and the bytes that are left then; None when all have.

        They are taken in the order in which the loader comes to need them (``_dl_try_allocate_static_tls``).
        """
        free = self.surplus_bytes
        for number, block in enumerate(blocks):
            size = block.size_bytes + block.skew_bytes
            if block.alignment > self.alignment or size > free or not block.alignment:
                return number, free
            free = (free - size) // block.alignment * block.alignment + block.skew_bytes
        return None


NO_STATIC_BLOCK = StaticBlock(0, 1)
"""That of musl: it has no place for what is opened later."""


def _surplus(tunables: str) -> int:
    values = {**_DEFAULTS, **{name: int(number, 0) for name, number in _TUNABLE.findall(tunables)}}
    more_namespaces = min(values["nns"], _MOST_NAMESPACES) - _DEFAULTS["nns"]
    more_optional = values["optional_static_tls"] - _DEFAULTS["optional_static_tls"]
    return max(0, _SURPLUS_BYTES + more_namespaces * _NAMESPACE_BYTES + more_optional)


def _rounded(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
