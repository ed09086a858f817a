"""The folders that source was compiled in: without -trimpath they are part of every package."""

from __future__ import annotations

import os
from pathlib import Path

from plugdeck.binary.source import ByteSource, open_source
from plugdeck.errors import BinaryFormatError

_PIECE_BYTES = 1024 * 1024
_MOST_BYTES = 128 * 1024 * 1024
_LONGEST = 4096
_RUNTIME_SOURCE = b"/src/runtime/proc.go\0"


def goroot_of(path: Path) -> str:
    """The folder of the Go that built a file, from the names of its source; empty where these do not say it."""
    try:
        with open_source(path) as source:
            return _search(source)
    except BinaryFormatError:
        return ""


def _search(source: ByteSource) -> str:
    kept = b""
    for start in range(0, min(source.size_bytes, _MOST_BYTES), _PIECE_BYTES):
        data = kept + source.read(start, min(_PIECE_BYTES, source.size_bytes - start), "the file")
        end = data.find(_RUNTIME_SOURCE)
        if end >= 0:
            folder = data[max(0, end - _LONGEST) : end].rpartition(b"\0")[2]
            return os.fsdecode(folder) if folder.startswith(b"/") else ""
        kept = data[-_LONGEST:]
    return ""
