"""How a function's caller is found: the call frame information of ``.eh_frame`` (LSB 5.0, chapter 10; DWARF 4, 6.4).

Only what compilers make of ordinary functions is read; rules that are expressions (in PLT entries and signal
trampolines) are not, and then there is no answer rather than a guess. No text: names are ``native_file``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

_DATA_RELATIVE_4 = 0x3B  # DW_EH_PE_datarel | DW_EH_PE_sdata4: how every linker writes the search table
_PC_RELATIVE_4, _UNSIGNED_4 = 0x1B, 0x03
_HEAD_BYTES = 12
_MOST_RECORD_BYTES = 64 * 1024
_MOST_STEPS = 4096
_MOST_KEPT = 16  # states within each other; compilers write one, and a file made for it would fill our memory
_POINTER_BYTES = {0x00: 8, 0x02: 2, 0x03: 4, 0x04: 8, 0x0A: 2, 0x0B: 4, 0x0C: 8}
_ADVANCES = {0x02: 1, 0x03: 2, 0x04: 4}


class Image(Protocol):
    """A file's contents by the addresses that it is linked for."""

    def at(self, address: int, size_bytes: int) -> bytes:
        """Exactly these bytes. Raises PlugdeckError where the file has none."""


class UnreadableFramesError(Exception):
    """The information is of a kind that is not read here, or contradicts itself."""


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


class _Reader:
    """Takes one value after another out of some bytes."""

    def __init__(self, data: bytes, address: int) -> None:
        self.data = data
        self.address = address
        self.position = 0

    @property
    def is_at_end(self) -> bool:
        return self.position >= len(self.data)

    def take(self, size_bytes: int) -> bytes:
        taken = self.data[self.position : self.position + size_bytes]
        if len(taken) != size_bytes:
            raise UnreadableFramesError
        self.position += size_bytes
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self, *, signed: bool = False) -> int:
        """LEB128 (DWARF 4, 7.6)."""
        value = shift = 0
        while shift < 64:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value - (1 << shift) if signed and byte & 0x40 else value
        raise UnreadableFramesError

    def text(self) -> bytes:
        end = self.data.find(b"\0", self.position)
        if end < 0:
            raise UnreadableFramesError
        return self.take(end - self.position + 1)[:-1]


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

    def _read_shared(self, shared: _Reader) -> None:
        shared.take(4)  # the mark of a CIE: zero
        version, augmentation = shared.byte(), shared.text()
        if version not in {1, 3} or not augmentation.startswith(b"z"):
            raise UnreadableFramesError
        self._code_unit, self._data_unit = shared.number(), shared.number(signed=True)
        self._return_register = shared.byte() if version == 1 else shared.number()
        rest = _Reader(shared.take(shared.number()), 0)
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
        machine = _Machine(self._code_unit, self._data_unit)
        machine.run(self._shared, self.begin, address)
        machine.initial = dict(machine.saved)
        machine.run(self._own, self.begin, address)
        return Rules(machine.register, machine.offset, machine.saved, frozenset(machine.undefined))


class _Machine:
    """The rules as they stand while a program of ``DW_CFA_*`` instructions runs (DWARF 4, 6.4.2)."""

    def __init__(self, code_unit: int, data_unit: int) -> None:
        self._code_unit = code_unit
        self._data_unit = data_unit
        self.register = -1
        self.offset = 0
        self.saved: dict[int, int] = {}
        self.undefined: set[int] = set()
        self.initial: dict[int, int] = {}
        self._kept: list[tuple[int, int, dict[int, int], set[int]]] = []

    def run(self, program: _Reader, begin: int, address: int) -> None:
        place = begin
        for _ in range(_MOST_STEPS):
            if program.is_at_end:
                return
            code = program.byte()
            high, low = code & 0xC0, code & 0x3F
            if high == 0x40 or (low in _ADVANCES and not high):
                steps = low if high else int.from_bytes(program.take(_ADVANCES[low]), "little")
                place += steps * self._code_unit
                if place > address:
                    return
            elif high == 0x80:
                self._save(low, program.number() * self._data_unit)
            elif high == 0xC0:
                self._restore(low)
            else:
                self._step(code, program)
        raise UnreadableFramesError

    def _step(self, code: int, program: _Reader) -> None:
        """An instruction without an operand in its code."""
        match code:
            case 0x00:  # DW_CFA_nop
                return
            case 0x0A if len(self._kept) < _MOST_KEPT:  # DW_CFA_remember_state
                self._kept.append((self.register, self.offset, dict(self.saved), set(self.undefined)))
            case 0x0B if self._kept:  # DW_CFA_restore_state
                self.register, self.offset, self.saved, self.undefined = self._kept.pop()
            case 0x2E:  # DW_CFA_GNU_args_size
                program.number()
            case 0x0C | 0x0D | 0x0E | 0x12 | 0x13:
                self._define(code, program)
            case 0x05 | 0x06 | 0x07 | 0x08 | 0x11:
                self._set_rule(code, program)
            case _:
                raise UnreadableFramesError

    def _define(self, code: int, program: _Reader) -> None:
        """``DW_CFA_def_cfa``, ``_register``, ``_offset``, and those with a signed, scaled offset (``_sf``)."""
        if code not in {0x0E, 0x13}:
            self.register = program.number()
        if code in {0x12, 0x13}:
            self.offset = program.number(signed=True) * self._data_unit
        elif code in {0x0C, 0x0E}:
            self.offset = program.number()

    def _set_rule(self, code: int, program: _Reader) -> None:
        """``DW_CFA_offset_extended`` (``_sf``), ``_restore_extended``, ``_undefined``, ``_same_value``."""
        register = program.number()
        match code:
            case 0x05:
                self._save(register, program.number() * self._data_unit)
            case 0x11:
                self._save(register, program.number(signed=True) * self._data_unit)
            case 0x06:
                self._restore(register)
            case 0x07:
                self.undefined.add(register)
            case 0x08:
                self.saved.pop(register, None)

    def _save(self, register: int, offset: int) -> None:
        self.saved[register] = offset
        self.undefined.discard(register)

    def _restore(self, register: int) -> None:
        self.saved.pop(register, None)
        if register in self.initial:
            self.saved[register] = self.initial[register]


def _record(image: Image, address: int) -> _Reader:
    """A record's bytes after its length."""
    size = int.from_bytes(image.at(address, 4), "little")
    if not 4 <= size <= _MOST_RECORD_BYTES:
        raise UnreadableFramesError
    return _Reader(image.at(address + 4, size), address + 4)


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)
