"""The process of a group: one at a time, with the confinement and the bytes that it was started with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plugdeck.hosting.process_output import LogSink
from plugdeck.hosting.sandbox.confinement import Confinement, Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.sandbox.sealed_copy import SealedCopy, sealed_copies
from plugdeck.hosting.shared_mark import SharedMark
from plugdeck.hosting.spare_worker import OnEnd
from plugdeck.hosting.worker_process import WorkerProcess
from plugdeck.hosting.worker_supply import WorkerSupply


class GroupProcess:
    """Any thread; starting takes turns, which the group sees to."""

    def __init__(self, supply: WorkerSupply, *, is_shared: bool) -> None:
        """Starts nothing; a shared one notes which plugin it enters."""
        self._supply = supply
        self._mark = SharedMark() if is_shared else None
        self._process: WorkerProcess | None = None
        self._placed: Mapping[str, SealedCopy] = {}
        self.confinement: Confinement | None = None
        """Of the one that was started last."""

    @property
    def latest(self) -> WorkerProcess | None:
        """The one that was started last, whether it runs or not."""
        return self._process

    @property
    def alive(self) -> WorkerProcess | None:
        """The one that runs, and is not about to end."""
        process = self._process
        return process if process and process.is_alive else None

    @property
    def confinement_words(self) -> str:
        """How the one that was started last is confined, and why not better, in sentences."""
        if self.confinement is None:
            return ""
        tier, offered = self.confinement.tier, offer()
        why = f"{offered.reason} {offered.remedy}" if tier is offered.tier else ""
        return f"{self.confinement.words(is_shared=self._mark is not None)} {why}".strip()

    def make(self, confinement: Confinement, sink: LogSink, on_end: OnEnd) -> WorkerProcess:
        """Starts one; see ``WorkerProcess``. Raises HostError when there is none."""
        with sealed_copies(confinement.placed if confinement.tier is Tier.SEALED else ()) as copies:
            self._placed = copies
            descriptors = {path: copy.descriptor for path, copy in copies.items()}
            process = self._supply.worker(confinement, descriptors, sink=sink, on_end=on_end)
        self._process, self.confinement = process, confinement
        return process

    def greet(self, process: WorkerProcess) -> None:
        """Waits until it is ready. Raises HostError."""
        process.say_hello()
        if self._mark:
            self._mark.hand_to(process)

    def placed_sha256(self, path: Path) -> str:
        """The hash of the bytes that it sees at this path; empty when it sees the file itself."""
        copy = self._placed.get(str(path))
        return copy.sha256 if copy else ""

    def is_outdated(self, path: Path) -> bool:
        """Whether it sees other bytes at this path than those of the file that lies there now; blocks."""
        copy = self._placed.get(str(path))
        return copy is not None and os.access(path, os.F_OK) and not copy.is_still_at(path)

    def take_mark(self) -> int | None:
        """Whom one that has ended had noted last, once; None for none."""
        slot = self._mark.slot() if self._mark else None
        if self._mark:
            self._mark.close()
        return slot

    def begin_stop(self) -> None:
        """Asks it to end, and returns at once."""
        if process := self._process:
            process.begin_stop()

    def finish_stop(self, by: float) -> None:
        """Waits for that until the monotonic clock reaches ``by``, and then enforces it."""
        if process := self._process:
            process.finish_stop(by)
