"""The file behind an address of a worker: its symbols, and how its functions' callers are found.

It is read by our own bounded reader, and only believed when its beginning is what the worker has in memory: the file
may have been replaced since it was mapped.
"""

from __future__ import annotations

import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from plugdeck.binary.elf_header import MAGIC, ElfHeader
from plugdeck.binary.sections import Section, read_sections
from plugdeck.binary.segments import PF_X, PT_GNU_EH_FRAME, PT_LOAD, LoadMap, read_program_headers
from plugdeck.binary.source import ByteSource, open_source
from plugdeck.compat.demangle import demangled
from plugdeck.errors import BinaryFormatError
from plugdeck.hosting.crash.call_frames import Rules, rules_at
from plugdeck.hosting.crash.frame_reader import UnreadableFramesError
from plugdeck.hosting.crash.process_view import Mapping, ProcessView
from plugdeck.text import visible

_COMPARED_BYTES = 4096
_MOST_TABLE_BYTES = 8 * 1024 * 1024
_MOST_NAME_BYTES = 4096
_SHOWN_CHARACTERS = 200
_SYMBOL_BYTES = 24  # Elf64_Sym
_FUNCTIONS = {2, 10}  # STT_FUNC, STT_GNU_IFUNC
_TABLES = ((".symtab", ".strtab"), (".dynsym", ".dynstr"))
_MOST_DESCRIPTORS = 4096
_MOST_FILES = 12
_MOST_FUNCTIONS = 10_000
"""Of one table, around the addresses that are asked for: a file can say so of each of its symbols."""


class NamedPlace(NamedTuple):
    """An address by the function that it lies in."""

    symbol: str
    """Demangled, cut, and safe to show."""
    offset: int


class NativeFile:
    """An ELF file of this machine's kind, by the addresses that it is linked for."""

    def __init__(self, source: ByteSource) -> None:
        """Raises BinaryFormatError when it is none."""
        header = ElfHeader.read(source) if source.head.startswith(MAGIC) else None
        if header is None or (header.layout.bits, header.layout.byte_order) != (64, sys.byteorder):
            raise BinaryFormatError("It is of another kind of machine")
        self._source = source
        self._layout = header.layout
        self._segments = read_program_headers(source, header)
        self._loads = LoadMap(self._segments, source.size_bytes)
        self._rules: dict[int, Rules | None] = {}

    def address_of(self, offset: int) -> int | None:
        """The address of a byte of the file that is code."""
        for each in self._segments:
            if each.type == PT_LOAD and each.flags & PF_X and each.offset <= offset < each.offset + each.file_bytes:
                return offset - each.offset + each.address
        return None

    def at(self, address: int, size_bytes: int) -> bytes:
        """Exactly these bytes. Raises BinaryFormatError where the file has none."""
        what = "the frames' table"
        return self._source.read(self._loads.place_of(address, size_bytes, what), size_bytes, what)

    def rules(self, address: int) -> Rules | None:
        """How the caller of the function at this address is found; None when that is not known."""
        if address not in self._rules:
            self._rules[address] = self._read_rules(address)
        return self._rules[address]

    def _read_rules(self, address: int) -> Rules | None:
        for each in self._segments:
            if each.type == PT_GNU_EH_FRAME:
                with suppress(UnreadableFramesError, BinaryFormatError):
                    return rules_at(self, each.address, address)
        return None

    def names(self, addresses: Iterable[int]) -> dict[int, NamedPlace]:
        """The functions in which these addresses lie, as far as they are known."""
        wanted, found = set(addresses), dict[int, NamedPlace]()
        with suppress(BinaryFormatError):
            sections = {each.name: each for each in read_sections(self._source, self._layout)}
            for table, strings in _TABLES:
                if table in sections and strings in sections and wanted - found.keys():
                    found |= self._names(sections[table], sections[strings], wanted - found.keys())
        return found

    def _names(self, table: Section, strings: Section, wanted: set[int]) -> dict[int, NamedPlace]:
        if table.size_bytes > _MOST_TABLE_BYTES:
            return {}
        size = table.size_bytes - table.size_bytes % _SYMBOL_BYTES
        words = array("Q", self._source.read(table.offset, size, "the symbol table"))
        ordered = sorted(wanted)
        rows = zip(words[0::3], words[1::3], words[2::3], strict=True)
        near = (row for row in rows if row[1] <= ordered[-1] and ordered[0] < row[1] + row[2])
        around = (row for row in near if bisect_left(ordered, row[1]) < bisect_left(ordered, row[1] + row[2]))
        functions = list(islice((row for row in around if row[0] >> 32 & 15 in _FUNCTIONS), _MOST_FUNCTIONS))
        found = {}
        for address in wanted:
            # Of several names for one place the global one, then the one that begins last.
            over = [
                (row[0] >> 36 & 15 == 1, row[1], row[0]) for row in functions if row[1] <= address < row[1] + row[2]
            ]
            if over:
                _, begin, head = max(over)
                found[address] = NamedPlace(self._name(strings, head & 0xFFFF_FFFF), address - begin)
        return found

    def _name(self, strings: Section, position: int) -> str:
        size = min(_MOST_NAME_BYTES, max(0, strings.size_bytes - position))
        raw = self._source.read(strings.offset + position, size, "a symbol's name").partition(b"\0")[0]
        return visible(demangled(raw.decode("utf-8", "surrogateescape")), _SHOWN_CHARACTERS)


class NativeFiles:
    """The files that a worker has mapped, each opened when it is first asked for."""

    def __init__(self, view: ProcessView, opened: ExitStack) -> None:
        """``opened`` closes them."""
        self._view = view
        self._opened = opened
        self._files: dict[int, NativeFile | None] = {}

    def of(self, mapping: Mapping) -> NativeFile | None:
        """The file that it shows; None when it is not there any more, or cannot be read."""
        if mapping.inode not in self._files:
            self._files[mapping.inode] = self._open(mapping) if len(self._files) < _MOST_FILES else None
        return self._files[mapping.inode]

    def _open(self, mapping: Mapping) -> NativeFile | None:
        path = _path_of(self._view, mapping)
        if path is None:
            return None
        try:
            source = self._opened.enter_context(open_source(path))
            head = source.head[:_COMPARED_BYTES]
            first = next((each for each in self._view.mappings_of(mapping.inode) if each.offset == 0), None)
            is_same = first is not None and bool(head) and self._view.read(first.begin, len(head)) == head
            return NativeFile(source) if is_same else None
        except BinaryFormatError:
            return None


def _path_of(view: ProcessView, mapping: Mapping) -> Path | None:
    """Its path as the worker sees it; for a copy in memory, the descriptor by which the worker opened it."""
    if not mapping.inode:
        return None
    if not mapping.path.startswith("/memfd:"):
        return Path(f"/proc/{view.pid}/root{mapping.file_path}")
    with suppress(OSError), os.scandir(f"/proc/{view.pid}/fd") as entries:
        for entry, _ in zip(entries, range(_MOST_DESCRIPTORS), strict=False):
            file = Path(entry.path)
            with suppress(OSError):
                if file.stat().st_ino == mapping.inode and os.fspath(file.readlink()) == mapping.path:
                    return file
    return None
