"""Pictures in shared memory: a frame is a lease of some memory, a pool keeps memory for the next frame.

Fresh memory costs about 2 ms for a frame of 1080p, since the kernel clears and maps each page at its first use; so
memory that is given back is used again for frames of the same size.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import Self

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.image import Image, ImageLayout

# What a pool keeps beyond the frames in use: the sizes of a preview and of the whole picture, or one large picture.
_KEPT_PIECES = 4
_KEPT_BYTES = 128 * 1024 * 1024
_COPIED_AT_ONCE_BYTES = 1024 * 1024


class Frame:
    """A picture in shared memory. Only its producer can write it; ``read`` copies it out.

    Release it when it is no longer needed; its memory is then used for another frame. Any thread.
    """

    def __init__(self, layout: ImageLayout, memory: FrameMemory, pool: FramePool) -> None:
        self.layout = layout
        self._memory: FrameMemory | None = memory
        self._pool = pool

    def read(self) -> Image:
        """The picture as a copy of its own, which nobody can change any more."""
        with self.pinned() as memory:
            return Image(self.layout, _copy_of(memory.view()[: self.layout.size_bytes]))

    def release(self) -> None:
        """Gives the frame back; doing so twice is allowed."""
        with self._pool.lock:
            memory, self._memory = self._memory, None
        if memory is not None:
            self._pool.give_back(memory)

    def pinned(self) -> Pin:
        """``with frame.pinned() as memory``: it stays this frame's until the end of the block, come what may."""
        with self._pool.lock:
            if self._memory is None:
                raise PlugdeckError("The frame was released before it was used.")
            self._memory.leases += 1
            return Pin(self._memory, self._pool)

    @property
    def number(self) -> int:
        """The number of its memory."""
        if self._memory is None:
            raise PlugdeckError("The frame was released before it was used.")
        return self._memory.number

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Pin:
    """Holds a frame's memory for the length of a block."""

    __slots__ = ("_memory", "_pool")

    def __init__(self, memory: FrameMemory, pool: FramePool) -> None:
        self._memory = memory
        self._pool = pool

    def __enter__(self) -> FrameMemory:
        return self._memory

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.give_back(self._memory)


class FramePool:
    """The frames of one producer. ``adopt`` makes fresh memory the producer's and seals it."""

    def __init__(self, adopt: Callable[[FrameMemory], None]) -> None:
        self.lock = Lock()
        self._adopt = adopt
        self._free: list[FrameMemory] = []
        self._closed = False

    def take(self, layout: ImageLayout) -> Frame:
        """A frame of this layout; what is in it is undefined."""
        capacity = -(-layout.size_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = self._reuse(capacity)
        if memory is None:
            memory = FrameMemory(capacity)
            try:
                self._adopt(memory)
            except BaseException:
                memory.destroy()
                raise
            memory.leases = 1
        return Frame(layout, memory, self)

    def give_back(self, memory: FrameMemory) -> None:
        """Ends one lease; after the last one the memory is kept for later, or destroyed."""
        with self.lock:
            memory.leases -= 1
            if memory.leases:
                return
            self._free.append(memory)
            surplus = self._cut_surplus()
        for old in surplus:
            old.destroy()

    def close(self) -> None:
        """Destroys what is free, and from now on each frame as it is released."""
        with self.lock:
            self._closed = True
            surplus = self._cut_surplus()
        for old in surplus:
            old.destroy()

    def _reuse(self, capacity: int) -> FrameMemory | None:
        with self.lock:
            for index in range(len(self._free) - 1, -1, -1):
                if self._free[index].capacity_bytes == capacity:
                    memory = self._free.pop(index)
                    memory.leases = 1
                    return memory
        return None

    def _cut_surplus(self) -> list[FrameMemory]:
        """Takes out what is kept no longer; what was used last stays."""
        surplus = []
        while self._free and (self._closed or len(self._free) > _KEPT_PIECES or self._kept_bytes() > _KEPT_BYTES):
            surplus.append(self._free.pop(0))
        return surplus

    def _kept_bytes(self) -> int:
        return sum(memory.capacity_bytes for memory in self._free)


class OwnFrames:
    """Frames that this process writes: the source pictures, and results of plugins in this process."""

    def __init__(self) -> None:
        self._pool = FramePool(self._adopt)
        self._writable: dict[int, mmap.mmap] = {}

    def take(self, layout: ImageLayout) -> tuple[Frame, memoryview]:
        """A frame and the memory to write its picture to; end the view before the frame is released."""
        frame = self._pool.take(layout)
        with frame.pinned() as memory:
            return frame, memoryview(self._writable[memory.number])[: layout.size_bytes]

    def copy_of(self, image: Image) -> Frame:
        """A frame that holds the picture."""
        frame, target = self.take(image.layout)
        with target:
            target[:] = image.pixels
        return frame

    def unmap(self, number: int) -> None:
        """Part of ``Reader``: this process's writable mapping goes with its memory."""
        self._writable.pop(number, None)

    def close(self) -> None:
        """Gives everything back that is not in use."""
        self._pool.close()

    def _adopt(self, memory: FrameMemory) -> None:
        self._writable[memory.number] = memory.map_for_writing()
        memory.readers.add(self)
        memory.seal()


def _copy_of(source: memoryview) -> memoryview:
    """The same bytes in private memory. A copy in one piece would stop every other thread for its whole length."""
    target = memoryview(mmap.mmap(-1, len(source), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    for begin in range(0, len(source), _COPIED_AT_ONCE_BYTES):
        end = begin + _COPIED_AT_ONCE_BYTES
        target[begin:end] = source[begin:end]
    return target.toreadonly()
