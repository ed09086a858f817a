"""What a thread did that the processor or the kernel stopped it for, in words."""

from __future__ import annotations

import signal as signals
from dataclasses import dataclass

from plugdeck.hosting.crash.process_view import Mapping, ProcessView
from plugdeck.hosting.crash.signal_frame import SignalFrame
from plugdeck.text import visible

# asm/trapnr.h
_DIVIDE, _INVALID, _PROTECTION, _PAGE, _X87, _ALIGNMENT, _SIMD = 0, 6, 13, 14, 16, 17, 19
_ASKED_FOR = "calculated what it had asked to be stopped for"
_WORDS: dict[tuple[int, int], str] = {
    (signals.SIGSEGV, _PROTECTION): "used an address that cannot exist, or is not aligned as the instruction needs it",
    (signals.SIGBUS, _ALIGNMENT): "used memory that is not aligned as the instruction needs it",
    (signals.SIGFPE, _X87): _ASKED_FOR,
    (signals.SIGFPE, _SIMD): _ASKED_FOR,
}
# asm/trap_pf.h: bits of a page fault's error code
_WRITE, _FETCH = 1 << 1, 1 << 4
_STACK_NEAR_BYTES = 1024 * 1024
_SHOWN_NAME = 80
_LONGEST_INSTRUCTION = 15
_TRAP_INSTRUCTION = b"\x0f\x0b"
_PREFIXES = {*range(0x40, 0x50), 0x66, 0xF2, 0xF3}
_DIVISIONS = {0xF6, 0xF7}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened at an instruction."""

    words: str = ""
    """``wrote to address 0x0 (no memory there)``; empty where the signal says all."""
    address: int | None = None
    """The memory that could not be used."""
    is_write: bool = False
    is_sent: bool = False
    """Whether the signal did not come from an instruction that failed, but from somebody who sent it."""


def fault_of(signal: int, frame: SignalFrame, view: ProcessView) -> Fault:
    """The fault that ``signal`` tells of.

    The processor's numbers stay from the last exception, so they only count for a signal that fits them.
    """
    if signal in {signals.SIGSEGV, signals.SIGBUS} and frame.trap == _PAGE:
        return _memory_fault(signal, frame, view)
    instruction = view.read(frame.instruction, _LONGEST_INSTRUCTION)
    words = _WORDS.get((signal, frame.trap), "")
    if (signal, frame.trap) == (signals.SIGILL, _INVALID):
        words = _illegal(instruction)
    elif (signal, frame.trap) == (signals.SIGFPE, _DIVIDE) and _divides(instruction):
        words = "divided an integer by zero, or by -1 with a result that is too large"
    if words:
        return Fault(words)
    return Fault("gave up" if signal == signals.SIGABRT else "the signal was sent to it", is_sent=True)


def _memory_fault(signal: int, frame: SignalFrame, view: ProcessView) -> Fault:
    address = frame.address
    is_write = bool(frame.error & _WRITE)
    if frame.error & _FETCH or address == frame.instruction:
        deed, why = "jumped to", _why_no_code(view, address)
    else:
        deed = "wrote to" if is_write else "read from"
        why = _why(signal, frame, view, is_write=is_write)
    return Fault(f"{deed} address {address:#x} ({why})", address, is_write)


def _why(signal: int, frame: SignalFrame, view: ProcessView, *, is_write: bool) -> str:
    mapping = view.mapping_at(frame.address)
    if signal == signals.SIGBUS:
        name = f" {file_name(mapping)}" if mapping and mapping.file_path else ""
        return f"beyond the end of the file{name}, which was cut off" if name else "memory that is gone"
    if _is_stack_overflow(frame, view, mapping):
        return "its stack was full"
    if mapping is None:
        return "no memory there"
    if "r" not in mapping.permissions:
        return "memory that nobody may touch"
    return f"memory that may only be read{_of(mapping)}" if is_write else "memory that may not be used"


def _why_no_code(view: ProcessView, address: int) -> str:
    mapping = view.mapping_at(address)
    return "no memory there" if mapping is None else f"no code there{_of(mapping)}"


def _is_stack_overflow(frame: SignalFrame, view: ProcessView, mapping: Mapping | None) -> bool:
    """The address is near the stack pointer, and neither has memory that can be written: below lies its limit."""
    if abs(frame.address - frame.stack) > _STACK_NEAR_BYTES or (mapping and "w" in mapping.permissions):
        return False
    above = view.mapping_above(frame.address)
    return above is not None and "w" in above.permissions and above.begin - frame.address < _STACK_NEAR_BYTES


def _illegal(instruction: bytes) -> str:
    if instruction.startswith(_TRAP_INSTRUCTION):
        return "ran into a trap (ud2), which compilers put where a program must not get"
    return f"ran an instruction that this processor does not have ({instruction[:6].hex(' ')})"


def _divides(instruction: bytes) -> bool:
    """DIV or IDIV: F6 or F7 with 6 or 7 as its extension."""
    rest = instruction
    while rest and rest[0] in _PREFIXES:
        rest = rest[1:]
    return len(rest) > 1 and rest[0] in _DIVISIONS and rest[1] >> 3 & 7 in {6, 7}


def _of(mapping: Mapping) -> str:
    return f", of {file_name(mapping)}" if mapping.path else ""


def file_name(mapping: Mapping) -> str:
    """The name of the file that is mapped, without its folder, safe to show: ``blur.so``, ``[stack]``."""
    if mapping.path.startswith("["):
        return visible(mapping.path, _SHOWN_NAME)
    return visible(mapping.file_path.removeprefix("/memfd:").rpartition("/")[2], _SHOWN_NAME)
