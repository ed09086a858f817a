"""The dynamic string table: names by their offset, each read when it is asked for."""

from __future__ import annotations

from plugdeck.binary.source import ByteSource, damaged

MAX_STRING_BYTES = 16 * 1024
"""Longer than any path, and than the longest mangled C++ name that compilers make in practice."""

MAX_TOTAL_BYTES = 4 * 1024 * 1024
"""What all names of one file may add up to, since crafted names can overlap; symbols' names have their own limit."""

_WHOLE_BYTES = 16 * 1024
_PIECE_BYTES = 256


class StringTable:
    """``.dynstr``: ``size`` bytes at ``offset`` of the file, strings ended by NUL."""

    __slots__ = ("_budget", "_known", "_source", "_whole", "offset", "size")

    def __init__(self, source: ByteSource, offset: int, size: int) -> None:
        self.offset = offset
        self.size = size
        self._source = source
        self._known: dict[int, str] = {}
        self._budget = MAX_TOTAL_BYTES
        self._whole = self.read_all() if size <= _WHOLE_BYTES else b""

    def read_all(self) -> bytes:
        """The whole table."""
        return self._source.read(self.offset, self.size, "the string table")

    def text(self, position: int) -> str:
        """The string that begins at ``position``, decoded as UTF-8 with ``surrogateescape``."""
        known = self._known.get(position)
        if known is None:
            known = self._known[position] = self._read(position).decode("utf-8", "surrogateescape")
        return known

    def _read(self, position: int) -> bytes:
        if position >= self.size:
            raise damaged(f"A name at {position:#x} lies outside the string table", self.offset)
        raw = self._from_whole(position) if self._whole else self._from_pieces(position)
        self._budget -= len(raw)
        if self._budget < 0:
            raise damaged(f"The names add up to more than {MAX_TOTAL_BYTES:,} bytes", self.offset)
        return raw

    def _from_whole(self, position: int) -> bytes:
        end = self._whole.find(b"\0", position)
        if end < 0:
            raise damaged("A name in the string table does not end", self.offset + position)
        return self._whole[position:end]

    def _from_pieces(self, position: int) -> bytes:
        size = _PIECE_BYTES
        while True:
            size = min(size, self.size - position)
            piece = self._source.read(self.offset + position, size, "the string table")
            end = piece.find(b"\0")
            if end >= 0:
                return piece[:end]
            if size >= MAX_STRING_BYTES or position + size == self.size:
                raise damaged("A name in the string table does not end", self.offset + position)
            size *= 4


def sysv_hash(name: bytes) -> int:
    """The hash of DT_HASH and of version records (gABI, chapter 5, "Hash Table")."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        value = (value ^ (value & 0xF000_0000) >> 24) & 0x0FFF_FFFF
    return value
