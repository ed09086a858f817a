"""How a thread came to where it is: its callers, from its registers and its stack.

Each step goes by the compiler's own frame tables. Where a function has none, the stack is searched for an address
just behind a call instruction; what is found so, and all that follows from it, is only perhaps true, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plugdeck.hosting.crash.call_frames import Rules
from plugdeck.hosting.crash.native_file import NativeFiles
from plugdeck.hosting.crash.process_view import ProcessView
from plugdeck.hosting.crash.signal_frame import RETURN_ADDRESS, STACK_POINTER

MOST_FRAMES = 48
_SEARCHED_BYTES = 16 * 1024
_LONGEST_CALL = 7
# Where FF /2 may begin, from seven bytes before the return address: it has ModRM, and perhaps SIB and a displacement.
_INDIRECT_CALLS = (5, 4, 3, 1, 0)
_NEAR_CALL, _INDIRECT = 0xE8, 0xFF


@dataclass(frozen=True, slots=True)
class Frame:
    """One function at work."""

    address: int
    """Of the instruction it is at, or returns to."""
    is_caller: bool
    is_certain: bool

    @property
    def inside(self) -> int:
        """An address that is within the instruction: a call may be the last one of its function."""
        return self.address - 1 if self.is_caller else self.address


def unwind(view: ProcessView, files: NativeFiles, registers: Mapping[int, int]) -> Iterator[Frame]:
    """The frames from the innermost outwards, at most ``MOST_FRAMES``."""
    known = dict(registers)
    frame = Frame(known[RETURN_ADDRESS], is_caller=False, is_certain=True)
    is_certain = True
    for _ in range(MOST_FRAMES):
        yield frame
        rules = _rules(view, files, frame)
        if rules and RETURN_ADDRESS in rules.undefined:
            return
        following = _by_rules(view, known, rules) if rules else _from_nowhere(view, known, frame)
        if following is None:
            is_certain = False
            following = _by_search(view, known[STACK_POINTER])
        if following is None:
            return
        known = following
        frame = Frame(known[RETURN_ADDRESS], is_caller=True, is_certain=is_certain)


def _rules(view: ProcessView, files: NativeFiles, frame: Frame) -> Rules | None:
    mapping = view.mapping_at(frame.inside)
    file = files.of(mapping) if mapping and "x" in mapping.permissions else None
    if mapping is None or file is None:
        return None
    address = file.address_of(frame.inside - mapping.begin + mapping.offset)
    return None if address is None else file.rules(address)


def _by_rules(view: ProcessView, known: Mapping[int, int], rules: Rules) -> dict[int, int] | None:
    """The caller's registers, as far as they are known; None when that leads nowhere."""
    if rules.register not in known:
        return None
    canonical = known[rules.register] + rules.offset
    place = rules.saved.get(RETURN_ADDRESS)
    back = view.word(canonical + place) if place is not None else None
    if back is None or canonical <= known[STACK_POINTER] or not _is_code(view, back):
        return None
    saved = {register: view.word(canonical + offset) for register, offset in rules.saved.items()}
    kept = {register: value for register, value in known.items() if register not in rules.undefined}
    restored = {register: value for register, value in saved.items() if value is not None}
    return {**kept, **restored, STACK_POINTER: canonical, RETURN_ADDRESS: back}


def _from_nowhere(view: ProcessView, known: Mapping[int, int], frame: Frame) -> dict[int, int] | None:
    """A call through a wrong pointer: the instruction is no code, and its caller is on top of the stack."""
    stack = known[STACK_POINTER]
    if frame.is_caller or _is_code(view, frame.address):
        return None
    back = view.word(stack)
    return {**known, STACK_POINTER: stack + 8, RETURN_ADDRESS: back} if back and _follows_call(view, back) else None


def _by_search(view: ProcessView, stack: int) -> dict[int, int] | None:
    """The next address on the stack that a call would have left there; no register but the stack's is known then."""
    begin = (stack + 7) & ~7
    words = memoryview(_whole_words(view.read(begin, _SEARCHED_BYTES))).cast("Q")
    for place, word in enumerate(words):
        if _follows_call(view, word):
            return {STACK_POINTER: begin + 8 * (place + 1), RETURN_ADDRESS: word}
    return None


def _whole_words(data: bytes) -> bytes:
    return data[: len(data) & ~7]


def _is_code(view: ProcessView, address: int) -> bool:
    mapping = view.mapping_at(address)
    return mapping is not None and "x" in mapping.permissions


def _follows_call(view: ProcessView, address: int) -> bool:
    if not _is_code(view, address):
        return False
    before = view.read(address - _LONGEST_CALL, _LONGEST_CALL)
    if len(before) < _LONGEST_CALL:
        return False
    indirect = any(before[at] == _INDIRECT and before[at + 1] >> 3 & 7 == 2 for at in _INDIRECT_CALLS)
    return before[2] == _NEAR_CALL or indirect
