"""The supervisor's side of ``work_mark``: hands the page to a worker, and reads it when that has ended."""

from __future__ import annotations

from mmap import PAGESIZE

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frame_memory import FrameMemory
from plugdeck.hosting.outcome import HostError
from plugdeck.hosting.wire import Kind
from plugdeck.hosting.work_mark import marked_slot
from plugdeck.hosting.worker_process import STARTING, WorkerProcess


class SharedMark:
    """One page for one process. Its size is sealed, so that reading it is safe whatever the worker does."""

    def __init__(self) -> None:
        self._memory: FrameMemory | None = None

    def hand_to(self, process: WorkerProcess) -> None:
        """Gives a fresh page to a process that is ready. Raises HostError when that ended.

        Where there is no memory for a page, it works without: the note only adds a doubt to what is told.
        """
        self.close()
        try:
            memory = self._memory = FrameMemory(PAGESIZE)  # taken back by another thread if the process ends meanwhile
            process.ask(Kind.MARK, during=STARTING, descriptors=(memory.descriptor,))
        except PlugdeckError as failure:
            self.close()
            if isinstance(failure, HostError):
                raise

    def slot(self) -> int | None:
        """Whom the process names; None without a page."""
        return marked_slot(self._memory.view()) if self._memory else None

    def close(self) -> None:
        """Gives the page back."""
        memory, self._memory = self._memory, None
        if memory:
            memory.destroy()
