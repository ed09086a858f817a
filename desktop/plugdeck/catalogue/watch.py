"""Tells of changes in a folder: files made, written, renamed, removed, and the folder itself coming and going."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from watchdog.events import (
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.polling import PollingObserver

from plugdeck.catalogue.listing import is_plugin_name

QUIET_S = 0.2
"""Changes are told when none came for so long, so that a file that is being written is told of once."""
LONGEST_S = 2.0
"""A change waits no longer than this, however many follow it."""

_TOLD = {EVENT_TYPE_CREATED, EVENT_TYPE_MODIFIED, EVENT_TYPE_CLOSED, EVENT_TYPE_MOVED, EVENT_TYPE_DELETED}


def watch_folder(folder: Path, on_change: Callable[[set[Path]], None]) -> Callable[[], None]:
    """Calls ``on_change`` with the paths that changed, until the returned function is called.

    Only names that a plugin may have are told of, and ``folder`` itself, as it was given, when it appears or vanishes:
    then it has to be scanned again. It need not exist yet. Calls come one after the other on a thread of the watch's
    own; the function that ends it may be called on any thread, and waits for nothing.
    """
    watch = _FolderWatch(folder, on_change)
    watch.begin()
    return watch.end


class _FolderWatch(FileSystemEventHandler):
    """Watches the folder where it exists, and the folder above it, or the nearest above that exists."""

    def __init__(self, folder: Path, on_change: Callable[[set[Path]], None]) -> None:
        self._given = folder
        self._folder = Path(os.path.abspath(folder))
        self._on_change = on_change
        self._changes: SimpleQueue[Path | None] = SimpleQueue()
        self._observer: BaseObserver = Observer()
        self._watches: dict[str, ObservedWatch] = {}
        self._has_ended = False

    def begin(self) -> None:
        try:
            self._attach()
            self._observer.start()
        except OSError:  # out of inotify watches: look at the folder now and then instead
            self._observer = PollingObserver()
            self._watches.clear()
            self._attach()
            self._observer.start()
        Thread(target=self._tell, name="watch", daemon=True).start()

    def end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._observer.stop()
            self._changes.put(None)

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _TOLD:
            return
        for raw in (event.src_path, event.dest_path):
            path = Path(os.fsdecode(raw)) if raw else None
            if path and self._matters(path, event):
                self._changes.put(path)

    def _matters(self, path: Path, event: FileSystemEvent) -> bool:
        if path.parent == self._folder:
            return is_plugin_name(path.name)
        return event.event_type != EVENT_TYPE_MODIFIED and (path == self._folder or path in self._folder.parents)

    def _tell(self) -> None:
        while (first := self._changes.get()) is not None:
            changed = {first}
            if not self._collect(changed):
                return
            if any(path.parent != self._folder for path in changed):
                self._attach_again()
                changed = {path for path in changed if path.parent == self._folder} | {self._given}
            self._on_change(changed)

    def _collect(self, changed: set[Path]) -> bool:
        """Waits until it is quiet; False when the watch has ended meanwhile."""
        latest = time.monotonic() + LONGEST_S
        while (left := min(QUIET_S, latest - time.monotonic())) > 0:
            try:
                path = self._changes.get(timeout=left)
            except Empty:
                return True
            if path is None:
                return False
            changed.add(path)
        return True

    def _attach_again(self) -> None:
        """After a folder on the way came or went: the old watches are for folders that may be others now."""
        for watch in self._watches.values():
            with suppress(KeyError, OSError):
                self._observer.unschedule(watch)
        self._watches.clear()
        with suppress(OSError):
            self._attach()

    def _attach(self) -> None:
        """Looks for the folder once those above it are watched: it may come or go at any moment."""
        while (above := self._nearest_above()) and os.fspath(above) not in self._watches:
            self._attach_to(above)
        if self._folder.is_dir():
            self._attach_to(self._folder)

    def _nearest_above(self) -> Path | None:
        return next((folder for folder in self._folder.parents if folder.is_dir()), None)

    def _attach_to(self, folder: Path) -> None:
        path = os.fspath(folder)
        self._watches[path] = self._observer.schedule(self, path, recursive=False)
