"""Frames as a worker maps them: between two pages that nobody may touch.

A plugin that reads or writes beyond the picture is stopped by the kernel there and then, rather than spoiling what
happens to lie beside it. The picture begins at the page's begin; behind its end there may be some bytes of its last
page that are the frame's own and nobody else's.
"""

from __future__ import annotations

import ctypes
import mmap
import os

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frame_memory import CANARY

_PROT_NONE = 0
_MAP_FIXED = 0x10  # linux/mman.h, of every machine that Linux runs on but Alpha, MIPS, PA-RISC and Xtensa
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


class GuardedMemory:
    """A mapping of shared memory with a guard page on either side; it does not keep the descriptor."""

    def __init__(self, descriptor: int, size_bytes: int, *, writable: bool) -> None:
        """Maps the memory. ``size_bytes`` is a multiple of the page size.

        Raises:
            PlugdeckError: the kernel refuses, for example because the address space that the worker may use is full.
        """
        self._reserved = size_bytes + 2 * mmap.PAGESIZE
        self._address = _map(None, self._reserved, _PROT_NONE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1)
        begin = self._address + mmap.PAGESIZE
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        try:
            _map(begin, size_bytes, protection, mmap.MAP_SHARED | mmap.MAP_POPULATE | _MAP_FIXED, descriptor)
        except PlugdeckError:
            self.unmap()
            raise
        self.pixels = (ctypes.c_ubyte * size_bytes).from_address(begin)
        """The memory as a buffer; not to be used after ``unmap``."""

    def mark_end(self, size_bytes: int) -> None:
        """Fills what lies behind a picture of this size, up to the guard page; see ``FrameMemory.overrun_bytes``."""
        rest = len(self.pixels) - size_bytes
        ctypes.memset(ctypes.byref(self.pixels, size_bytes), CANARY, rest)

    def unmap(self) -> None:
        """Gives the memory back."""
        _libc.munmap(self._address, self._reserved)


def _map(address: int | None, size_bytes: int, protection: int, flags: int, descriptor: int) -> int:
    result = _libc.mmap(address, size_bytes, protection, flags, descriptor, 0)
    if result in (None, _FAILED):
        raise PlugdeckError(
            f"Its process has no room for another picture: {os.strerror(ctypes.get_errno())}.",
            remedy="Restart its host: what the plugin keeps in memory ends with its process.",
        )
    return int(result)
