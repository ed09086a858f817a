"""Reading a record of ``.eh_frame`` value by value (DWARF 4, 7.6)."""

from __future__ import annotations


class UnreadableFramesError(Exception):
    """The information is of a kind that is not read here, or contradicts itself."""


class FrameReader:
    """Takes one value after another out of some bytes; ``UnreadableFramesError`` where there are none left."""

    def __init__(self, data: bytes, address: int) -> None:
        self.data = data
        self.address = address
        self.position = 0

    @property
    def is_at_end(self) -> bool:
        """Whether everything was taken."""
        return self.position >= len(self.data)

    def take(self, size_bytes: int) -> bytes:
        """So many bytes."""
        taken = self.data[self.position : self.position + size_bytes]
        if len(taken) != size_bytes:
            raise UnreadableFramesError
        self.position += size_bytes
        return taken

    def byte(self) -> int:
        """One byte, as a number."""
        return self.take(1)[0]

    def number(self, *, signed: bool = False) -> int:
        """A number of any length (LEB128)."""
        value = shift = 0
        while shift < 64:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value - (1 << shift) if signed and byte & 0x40 else value
        raise UnreadableFramesError

    def text(self) -> bytes:
        """Bytes up to a zero, which is taken too."""
        end = self.data.find(b"\0", self.position)
        if end < 0:
            raise UnreadableFramesError
        return self.take(end - self.position + 1)[:-1]
