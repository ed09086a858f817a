"""The folders that modules were compiled in: without -trimpath they are part of every package."""

from __future__ import annotations

import os
import re
from pathlib import Path

from plugdeck.binary.source import ByteSource, open_source
from plugdeck.dialects.go.facts import GoModule
from plugdeck.errors import BinaryFormatError

_PIECE_BYTES = 1024 * 1024
_MOST_BYTES = 128 * 1024 * 1024
_LONGEST = 4096


def module_cache_of(path: Path, module: GoModule) -> str:
    """The folder that a file's modules were compiled in, by one of them; empty where it was none of the cache."""
    if module.replacement or not module.version or module.version == "(devel)":
        return ""
    escaped = re.sub("[A-Z]", lambda letter: f"!{letter[0].lower()}", module.path)
    return _folder_before(path, f"/{escaped}@{module.version}/")


def _folder_before(path: Path, inside: str) -> str:
    """What the first absolute path with these words has before them."""
    try:
        with open_source(path) as source:
            return _search(source, os.fsencode(inside))
    except BinaryFormatError:
        return ""


def _search(source: ByteSource, words: bytes) -> str:
    kept = b""
    for start in range(0, min(source.size_bytes, _MOST_BYTES), _PIECE_BYTES):
        data = kept + source.read(start, min(_PIECE_BYTES, source.size_bytes - start), "the file")
        end = data.find(words)
        while end >= 0:
            folder = data[max(0, end - _LONGEST) : end].rpartition(b"\0")[2]
            if folder.startswith(b"/") and folder.isascii() and folder.decode().isprintable():
                return folder.decode()
            end = data.find(words, end + 1)
        kept = data[-_LONGEST:]
    return ""
