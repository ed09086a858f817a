"""What makes a worker stand still where it crashes, so that its supervisor can look at it (ADR 0019).

Python's ``faulthandler`` writes a line on the crash pipe, whoever's thread it is, and then calls the handler that was
there before: libc's ``pause``, which never returns. No code of ours runs in a process that is no longer sound.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from plugdeck.hosting.crash.signal_frame import FATAL_SIGNALS, can_read_frames

_STACK_BYTES = 128 * 1024
"""For both handlers: each call of one takes up to 11 KiB, most of it for the processor's registers."""
_SA_SIGINFO, _SA_ONSTACK = 0x4, 0x0800_0000  # asm-generic/signal.h
_SS_DISABLE = 2
_ALL_SIGNALS = b"\xff" * 128


@contextmanager
def parked_crashes(descriptor: int) -> Iterator[None]:
    """While the block runs, a crash is announced on the pipe, and its thread stands still.

    Plugins may put handlers of their own in place of these; then the kernel ends the process as it always did. The
    stack is this thread's: one that overflows in another thread ends the process at once.
    """
    if not can_read_frames():
        yield
        return
    libc = ctypes.CDLL(None)
    stack = mmap.mmap(-1, _STACK_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    _set_handlers(libc, ctypes.cast(libc.pause, ctypes.c_void_p).value or 0)
    c_stack: dict[str, Any] = {"c_stack": False} if sys.version_info >= (3, 14) else {}
    faulthandler.enable(descriptor, all_threads=False, **c_stack)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(stack))
    libc.sigaltstack(struct.pack("PiN", begin, 0, _STACK_BYTES), None)  # larger than faulthandler's own
    os.set_inheritable(descriptor, False)
    try:
        yield
    finally:  # from here on nobody looks any more
        faulthandler.disable()
        _set_handlers(libc, 0)
        libc.sigaltstack(struct.pack("PiN", 0, _SS_DISABLE, 0), None)


def _set_handlers(libc: ctypes.CDLL, handler: int) -> None:
    """``struct sigaction`` as glibc and musl have it: handler, mask, flags, restorer."""
    action = struct.pack("P128siP", handler, _ALL_SIGNALS, _SA_ONSTACK | _SA_SIGINFO, 0)
    for number in FATAL_SIGNALS:
        libc.sigaction(number, action, None)
