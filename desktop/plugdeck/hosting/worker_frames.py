"""The frames that one worker has mapped, on the supervisor's side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugdeck.hosting import wire
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.frames import FramePool
from plugdeck.hosting.wire import Kind

if TYPE_CHECKING:
    from plugdeck.hosting.worker_process import WorkerProcess

_TAKING = "taking a picture"


class WorkerFrames:
    """What a worker has mapped: frames that it writes, which are its own, and frames that it reads. Any thread."""

    def __init__(self, process: WorkerProcess) -> None:
        """Nothing is mapped yet."""
        self._process = process
        self._mapped: set[int] = set()
        self._unmapped: list[int] = []
        self.own = FramePool(self._adopt)
        """Those that it writes."""

    def map_input(self, memory: FrameMemory) -> None:
        """Makes the worker map a frame for reading, unless it has. Raises HostError."""
        if memory.number not in self._mapped:
            self._map(Kind.MAP_INPUT, memory)
            self._mapped.add(memory.number)

    def unmap(self, number: int) -> None:
        """Tells the worker that a frame is gone: at once, or before the next question when it is busy."""
        self._unmapped.append(number)
        self._process.if_idle(self.tell_unmapped)

    def tell_unmapped(self) -> None:
        """When it is the caller's turn. A worker that reads nothing any more gets them later."""
        while self._unmapped and self._process.note(Kind.UNMAP, wire.pack_unmap(self._unmapped[0])):
            self._mapped.discard(self._unmapped.pop(0))

    def _adopt(self, memory: FrameMemory) -> None:
        """Hands fresh memory to the worker, which maps it for writing, and seals it against everybody else."""
        self._map(Kind.MAP_OUTPUT, memory)
        try:
            memory.seal()
        except OSError as failure:
            raise self._process.breach("It sealed a frame that is not its own to seal.") from failure

    def _map(self, kind: Kind, memory: FrameMemory) -> None:
        memory.readers.add(self)
        body = wire.pack_map(wire.MapRequest(memory.number, memory.capacity_bytes))
        self._process.ask(kind, body, during=_TAKING, descriptors=(memory.descriptor,))
