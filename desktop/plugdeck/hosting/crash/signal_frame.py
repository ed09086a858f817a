"""What the kernel keeps of a thread that a signal interrupted: its registers (x86-64; ``asm/sigcontext.h``)."""

from __future__ import annotations

import os
import signal
import struct
from dataclasses import dataclass
from typing import Protocol

_CONTEXT = struct.Struct("=QQQii Q 23Q Q")
"""``struct ucontext``: flags, link, the alternate stack's begin, flags and size, registers, the saved FPU state."""
_SIGINFO_AFTER = 304
"""``struct siginfo`` comes after ``struct ucontext`` in ``struct rt_sigframe``."""
_FIRST_REGISTER = 6
_USER_CODE = 0x33
"""The code segment of 64-bit programs."""
_CONTEXT_FLAGS = 0x7
_MOST_STATE_BYTES = 16 * 1024
_OWN_BYTES = 512
"""How much of the stack ``pause`` takes, at most, when other threads run."""
_SEARCHED_BYTES = 64 * 1024
# The order of ``gregs`` in DWARF's numbers (System V ABI for AMD64, figure 3.36); 16 stands for the return address.
_DWARF_NUMBERS = (8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16)
_ERROR, _TRAP, _ADDRESS = 19, 20, 22
STACK_POINTER, FRAME_POINTER, RETURN_ADDRESS = 7, 6, 16
_SI_TKILL = -6
FATAL_SIGNALS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)
"""Those that ``faulthandler`` has a handler for."""


class Memory(Protocol):
    """The memory of a process."""

    def read(self, address: int, size_bytes: int) -> bytes:
        """What is there: fewer bytes, perhaps none, where the memory ends."""


@dataclass(frozen=True, slots=True)
class SignalFrame:
    """A thread at the instruction that a signal interrupted."""

    registers: dict[int, int]
    """By DWARF's numbers."""
    trap: int
    """Which of the processor's exceptions it was (``asm/trapnr.h``); of the last one, if the signal came otherwise."""
    error: int
    """The exception's error code."""
    address: int
    """For a page fault: the address that could not be used."""

    @property
    def instruction(self) -> int:
        """Where it was."""
        return self.registers[RETURN_ADDRESS]

    @property
    def stack(self) -> int:
        """Its stack pointer."""
        return self.registers[STACK_POINTER]


def can_read_frames() -> bool:
    """Whether this machine's frames are known here."""
    return os.uname().machine == "x86_64" and struct.calcsize("P") == 8


def find_signal_frame(memory: Memory, stack: int) -> tuple[int, SignalFrame] | None:
    """The signal that began it, and its frame; None when the thread does not stand still in a handler.

    Args:
        memory: of the process.
        stack: the stack pointer of a thread that waits in libc's ``pause``.

    ``faulthandler`` raises the signal once more to call the handler before it, so the frame that tells where the fault
    was lies above the parked handler's own. A handler that was called otherwise has only one.
    """
    found = _search(memory, stack, _OWN_BYTES)
    if found is None:
        return None
    context, own = found
    number, code = _signal_and_code(memory, context)
    if number not in FATAL_SIGNALS:
        return None
    above = _search(memory, own.stack, _SEARCHED_BYTES) if code == _SI_TKILL else None
    return number, above[1] if above else own


def _search(memory: Memory, stack: int, most_bytes: int) -> tuple[int, SignalFrame] | None:
    """The next frame above, with the address of its ``ucontext``, which is aligned."""
    begin = (stack + 15) & ~15
    data = memory.read(begin, most_bytes + _CONTEXT.size)
    for position in range(0, len(data) - _CONTEXT.size, 16):
        if found := _parse(data[position : position + _CONTEXT.size], begin + position):
            return begin + position, found
    return None


def _signal_and_code(memory: Memory, context: int) -> tuple[int, int]:
    """``si_signo`` and ``si_code`` of the signal whose frame it is; the parked handler is told them."""
    said = memory.read(context + _SIGINFO_AFTER, 12)
    return (int.from_bytes(said[:4], "little"), int.from_bytes(said[8:], "little", signed=True)) if said else (0, 0)


def _parse(data: bytes, address: int) -> SignalFrame | None:
    """The frame, if it is one: what is fixed in it is what it must be, and the FPU's state lies just behind it."""
    if len(data) < _CONTEXT.size or data[8:16] != bytes(8):
        return None
    fields = _CONTEXT.unpack(data)
    registers, state = fields[_FIRST_REGISTER : _FIRST_REGISTER + 23], fields[-1]
    is_frame = fields[0] & ~_CONTEXT_FLAGS == 0 and registers[18] & 0xFFFF == _USER_CODE
    if not is_frame or not 0 <= state - address < _MOST_STATE_BYTES:
        return None
    numbered = dict(zip(_DWARF_NUMBERS, registers, strict=False))
    return SignalFrame(numbered, registers[_TRAP], registers[_ERROR], registers[_ADDRESS])
