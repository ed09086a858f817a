"""The ELF header: class, byte order, machine, and where the program headers are (gABI, chapter 4)."""

from __future__ import annotations

from typing import NamedTuple

from plugdeck.binary.layout import LAYOUTS, Layout
from plugdeck.binary.machines import ELF_MACHINES, machine_name
from plugdeck.binary.source import CUT_OFF, ByteSource, damaged
from plugdeck.errors import BinaryFormatError

MAGIC = b"\x7fELF"
ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
PN_XNUM = 0xFFFF
"""``e_phnum`` when the real number is elsewhere: only core dumps have so many."""


class ElfHeader(NamedTuple):
    """``Elf_Ehdr``, without what only section headers need."""

    layout: Layout
    os_abi: int
    abi_version: int
    type: int
    machine: int
    program_headers_offset: int
    program_header_count: int

    @classmethod
    def read(cls, source: ByteSource) -> ElfHeader:
        """The header of an ELF file; the caller has seen its magic number."""
        ident = source.head[:16]
        layout = LAYOUTS.get((ident[4], ident[5])) if len(ident) == 16 else None
        if len(ident) < 16 or (layout and source.size_bytes < layout.header.size):
            raise BinaryFormatError("The file ends within its ELF header", remedy=CUT_OFF)
        if layout is None:
            raise damaged(f"ELF class {ident[4]} with byte order {ident[5]} does not exist", 4)
        return cls.parse(source.head[: layout.header.size], layout)

    @classmethod
    def parse(cls, data: bytes, layout: Layout) -> ElfHeader:
        """The header from exactly its own bytes."""
        ident, type_, machine, version, _entry, offset, _sections, _flags, *sizes = layout.header.unpack(data)
        header_size, entry_size, count = sizes[:3]
        if ident[6] != 1 or version != 1:
            raise damaged("The ELF version is not 1", 6)
        if any(ident[9:]):
            raise damaged("The ELF identification does not end with zeros", 9)
        if header_size != layout.header.size:
            raise damaged(f"The ELF header claims to be {header_size} bytes long", 0x34 if layout.bits == 64 else 0x28)
        if count and entry_size != layout.program_header.size:
            raise damaged(f"Program headers of {entry_size} bytes do not exist")
        return cls(layout, ident[7], ident[8], type_, machine, offset, count)

    @property
    def has_segments(self) -> bool:
        """Whether it is a program or a shared object, which a loader maps by its program headers."""
        return self.type not in {ET_REL, ET_CORE}

    @property
    def machine_name(self) -> str:
        """The machine in words."""
        return machine_name(ELF_MACHINES, self.machine)
