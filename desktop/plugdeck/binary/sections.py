"""Section headers, and what is in sections: what tools are told, and no loader looks at (gABI, chapter 4)."""

from __future__ import annotations

import zlib
from struct import Struct
from typing import NamedTuple

from plugdeck.binary.layout import Layout
from plugdeck.binary.source import ByteSource, damaged
from plugdeck.errors import BinaryFormatError

SHT_PROGBITS, SHT_SYMTAB, SHT_NOBITS = 1, 2, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 1, 2, 4, 0x800

MAX_SECTIONS = 20_000
"""Only object files that were not linked yet have more."""

MAX_NAMES_BYTES = 1024 * 1024
MAX_NAME_BYTES = 256

MAX_UNPACKED_BYTES = 4 * 1024 * 1024
"""Of one compressed section no more is unpacked, so that a small file cannot fill the memory."""

_PACKED_PIECE_BYTES = 64 * 1024
_ELFCOMPRESS_ZLIB = 1
_SHN_XINDEX = 0xFFFF


class Section(NamedTuple):
    """``Elf_Shdr``: one section, by its name."""

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size_bytes: int

    @property
    def is_loaded(self) -> bool:
        """Whether it takes room in memory when the program runs."""
        return bool(self.flags & SHF_ALLOC)

    @property
    def is_debug(self) -> bool:
        """Whether it serves debuggers only."""
        return not self.is_loaded and self.name.startswith((".debug", ".zdebug", ".gdb_index", ".gnu_debugdata"))


def read_sections(source: ByteSource, layout: Layout) -> tuple[Section, ...]:
    """All sections after the empty first one; none where the file has no section headers.

    Raises:
        BinaryFormatError: the table contradicts the file, or is larger than the limits.
    """
    fields = layout.header.unpack(source.head[: layout.header.size])
    offset, entry_bytes, count, names_at = fields[6], fields[11], fields[12], fields[13]
    if not offset:
        return ()
    # Both classes have the same fields in the same order.
    record = Struct(layout.word.format[0] + ("IIQQQQIIQQ" if layout.bits == 64 else "10I"))
    if entry_bytes != record.size:
        raise damaged(f"Section headers of {entry_bytes} bytes do not exist", offset)
    # The first one holds the numbers that the ELF header has no room for.
    first = record.unpack(source.read(offset, record.size, "the section header table"))
    count, names_at = count or first[5], first[6] if names_at == _SHN_XINDEX else names_at
    if count > MAX_SECTIONS:
        raise damaged(f"The file claims to have {count:,} sections", offset)
    rows = [*record.iter_unpack(source.read(offset, count * record.size, "the section header table"))]
    names = _names(source, rows, names_at)
    return tuple([Section(_name(names, row[0]), *row[1:6]) for row in rows[1:]])


def _names(source: ByteSource, rows: list[tuple[int, ...]], index: int) -> bytes:
    if index >= len(rows):
        raise damaged(f"Section {index:,} has the names of the sections, and does not exist")
    _name, kind, _flags, _address, offset, size = rows[index][:6]
    if kind == SHT_NOBITS:
        return b""
    if size > MAX_NAMES_BYTES:
        raise damaged(f"The names of the sections take {size:,} bytes", offset)
    return source.read(offset, size, "the names of the sections")


def _name(names: bytes, position: int) -> str:
    end = names.find(b"\0", position, position + MAX_NAME_BYTES)
    return names[position:end].decode("utf-8", "surrogateescape") if end >= 0 else ""


class SectionContents:
    """The bytes of one section, unpacked where it is compressed. Nothing outside of it can be read."""

    __slots__ = ("_data", "_source", "is_cut", "offset", "size_bytes")

    def __init__(self, source: ByteSource, section: Section, layout: Layout) -> None:
        """Unpacks the beginning of a compressed section, up to ``MAX_UNPACKED_BYTES``.

        Raises:
            BinaryFormatError: its contents are not in the file, or compressed in a way that is not known here.
        """
        self._source = source
        self._data: bytes | None = None
        self.is_cut = False
        """Whether there is more of it than was unpacked."""
        self.offset = section.offset
        self.size_bytes = 0 if section.type == SHT_NOBITS else section.size_bytes
        if self.offset + self.size_bytes > source.size_bytes:
            raise damaged(f"The section {section.name} reaches beyond the end of the file", self.offset)
        if head_bytes := _compression_head(source, section, layout):
            self._data = self._unpack(section, head_bytes)
            self.size_bytes = len(self._data)
            self.is_cut = self.size_bytes == MAX_UNPACKED_BYTES

    def read(self, position: int, most_bytes: int) -> bytes:
        """At most ``most_bytes`` at ``position``; fewer, perhaps none, where the section ends."""
        size = min(most_bytes, self.size_bytes - position)
        if size <= 0:
            return b""
        if self._data is not None:
            return self._data[position : position + size]
        return self._source.read(self.offset + position, size, "a section")

    def text(self, position: int, most_bytes: int) -> str:
        """The string that begins at ``position``, cut at ``most_bytes``."""
        return self.read(position, most_bytes).partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def _unpack(self, section: Section, head_bytes: int) -> bytes:
        unpacker, unpacked = zlib.decompressobj(), bytearray()
        position, end = section.offset + head_bytes, section.offset + self.size_bytes
        try:
            while position < end and not unpacker.eof and len(unpacked) < MAX_UNPACKED_BYTES:
                piece = self._source.read(position, min(_PACKED_PIECE_BYTES, end - position), section.name)
                unpacked += unpacker.decompress(piece, MAX_UNPACKED_BYTES - len(unpacked))
                position += len(piece)
        except zlib.error as error:
            raise damaged(f"The section {section.name} cannot be unpacked", section.offset) from error
        return bytes(unpacked)


def _compression_head(source: ByteSource, section: Section, layout: Layout) -> int:
    """How many bytes come before the zlib stream; 0 where the section is not compressed."""
    if section.flags & SHF_COMPRESSED:
        head_bytes = 24 if layout.bits == 64 else 12  # Elf64_Chdr, Elf32_Chdr; both begin with ch_type
        head = source.read(section.offset, head_bytes, f"the section {section.name}")
        if layout.word.unpack_from(head)[0] != _ELFCOMPRESS_ZLIB:
            raise BinaryFormatError(f"The section {section.name} is not compressed with zlib", offset=section.offset)
        return head_bytes
    if section.name.startswith(".zdebug") and section.size_bytes >= 12:
        magic = source.read(section.offset, 4, f"the section {section.name}")
        return 12 if magic == b"ZLIB" else 0  # then the size, eight bytes, big-endian
    return 0
