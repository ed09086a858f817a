"""What a function does to its frame, instruction by instruction (DWARF 4, 6.4.2); for ``call_frames``."""

from __future__ import annotations

from plugdeck.hosting.crash.frame_reader import FrameReader, UnreadableFramesError

_MOST_STEPS = 4096
_MOST_KEPT = 16  # states within each other; compilers write one, and a file made for it would fill our memory
_ADVANCES = {0x02: 1, 0x03: 2, 0x04: 4}


class FrameMachine:
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

    def run(self, program: FrameReader, begin: int, address: int) -> None:
        """Runs a program that begins at one instruction of the function, until it is past another.

        Raises:
            UnreadableFramesError: it has no end, or an instruction that is not read here.
        """
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

    def _step(self, code: int, program: FrameReader) -> None:
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

    def _define(self, code: int, program: FrameReader) -> None:
        """``DW_CFA_def_cfa``, ``_register``, ``_offset``, and those with a signed, scaled offset (``_sf``)."""
        if code not in {0x0E, 0x13}:
            self.register = program.number()
        if code in {0x12, 0x13}:
            self.offset = program.number(signed=True) * self._data_unit
        elif code in {0x0C, 0x0E}:
            self.offset = program.number()

    def _set_rule(self, code: int, program: FrameReader) -> None:
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
