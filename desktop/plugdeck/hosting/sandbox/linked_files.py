"""What of a plugin's surroundings its confined worker has to see, so that it links as the verdict says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from plugdeck.binary import read
from plugdeck.compat.host import Host
from plugdeck.errors import BinaryFormatError
from plugdeck.hosting.sandbox.visible import SYSTEM_FOLDERS

_SYSTEM = tuple(f"{folder}/" for folder in SYSTEM_FOLDERS)


@dataclass(frozen=True, slots=True)
class LinkedFiles:
    """The libraries outside of the system's folders that a plugin needs."""

    paths: tuple[str, ...] = ()
    by_place: bool = False
    """Whether it finds some of them by where it lies itself (``$ORIGIN``): then it is opened at its own path."""


def linked_files(path: Path) -> LinkedFiles:
    """Those of the plugin at ``path``; none when it cannot be read, which loading it will explain."""
    try:
        facts = read(path, symbols=False)
    except BinaryFormatError:
        return LinkedFiles()
    closure = Host.default().closure(facts)
    if facts.elf is None or closure is None:
        return LinkedFiles()
    found = [library.path for library in closure.libraries[1:]]
    outside = [each for name in found for each in (name, os.path.realpath(name)) if not each.startswith(_SYSTEM)]
    by_place = any("ORIGIN" in words for words in (*facts.elf.rpath, *facts.elf.runpath, *facts.elf.needed))
    return LinkedFiles(tuple(dict.fromkeys(outside)), by_place)
