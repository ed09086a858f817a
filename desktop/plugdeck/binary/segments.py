"""Program headers, and the map from addresses to places in the file (gABI, chapter 5)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from plugdeck.binary.elf_header import PN_XNUM, ElfHeader
from plugdeck.binary.layout import Layout
from plugdeck.binary.source import ByteSource, damaged, sentence
from plugdeck.errors import BinaryFormatError

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_TLS, PT_GNU_EH_FRAME, PT_GNU_STACK, PT_GNU_RELRO = 7, 0x6474_E550, 0x6474_E551, 0x6474_E552
PT_GNU_PROPERTY = 0x6474_E553
PF_X, PF_W = 1, 2
_PF_ANY = 7
"""Without any, memory cannot even be read."""
MAX_INTERPRETER_BYTES = 4096
_SMALLEST_PAGE = 4096
_MOST_MEMORY_BYTES, _HIGHEST_ADDRESS = 1 << 38, 1 << 47
"""Beyond what systems give to one program."""


class ProgramHeader(NamedTuple):
    """``Elf_Phdr``: one segment."""

    type: int
    flags: int
    offset: int
    address: int
    file_bytes: int
    memory_bytes: int
    alignment: int

    @classmethod
    def parse_table(cls, data: bytes, layout: Layout) -> tuple[ProgramHeader, ...]:
        """All program headers of a table; the two classes order their fields differently."""
        rows = layout.program_header.iter_unpack(data)
        if layout.bits == 64:
            return tuple(cls(t, fl, off, va, fs, ms, al) for t, fl, off, va, _pa, fs, ms, al in rows)
        return tuple(cls(t, fl, off, va, fs, ms, al) for t, off, va, _pa, fs, ms, fl, al in rows)


def read_program_headers(source: ByteSource, header: ElfHeader) -> tuple[ProgramHeader, ...]:
    """The program headers, each PT_LOAD checked as the dynamic loader needs it."""
    count = header.program_header_count
    if count in {0, PN_XNUM}:
        raise damaged(f"The file has {'no' if count == 0 else 'too many'} program headers")
    size = count * header.layout.program_header.size
    data = source.read(header.program_headers_offset, size, "the program header table")
    return ProgramHeader.parse_table(data, header.layout)


class LoadMap:
    """Which part of the file is mapped at which address: the PT_LOAD segments."""

    __slots__ = ("_segments", "thread_local_bytes")

    def __init__(self, headers: Sequence[ProgramHeader], file_bytes: int) -> None:
        self._segments = tuple(header for header in headers if header.type == PT_LOAD)
        self.thread_local_bytes = max((header.memory_bytes for header in headers if header.type == PT_TLS), default=0)
        lowest = 0
        for segment in self._segments:
            _check_segment(segment, lowest, file_bytes)
            lowest = segment.address + segment.memory_bytes
        _check_apart(self._segments)

    def __bool__(self) -> bool:
        return bool(self._segments)

    def place_of(self, address: int, size: int, what: str) -> int:
        """The file offset of ``size`` bytes at ``address``, all inside one segment's part of the file."""
        return self.span_of(address, size, what)[0]

    def span_of(self, address: int, size: int, what: str) -> tuple[int, int]:
        """As ``place_of``, and how many bytes there are from there to the end of the segment's part of the file."""
        for segment in self._segments:
            inside = address - segment.address
            if 0 <= inside < segment.file_bytes and segment.flags & _PF_ANY:
                rest = segment.file_bytes - inside
                if size > rest:
                    break
                return segment.offset + inside, rest
        raise damaged(f"{sentence(what)} at address {address:#x} is not inside a loaded part of the file")

    def ranges(self, flags: int) -> tuple[tuple[int, int], ...]:
        """Where memory with all of these flags begins and ends."""
        return tuple(
            (segment.address, segment.address + segment.memory_bytes)
            for segment in self._segments
            if segment.flags & flags == flags
        )

    def check_in_memory(self, address: int, size: int, what: str, *, executable: bool = False) -> None:
        """Raises unless ``size`` bytes at ``address`` are inside one segment as it is in memory."""
        for segment in self._segments:
            if segment.address <= address and address + size <= segment.address + segment.memory_bytes:
                if executable and not segment.flags & PF_X:
                    break
                return
        raise damaged(f"{sentence(what)} at address {address:#x} is not inside a loaded segment of its kind")


def _check_segment(segment: ProgramHeader, lowest: int, file_bytes: int) -> None:
    if segment.offset + segment.file_bytes > file_bytes:
        raise BinaryFormatError(
            f"A segment of {segment.file_bytes:,} bytes reaches beyond the end of the file"
            if segment.file_bytes
            else "A segment begins beyond the end of the file",
            offset=segment.offset,
            remedy="The file is cut off, or holds only debug information: copy, download or build it again.",
        )
    if segment.file_bytes > segment.memory_bytes:
        raise damaged("A segment is larger in the file than in memory", segment.offset)
    if segment.memory_bytes > _MOST_MEMORY_BYTES or segment.address > _HIGHEST_ADDRESS:
        raise damaged("A segment is larger than a program's memory", segment.offset)
    if segment.address < lowest:
        raise damaged("The loaded segments overlap or are not in the order of their addresses", segment.offset)
    alignment = segment.alignment
    if alignment & (alignment - 1):
        alignment = _SMALLEST_PAGE  # glibc from 2.35 on takes no account of one that is no power of two
    if alignment > 1 and (segment.address - segment.offset) % alignment:
        raise damaged("A segment is not aligned as it says", segment.offset)


def _check_apart(segments: Sequence[ProgramHeader]) -> None:
    """Raises where two segments are of the same bytes of the file, which no linker makes."""
    ordered = sorted((segment.offset, segment.file_bytes) for segment in segments if segment.file_bytes)
    for (start, size), (following, _) in pairwise(ordered):
        if start + size > following:
            raise damaged("Two loaded segments share a part of the file", following)


def read_interpreter(source: ByteSource, headers: Sequence[ProgramHeader]) -> str | None:
    """The program interpreter's path (PT_INTERP), or None."""
    for header in headers:
        if header.type == PT_INTERP:
            if header.file_bytes > MAX_INTERPRETER_BYTES:
                raise damaged("The program interpreter's path is too long", header.offset)
            data = source.read(header.offset, header.file_bytes, "the program interpreter's path")
            if not data.endswith(b"\0"):
                raise damaged("The program interpreter's path does not end", header.offset)
            return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return None


def wants_executable_stack(headers: Sequence[ProgramHeader], machine: int) -> bool:
    """Whether loading it makes the stack executable: PT_GNU_STACK says so, or is missing on x86."""
    for header in headers:
        if header.type == PT_GNU_STACK:
            return bool(header.flags & PF_X)
    return machine in {3, 62}
