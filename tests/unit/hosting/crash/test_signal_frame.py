"""Frames that the kernel left on a stack are found, and nothing else is taken for one."""

from __future__ import annotations

import random
import signal
import struct

import pytest

from plugdeck.hosting.crash.signal_frame import FRAME_POINTER, find_signal_frame

STACK = 0x7FFC_0000_0000


class Stack:
    """Memory that begins at ``STACK``, without anything in it."""

    def __init__(self) -> None:
        self.data = bytearray(32 * 1024)

    def read(self, address: int, size_bytes: int) -> bytes:
        place = address - STACK
        return bytes(self.data[place : place + size_bytes]) if 0 <= place < len(self.data) else b""

    def push(self, place: int, *, stack: int, instruction: int, number: int, code: int, trap: int = 0) -> None:
        """``struct ucontext`` and ``struct siginfo`` at ``place``."""
        registers = [0] * 23
        registers[10], registers[15], registers[16], registers[18] = (
            0x77,
            STACK + stack,
            instruction,
            0x2B_0000_0000_0033,
        )
        registers[19], registers[20], registers[22] = 6, trap, 0x1234
        context = struct.pack("=QQQiiQ23QQ", 7, 0, STACK, 1, 0, 1 << 17, *registers, STACK + place + 448)
        self.data[place : place + len(context)] = context
        self.data[place + 304 : place + 316] = struct.pack("=iii", number, 0, code)


def test_frame_of_the_fault_lies_above_the_parked_one():
    stack = Stack()
    stack.push(4096, stack=8192, instruction=0x111, number=signal.SIGSEGV, code=-6)
    stack.push(9008, stack=20000, instruction=0xABC, number=0, code=0, trap=14)
    number, frame = find_signal_frame(stack, STACK + 4000)
    assert (number, frame.instruction, frame.stack) == (signal.SIGSEGV, 0xABC, STACK + 20000)
    assert (frame.trap, frame.error, frame.address, frame.registers[FRAME_POINTER]) == (14, 6, 0x1234, 0x77)


@pytest.mark.parametrize("code", [1, 0, -6])
def test_only_frame_is_the_faults_own(code):
    stack = Stack()
    stack.push(4096, stack=8192, instruction=0x111, number=signal.SIGBUS, code=code, trap=14)
    number, frame = find_signal_frame(stack, STACK + 4096)
    assert (number, frame.instruction) == (signal.SIGBUS, 0x111)


@pytest.mark.parametrize("number", [0, signal.SIGUSR1, signal.SIGALRM, -1])
def test_thread_that_waits_in_another_handler_is_none(number):
    stack = Stack()
    stack.push(4096, stack=8192, instruction=0x111, number=number, code=0)
    assert find_signal_frame(stack, STACK + 4096) is None


def test_thread_that_waits_without_a_handler_is_none():
    stack = Stack()
    stack.push(8192, stack=9000, instruction=0x111, number=signal.SIGSEGV, code=1)
    assert find_signal_frame(stack, STACK + 4096) is None


def test_any_bytes_give_an_answer():
    choice = random.Random(3)
    for _ in range(200):
        stack = Stack()
        stack.push(4096, stack=8192, instruction=0x111, number=signal.SIGSEGV, code=-6)
        for _ in range(800):
            stack.data[choice.randrange(4096, 12000)] = choice.randrange(256)
        find_signal_frame(stack, STACK + choice.randrange(len(stack.data)))
