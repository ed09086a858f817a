"""Reading what a plugin writes: its standard output and error, and the lines it logs through the host's table.

All of it is untrusted and may come as fast as a core can write. So parsing has a budget for each second; beyond it
bytes are read and thrown away, but for the newest, which are what tells why a process died.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic

from plugdeck.hosting.log_packet import MAXIMUM_LOG_BYTES, decode_log, left_out_by
from plugdeck.hosting.plugin_log import MAXIMUM_LINE_CHARACTERS, LogLevel, LogSource
from plugdeck.hosting.wire import WireError

_CHUNK_BYTES = 64 * 1024
_BYTES_A_SECOND = 256 * 1024
_LINES_A_SECOND = 1000
# One round of reading ends after this much, so that a process that writes without end does not keep the reader.
_CHUNKS_A_ROUND = 16

# To receive a packet costs as much as to read so many bytes, however short it is.
_PACKET_BYTES = 256
# What a note says of lines that found no room is a plugin's own word: no more is believed.
_MOST_MISSING = 1_000_000_000

_FLOOD_BYTES = 64 * 1024 * 1024
_FORGIVEN_BYTES_A_SECOND = 1024 * 1024

AddLine = Callable[[LogSource, LogLevel, str], None]


class Budget:
    """How much is parsed within a second."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._bytes = 0
        self._lines = 0

    def admits(self, byte_count: int, line_count: int) -> bool:
        """Whether this much may be parsed now; if so, it counts."""
        now = self._clock()
        if now - self._began >= 1:
            self._began, self._bytes, self._lines = now, 0, 0
        if self._bytes + byte_count > _BYTES_A_SECOND or self._lines + line_count > _LINES_A_SECOND:
            return False
        self._bytes += byte_count
        self._lines += line_count
        return True


class LeftOut:
    """What was thrown away; a flood is far more than a plugin writes that is left in a talkative mode."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._level = 0.0
        self.total_bytes = 0

    def add(self, byte_count: int, *, least: int = 0) -> None:
        """Counts what was thrown away just now; towards a flood it counts as ``least`` bytes or more."""
        now = self._clock()
        forgiven = (now - self._last) * _FORGIVEN_BYTES_A_SECOND
        self._level = max(0.0, self._level - forgiven) + max(byte_count, least)
        self._last = now
        self.total_bytes += byte_count

    @property
    def is_flood(self) -> bool:
        """Whether it has been so much, in so short a time, that there is no end to it."""
        return self._level > _FLOOD_BYTES


class PipeReader:
    """Splits what comes through a pipe into lines. The descriptor is non-blocking and belongs to the caller."""

    def __init__(self, descriptor: int, source: LogSource, add: AddLine, budget: Budget, left_out: LeftOut) -> None:
        self._all_left_out = left_out
        self._descriptor = descriptor
        self._source = source
        self._add = add
        self._budget = budget
        self._partial = b""
        self._held = b""
        self._left_out = 0

    @property
    def holds(self) -> bool:
        """Whether something waits for the next second."""
        return bool(self._held)

    def read(self) -> bool:
        """Takes what is there; False when the other side closed the pipe."""
        for _ in range(_CHUNKS_A_ROUND):
            try:
                chunk = os.read(self._descriptor, _CHUNK_BYTES)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._take(chunk)
        return True

    def flush(self, *, last: bool = False) -> None:
        """Parses what was held back, if the budget allows; ``last`` parses it all, with what has no line end."""
        if self._held and (last or self._admits(self._held)):
            held, self._held = self._held, b""
            self._parse(held)
        if last and self._partial:
            self._emit(self._partial)
            self._partial = b""

    def _take(self, chunk: bytes) -> None:
        if not self._held and self._admits(chunk):
            self._parse(chunk)
            return
        held = self._held + chunk
        self._held = held[-_CHUNK_BYTES:]
        self._left_out += len(held) - len(self._held)
        self._all_left_out.add(len(held) - len(self._held))

    def _admits(self, chunk: bytes) -> bool:
        return self._budget.admits(len(chunk), chunk.count(b"\n"))

    def _parse(self, chunk: bytes) -> None:
        if self._left_out:
            self._partial = b""
            self._add(LogSource.HOST, LogLevel.WARNING, f"{self._left_out:,} bytes of {self._source} were left out.")
            self._left_out = 0
            chunk = chunk.partition(b"\n")[2] or chunk
        *lines, rest = (self._partial + chunk).split(b"\n")
        for line in lines:
            self._emit(line)
        self._partial = rest
        if len(rest) > MAXIMUM_LINE_CHARACTERS:
            self._emit(rest)
            self._partial = b""

    def _emit(self, line: bytes) -> None:
        level = LogLevel.INFO if self._source is LogSource.STDOUT else LogLevel.WARNING
        self._add(self._source, level, line.rstrip(b"\r").decode("utf-8", "surrogateescape"))


class LogReader:
    """Takes the lines that plugins log through the host's table, one packet each; tells how many it left out."""

    def __init__(
        self,
        receive: Callable[[int], bytes],
        add: Callable[[int, LogLevel, str], None],
        tell: AddLine,
        left_out: LeftOut,
        budget: Budget | None = None,
    ) -> None:
        self._left_out = left_out
        self._receive = receive
        self._add = add
        self._tell = tell
        self._budget = budget or Budget()
        self._missing = 0

    @property
    def holds(self) -> bool:
        """Whether there is something to tell, for which the next second is waited."""
        return bool(self._missing)

    def flush(self, *, last: bool = False) -> None:
        """Tells how many lines were left out, if the budget allows; ``last`` tells it in any case."""
        if self._missing and (last or self._budget.admits(0, 1)):
            missing, self._missing = self._missing, 0
            words = "log line was" if missing == 1 else "log lines were"
            at_least = "At least " if missing == _MOST_MISSING else ""
            self._tell(LogSource.HOST, LogLevel.WARNING, f"{at_least}{missing:,} {words} left out.")

    def read(self) -> bool:
        """Takes what is there; False when the other side is gone."""
        for _ in range(_LINES_A_SECOND):
            try:
                packet = self._receive(MAXIMUM_LOG_BYTES + 64)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not packet:
                return False
            count = left_out_by(packet)
            is_admitted = self._budget.admits(len(packet), 1)
            if not is_admitted:
                self._left_out.add(len(packet), least=_PACKET_BYTES)
            if is_admitted and not count:
                self._take(packet)
            else:
                self._missing = min(self._missing + (count or 1), _MOST_MISSING)
        return True

    def _take(self, packet: bytes) -> None:
        try:
            line = decode_log(packet)
        except WireError:
            return
        self.flush()
        self._add(line.slot, LogLevel(min(line.level, LogLevel.ERROR)), line.text)
