"""Opening a native library in this process, as Go's plugin package does: once for each real path, and for good.

What differs from Go, and why, is in ``docs/adr/0004-in-process-opening.md``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from plugdeck.binary import identity_of, read
from plugdeck.binary.facts import BinaryFacts, FileIdentity
from plugdeck.errors import BinaryFormatError, OpenError, StaleError
from plugdeck.runtime.loaded_file import LoadedFile
from plugdeck.runtime.native import LoaderError, existing_handle, load_library, mapped_file
from plugdeck.runtime.plugin import Description, Plugin

Describe = Callable[[BinaryFacts], Description]
"""What the plugin says of itself. It may raise OpenError to refuse the file before any of its code runs."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """A failed open, valid for one state of the file."""

    identity: FileIdentity
    reason: str
    remedy: str


@dataclass(slots=True)
class _Place:
    """One real path: its lock, and how opening it ended."""

    lock: Lock = field(default_factory=Lock)
    plugin: Plugin | None = None
    failure: _Failure | None = None


class LoadedPlugins:
    """The plugins of a process. Code is loaded into processes, not into objects: there is one of these."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: dict[Path, _Place] = {}
        self._by_handle: dict[int, Plugin] = {}

    def open(self, path: Path, describe: Describe) -> Plugin:
        """See ``open_library``."""
        real = _real_path(path)
        with self._lock:
            place = self._places.setdefault(real, _Place())
        with place.lock:
            if place.plugin is None:
                place.plugin = self._open_first(path, real, place, describe)
            if change := place.plugin.file.change_at(real):
                raise StaleError(path, change, plugin=place.plugin)
            return place.plugin

    def _open_first(self, path: Path, real: Path, place: _Place, describe: Describe) -> Plugin:
        try:
            identity = identity_of(real)
        except BinaryFormatError as error:  # not remembered: nothing is there to be remembered by
            raise OpenError(path, _in_sentence(error.reason), remedy=error.remedy) from error
        if place.failure and place.failure.identity == identity:
            raise OpenError(path, place.failure.reason, remedy=place.failure.remedy)
        try:
            return self._load(path, real, describe)
        except OpenError as error:
            place.failure = _Failure(identity, error.reason, error.remedy)
            raise

    def _load(self, path: Path, real: Path, describe: Describe) -> Plugin:
        try:
            facts = read(real)
            if facts.elf is None or facts.elf.is_executable:
                raise OpenError(path, f"it is no ELF shared object but {facts.description}")
            file = LoadedFile(real, facts.identity)
        except BinaryFormatError as error:
            raise OpenError(path, _in_sentence(str(error)), remedy=error.remedy) from error
        description = describe(facts)
        try:
            self._refuse_older_code(path, file)
            handle = load_library(real)
        except LoaderError as error:
            raise OpenError(path, str(error), remedy="`plugdeck check FILE` tells more.") from error
        return self._adopt(path, Plugin(file, handle, facts.exports or (), description), handle)

    def _refuse_older_code(self, path: Path, file: LoadedFile) -> None:
        """The loader goes by names: a library that another one needed is reused, though its file was replaced."""
        handle = existing_handle(file.path)
        with self._lock:
            is_ours = handle in self._by_handle
        if not handle or is_ours:
            return
        mapped = mapped_file(handle)
        try:
            is_same = mapped is None or file.is_at(identity_of(mapped))
        except BinaryFormatError:
            is_same = False
        if not is_same:
            raise OpenError(
                path,
                "an older file of this name is loaded already, because another library needs it",
                remedy="Start a new process to use the new file.",
            )

    def _adopt(self, path: Path, plugin: Plugin, handle: int) -> Plugin:
        """The loader gives one handle for one file, by whatever name: a hard link is the plugin known already."""
        with self._lock:
            known = self._by_handle.setdefault(handle, plugin)
        if not known.file.is_at(plugin.file.identity):
            raise OpenError(path, f"the dynamic loader takes it for {known.path}, which is loaded already")
        return known


def _real_path(path: Path) -> Path:
    """Links resolved; a descriptor under ``/proc`` leads to no path, and stays as it is."""
    real = Path(os.path.realpath(path))
    return real if real.exists() or not path.exists() else Path(os.path.abspath(path))


def _in_sentence(reason: str) -> str:
    return reason[:1].lower() + reason[1:]


_OF_THIS_PROCESS = LoadedPlugins()


def open_library(path: str | os.PathLike[str], describe: Describe) -> Plugin:
    """Loads the shared object into this process and returns it; loaded already, it is returned as it is.

    Constructors run once, however many threads, links and relative names it is opened through. A failed open is
    remembered, and fails again in the same way until the file changes.

    Raises:
        StaleError: the file was deleted or changed since it was loaded; the error holds the loaded plugin.
        OpenError: it is missing, damaged or no shared object, or the dynamic loader refuses it.
    """
    return _OF_THIS_PROCESS.open(Path(path), describe)
