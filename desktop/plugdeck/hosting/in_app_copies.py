"""The bytes that plugins inside Plugdeck were opened from: sealed copies, which stay for as long as the code does."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from plugdeck.hosting.sandbox.sealed_copy import SealedCopy


class InAppCopies:
    """Code is loaded into processes, not into objects, and is never unloaded: there is one of these."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._descriptors: dict[tuple[str, str], int] = {}

    def file_of(self, path: Path, copy: SealedCopy) -> str:
        """What to open for these bytes, which lie at ``path``: the same file for both, so that it is loaded once.

        It stays open. The loader goes by names: a number that came to mean another file would give the old code.
        """
        key = os.path.realpath(path), copy.sha256
        with self._lock:
            if key not in self._descriptors:
                self._descriptors[key] = os.dup(copy.descriptor)
            return f"/proc/self/fd/{self._descriptors[key]}"


OF_THIS_PROCESS = InAppCopies()
