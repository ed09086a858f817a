"""The symbols that a program has for itself: ``.symtab``, which no loader looks at (gABI, chapter 4)."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from plugdeck.binary.elf_header import ElfHeader
from plugdeck.binary.layout import Layout
from plugdeck.binary.sections import read_sections
from plugdeck.binary.source import open_source

_MOST_TABLE_BYTES = 8 * 1024 * 1024
_MOST_PLACES = 20
"""Where a name ends in the string table, or symbols that have it; a file that is made to annoy has many of both."""
_GLOBAL_BINDINGS = {1, 2, 10}  # STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE


class OwnSymbols:
    """The table of one file, in memory; a file that is stripped, or has a larger one, has none."""

    def __init__(self, layout: Layout, rows: bytes, strings: bytes) -> None:
        self._record = layout.symbol
        self._is_wide = layout.bits == 64
        self._rows = rows[: len(rows) // self._record.size * self._record.size]
        self._strings = strings
        self._names = array("I", self._rows)[:: self._record.size // 4]
        if layout.byte_order != sys.byteorder:
            self._names.byteswap()

    @classmethod
    def read(cls, path: Path) -> OwnSymbols:
        """Those of the ELF file at ``path``.

        Raises:
            BinaryFormatError: it cannot be read, or is damaged.
        """
        with open_source(path) as source:
            layout = ElfHeader.read(source).layout
            sections = {section.name: section for section in read_sections(source, layout)}
            rows, strings = (sections.get(name) for name in (".symtab", ".strtab"))
            if not rows or not strings or max(rows.size_bytes, strings.size_bytes) > _MOST_TABLE_BYTES:
                return cls(layout, b"", b"")
            return cls(layout, *(source.read(each.offset, each.size_bytes, each.name) for each in (rows, strings)))

    def defines(self, name: bytes) -> bool:
        """Whether there is a definition of this name that the linker could export."""
        return any(self._is_global(number) for place in self._places(name) for number in self._numbers(place))

    def _places(self, name: bytes) -> Iterator[int]:
        """Where the string table has the name, also as the end of a longer one."""
        at = -1
        for _ in range(_MOST_PLACES):
            at = self._strings.find(name + b"\0", at + 1)
            if at < 0:
                return
            yield at

    def _numbers(self, place: int) -> Iterator[int]:
        """The symbols whose name begins there."""
        number = -1
        with suppress(ValueError):  # there are no more
            for _ in range(_MOST_PLACES):
                number = self._names.index(place, number + 1)
                yield number

    def _is_global(self, number: int) -> bool:
        fields = self._record.unpack_from(self._rows, number * self._record.size)
        info, other, section = fields[1:4] if self._is_wide else fields[3:6]
        is_hidden = other & 3 in {1, 2}  # STV_INTERNAL, STV_HIDDEN
        return info >> 4 in _GLOBAL_BINDINGS and bool(section) and not is_hidden
