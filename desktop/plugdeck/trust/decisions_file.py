"""The file of decisions: a line that names the format, then a line for each decision, the latest last.

Lines, since each is read by itself: a file of any content takes no more memory than the decisions in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from plugdeck.compat.system_files import open_regular
from plugdeck.errors import PlugdeckError
from plugdeck.trust.decision import MOST_FOLDERS, Decision

FORMAT = 1
MOST_DECISIONS = 20_000
"""What was decided before these is forgotten: the user is asked again."""
_KEY = "plugdeck-decisions"
_MOST_LINE_BYTES = 256 << 10
_MOST_BYTES = 6 << 20
"""Ten thousand decisions have half of that. It bounds the memory, which may be nine times as much."""

Decisions = dict[str, Decision]


class NewerFormatError(ValueError):
    """A later version wrote the file."""


def read_decisions(path: Path) -> Decisions:
    """What the file holds, by hash, in its order.

    Raises:
        OSError: it cannot be read, or is no regular file.
        NewerFormatError: a later version wrote it.
        ValueError: it is damaged; the message is a phrase.
    """
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        _check_format(_line(file, 1))
        found: Decisions = {}
        for number in range(2, MOST_DECISIONS + 2):
            line = _line(file, number)
            if not line:
                return found
            try:
                decision = Decision.from_line(line)
            except ValueError as error:
                raise ValueError(f"line {number} is no decision") from error
            found[decision.sha256] = decision
        if file.read(1):
            raise ValueError(f"it has more than {MOST_DECISIONS:,} decisions")
        return found


def decisions_to_bytes(decisions: Iterable[Decision]) -> bytes:
    """The reverse, of as many of the latest as can be read again."""
    lines: list[bytes] = []
    header = f"{json.dumps({_KEY: FORMAT})}\n".encode("ascii")
    left = _MOST_BYTES - len(header)
    for decision in reversed(list(decisions)):
        line = f"{decision.to_line()}\n".encode("ascii")
        left -= len(line)
        if len(lines) == MOST_DECISIONS or left < 0:
            break
        lines.append(line)
    return b"".join((header, *reversed(lines)))


def check_line(decision: Decision) -> None:
    """Returns when the decision can be kept.

    Raises:
        PlugdeckError: its permissions are too many.
        ValueError: it has no proper hash, or a path that is none.
    """
    line, permissions = decision.to_line().encode("ascii"), decision.approval and decision.approval.permissions
    folders = len((*permissions.readable, *permissions.writable)) if permissions else 0
    if len(line) >= _MOST_LINE_BYTES or folders > MOST_FOLDERS:
        raise PlugdeckError(
            "These are more folders than can be remembered for one plugin.", remedy="Allow a folder that holds them."
        )
    Decision.from_line(line)


def _check_format(line: bytes) -> None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    found = said.get(_KEY) if isinstance(said, dict) else None
    if type(found) is not int or found < 1:
        raise ValueError("it does not begin as such a file does")
    if found > FORMAT:
        raise NewerFormatError


def _line(file: BinaryIO, number: int) -> bytes:
    """The next line with its end; empty at the end of the file."""
    line = file.readline(_MOST_LINE_BYTES + 1)
    if line and not line.endswith(b"\n"):
        raise ValueError(f"line {number} has no end" if len(line) <= _MOST_LINE_BYTES else f"line {number} is too long")
    return line
