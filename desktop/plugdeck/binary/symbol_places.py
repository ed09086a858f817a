"""Whether a symbol lies where its kind belongs: the loader hands out its address, and calls indirect functions."""

from __future__ import annotations

from typing import NamedTuple

from plugdeck.binary.segments import PF_X, LoadMap
from plugdeck.binary.source import damaged

_STT_FUNC, _STT_TLS, _STT_GNU_IFUNC = 2, 6, 10
_FIRST_RESERVED_SECTION = 0xFF00  # SHN_LORESERVE: absolute and common symbols have no segment
_PLAIN_FUNCTIONS = frozenset({3, 40, 62, 183, 243, 258})  # as in ``loading_checks``


class SymbolPlaces(NamedTuple):
    """Where the memory of one file is."""

    code: tuple[tuple[int, int], ...]
    memory: tuple[tuple[int, int], ...]
    thread_local_bytes: int

    @classmethod
    def of(cls, loads: LoadMap, machine: int) -> SymbolPlaces:
        """The places of a file; functions of machines with descriptors may lie anywhere."""
        memory = loads.ranges(0)
        return cls(loads.ranges(PF_X) if machine in _PLAIN_FUNCTIONS else memory, memory, loads.thread_local_bytes)

    def check(self, kind: int, section: int, address: int) -> None:
        """Raises unless a symbol that a relocation names lies in the file, if it has an address.

        An undefined one has an address where a program calls another file's function.
        """
        if section >= _FIRST_RESERVED_SECTION:
            return
        if kind == _STT_TLS:
            if 0 < self.thread_local_bytes >= address:
                return
        elif section or kind == _STT_FUNC:
            for start, end in self.code if kind in {_STT_FUNC, _STT_GNU_IFUNC} else self.memory:
                if start <= address <= end:  # the end has names too: _end
                    return
        raise damaged(f"A symbol at address {address:#x} lies outside of its part of the file")
