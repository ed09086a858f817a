"""How a function's caller is found: the call frame information of ``.eh_frame`` (LSB 5.0, chapter 10; DWARF 4, 6.4).

Only what compilers make of ordinary functions is read; rules that are expressions (in PLT entries and signal
trampolines) are not, and then there is no answer rather than a guess. No text: names are ``native_file``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from plugdeck.hosting.crash.frame_machine import FrameMachine
from plugdeck.hosting.crash.frame_reader import FrameReader, UnreadableFramesError

_DATA_RELATIVE_4 = 0x3B  # DW_EH_PE_datarel | DW_EH_PE_sdata4: how every linker writes the search table
_PC_RELATIVE_4, _UNSIGNED_4 = 0x1B, 0x03
_HEAD_BYTES = 12
_MOST_RECORD_BYTES = 64 * 1024
_POINTER_BYTES = {0x00: 8, 0x02: 2, 0x03: 4, 0x04: 8, 0x0A: 2, 0x0B: 4, 0x0C: 8}


class Image(Protocol):
    """A file's contents by the addresses that it is linked for."""

    def at(self, address: int, size_bytes: int) -> bytes:
        """Exactly these bytes. Raises PlugdeckError where the file has none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a caller's registers follow from a function's, at one instruction."""

    register: int
    """The register that the canonical frame address (CFA) is counted from."""
    offset: int
    saved: dict[int, int] = field(default_factory=dict)
    """Register to its place, in bytes from the CFA."""
    undefined: frozenset[int] = frozenset()
    """Registers without a value there; the return address among them means that nobody called."""


def rules_at(image: Image, search_table: int, address: int) -> Rules | None:
    """The rules at an instruction; None when no function is known there.

    Args:
        image: the file.
        search_table: the address of ``.eh_frame_hdr``.
        address: of the instruction; for a caller, one within its call.

    Raises:
        UnreadableFramesError: see there.
        PlugdeckError: it leads out of the file.
    """
    head = image.at(search_table, _HEAD_BYTES)
    if head[:4] != bytes((1, _PC_RELATIVE_4, _UNSIGNED_4, _DATA_RELATIVE_4)):
        raise UnreadableFramesError
    record = _find(image, search_table, int.from_bytes(head[8:12], "little"), address)
    return _Function(image, record).rules(address) if record is not None else None


def _find(image: Image, table: int, count: int, address: int) -> int | None:
    """The record of the last function that begins at or before the address."""
    low, high, record = 0, count, None
    while low < high:
        middle = (low + high) // 2
        entry = image.at(table + _HEAD_BYTES + 8 * middle, 8)
        if table + _signed(entry[:4]) <= address:
            low, record = middle + 1, table + _signed(entry[4:])
        else:
            high = middle
    return record


class _Function:
    """A function's record (FDE) with what it shares with others (CIE)."""

    def __init__(self, image: Image, address: int) -> None:
        own = _record(image, address)
        shared_at = own.address - int.from_bytes(own.take(4), "little")
        shared = _record(image, shared_at)
        self._read_shared(shared)
        begin_at = own.address + own.position
        self.begin = begin_at + _signed(own.take(4))
        self.end = self.begin + int.from_bytes(own.take(4), "little")
        own.take(own.number())
        self._shared, self._own = shared, own

    def _read_shared(self, shared: FrameReader) -> None:
        shared.take(4)  # the mark of a CIE: zero
        version, augmentation = shared.byte(), shared.text()
        if version not in {1, 3} or not augmentation.startswith(b"z"):
            raise UnreadableFramesError
        self._code_unit, self._data_unit = shared.number(), shared.number(signed=True)
        self._return_register = shared.byte() if version == 1 else shared.number()
        rest = FrameReader(shared.take(shared.number()), 0)
        encoding = 0
        for letter in augmentation[1:].decode("latin-1"):
            if letter in "RL":
                encoding = rest.byte() if letter == "R" else (rest.byte(), encoding)[1]
            elif letter == "P":
                rest.take(_POINTER_BYTES.get(rest.byte() & 0x0F, 8))
            elif letter not in "SB":
                raise UnreadableFramesError
        if encoding != _PC_RELATIVE_4:
            raise UnreadableFramesError

    def rules(self, address: int) -> Rules | None:
        """Both programs run until they pass the address."""
        if not self.begin <= address < self.end:
            return None
        machine = FrameMachine(self._code_unit, self._data_unit)
        machine.run(self._shared, self.begin, address)
        machine.initial = dict(machine.saved)
        machine.run(self._own, self.begin, address)
        return Rules(machine.register, machine.offset, machine.saved, frozenset(machine.undefined))


def _record(image: Image, address: int) -> FrameReader:
    """A record's bytes after its length."""
    size = int.from_bytes(image.at(address, 4), "little")
    if not 4 <= size <= _MOST_RECORD_BYTES:
        raise UnreadableFramesError
    return FrameReader(image.at(address + 4, size), address + 4)


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)
