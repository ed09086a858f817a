"""Shared memory that one side writes and everybody else can only read, enforced by the kernel.

Each piece is a memfd with a writer that is fixed at its birth. It is created with its final size and sealed against
growing and shrinking, so that nobody who maps it can be hit by SIGBUS. The writer maps it once; then it is sealed
against further writing (``F_SEAL_FUTURE_WRITE``: the mapping that is there stays writable, there will be no other)
and against more seals. Whoever gets the descriptor after that, a worker that reads it for example, can map it for
reading only, whatever it tries. See memfd_create(2) and fcntl(2), "File Sealing".
"""

from __future__ import annotations

import fcntl
import itertools
import mmap
import os
from contextlib import suppress
from typing import Protocol
from weakref import WeakSet

from plugdeck.errors import PlugdeckError

_F_SEAL_FUTURE_WRITE = 0x0010  # linux/fcntl.h; missing from Python's fcntl
_SIZE_SEALS = fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK
_FINAL_SEALS = _F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SEAL

CANARY = 0xA5
"""What lies between a picture's end and its guard page while a plugin works on it."""

_numbers = itertools.count(1)


class Reader(Protocol):
    """A process that has mapped some memory and has to be told when it is gone."""

    def unmap(self, number: int) -> None:
        """Drops the mapping of the memory with this number; returns at once."""


class FrameMemory:
    """One sealed memfd: its number is never used again, and its capacity never changes."""

    def __init__(self, capacity_bytes: int) -> None:
        self.number = next(_numbers)
        self.capacity_bytes = capacity_bytes
        self.leases = 0
        """How many frames and running calls use it; guarded by the pool's lock."""
        self.readers: WeakSet[Reader] = WeakSet()
        self._view: mmap.mmap | None = None
        try:
            self.descriptor = os.memfd_create("plugdeck-frame", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        except OSError as failure:
            raise _no_memory(failure) from failure
        self.inode = os.fstat(self.descriptor).st_ino
        """By which the kernel's list of a process's mappings names it."""
        try:
            os.ftruncate(self.descriptor, capacity_bytes)
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SIZE_SEALS)
        except OSError as failure:
            os.close(self.descriptor)
            raise _no_memory(failure) from failure

    def map_for_writing(self) -> mmap.mmap:
        """The writer's mapping, for memory that this process writes itself; only before ``seal``."""
        try:
            return mmap.mmap(self.descriptor, self.capacity_bytes, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE)
        except OSError as failure:
            raise _no_memory(failure) from failure

    def seal(self) -> None:
        """Ends writing for all but the mapping that is there. Raises OSError when somebody sealed it before."""
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _FINAL_SEALS)

    def view(self) -> memoryview:
        """What is in it, read-only, for as long as the caller holds the view."""
        if self._view is None:
            try:
                self._view = mmap.mmap(self.descriptor, self.capacity_bytes, mmap.MAP_SHARED, mmap.PROT_READ)
            except OSError as failure:
                raise _no_memory(failure) from failure
        return memoryview(self._view)

    def overrun_bytes(self, size_bytes: int) -> int:
        """How far somebody wrote beyond a picture of this size, at least; 0 when its canary is whole."""
        if size_bytes == self.capacity_bytes:
            return 0
        rest = bytes(self.view()[size_bytes:])
        return len(rest.rstrip(bytes((CANARY,))))

    def destroy(self) -> None:
        """Gives the memory back, here and in every process that mapped it."""
        for reader in list(self.readers):
            reader.unmap(self.number)
        if self._view is not None:
            with suppress(BufferError):  # a view of it is still held: its end unmaps the memory
                self._view.close()
            self._view = None
        os.close(self.descriptor)


def _no_memory(failure: OSError) -> PlugdeckError:
    return PlugdeckError(
        f"There is no memory for another picture: {failure.strerror}.",
        remedy="Close other programs, or use a smaller picture.",
    )
