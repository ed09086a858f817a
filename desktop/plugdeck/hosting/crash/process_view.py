"""A worker as ``/proc`` shows it to its supervisor: memory, mappings and threads. Nothing that is read is trusted."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_MOST_MAPS_BYTES = 2 * 1024 * 1024
_MOST_THREADS = 1024
_MOST_STATUS_BYTES = 64 * 1024
_HIGHEST_ADDRESS = 1 << 62
"""Beyond it pread(2) takes no offset."""
_OCTAL = re.compile(rb"\\([0-7]{3})")
_DELETED = " (deleted)"
_STATE = re.compile(r"^State:\s+(\S)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A range of memory (proc(5), ``/proc/pid/maps``)."""

    begin: int
    end: int
    permissions: str
    """``r-xp``."""
    offset: int
    """Where in its file it begins."""
    inode: int
    path: str
    """Its file, or ``[stack]``; empty for memory without a name."""

    @property
    def file_path(self) -> str:
        """The file's path as it was when it was opened; empty for none."""
        return self.path.removesuffix(_DELETED) if self.inode else ""


class ProcessView:
    """A process that somebody else keeps from ending; what cannot be read is missing, which is no error."""

    def __init__(self, pid: int, memory: int) -> None:
        self.pid = pid
        self._memory = memory
        self._maps: list[Mapping] = []
        self._begins: list[int] = []

    def read(self, address: int, size_bytes: int) -> bytes:
        """What is at the address: fewer bytes, perhaps none, where the memory ends."""
        if not 0 <= address < _HIGHEST_ADDRESS:
            return b""
        try:
            return os.pread(self._memory, size_bytes, address)
        except OSError:
            return b""

    def word(self, address: int) -> int | None:
        """Eight bytes as a number."""
        data = self.read(address, 8)
        return int.from_bytes(data, "little") if len(data) == 8 else None

    def mapping_at(self, address: int) -> Mapping | None:
        """The mapping that holds the address."""
        self._read_maps()
        place = bisect_right(self._begins, address) - 1
        return self._maps[place] if place >= 0 and address < self._maps[place].end else None

    def mapping_above(self, address: int) -> Mapping | None:
        """The first one that begins behind the address."""
        self._read_maps()
        place = bisect_right(self._begins, address)
        return self._maps[place] if place < len(self._maps) else None

    def mappings_of(self, inode: int) -> list[Mapping]:
        """Those of the file with this number."""
        self._read_maps()
        return [each for each in self._maps if each.inode == inode]

    def threads(self) -> list[int]:
        """Their numbers."""
        try:
            with os.scandir(f"/proc/{self.pid}/task") as entries:
                return [int(entry.name) for entry, _ in zip(entries, range(_MOST_THREADS), strict=False)]
        except OSError:
            return []

    def text(self, name: str) -> str:
        """A small file of the process, such as ``status``; empty when it cannot be read."""
        return read_text(f"/proc/{self.pid}/{name}")

    def _read_maps(self) -> None:
        if not self._maps:
            lines = _read(f"/proc/{self.pid}/maps", _MOST_MAPS_BYTES).split(b"\n")
            self._maps = [_mapping(line) for line in lines[:-1]]
            self._begins = [each.begin for each in self._maps]


@contextmanager
def view_of(pid: int) -> Iterator[ProcessView]:
    """The process while the block runs. Raises OSError when its memory cannot be read."""
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield ProcessView(pid, memory)
    finally:
        os.close(memory)


def read_text(path: str) -> str:
    """The beginning of a file of the kernel's; empty when it cannot be read."""
    return _read(path, _MOST_STATUS_BYTES).decode("ascii", "replace")


def thread_state(pid: int, thread: int) -> str:
    """One letter, such as ``R`` for running and ``T`` for stopped (proc(5)); empty when it is gone."""
    found = _STATE.search(read_text(f"/proc/{pid}/task/{thread}/status"))
    return found[1] if found else ""


def _read(path: str, most_bytes: int) -> bytes:
    """As much as there is: the kernel gives it page by page."""
    parts: list[bytes] = []
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            while most_bytes > 0 and (part := os.read(descriptor, most_bytes)):
                parts.append(part)
                most_bytes -= len(part)
        finally:
            os.close(descriptor)
    return b"".join(parts)


def _mapping(line: bytes) -> Mapping:
    bounds, permissions, offset, _device, inode, *name = line.split(maxsplit=5)
    begin, _, end = bounds.partition(b"-")
    path = os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8)]), name[0])) if name else ""
    return Mapping(int(begin, 16), int(end, 16), permissions.decode("ascii"), int(offset, 16), int(inode), path)
