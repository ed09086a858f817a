"""The watched folder: every way in which files and the folder itself come, change and go."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import pytest
from watchdog.events import FileModifiedEvent

from plugdeck.catalogue.watch import _FolderWatch, watch_folder

PATIENCE_S = 90
Next = Callable[[], set[Path]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    return tmp_path / "plugins"


@pytest.fixture
def changes(folder: Path) -> Iterator[Next]:
    """The next set of changes told of ``folder``."""
    told: SimpleQueue[set[Path]] = SimpleQueue()
    end = watch_folder(folder, told.put)
    yield lambda: told.get(timeout=PATIENCE_S)
    end()
    end()


def until_told(changes: Next, *paths: Path) -> set[Path]:
    """All that is told until each of these paths was; on a busy machine one change may be told of in parts."""
    told: set[Path] = set()
    while not told.issuperset(paths):
        told |= changes()
    return told


def until_watched(folder: Path, changes: Next) -> None:
    """Makes files until one is told of by its name.

    A folder that came or went may be told of more than once, and stands for what was made in it until then.
    """
    for path in (folder / f"new{number}.so" for number in count()):
        path.touch()
        if path in changes():
            return


def test_new_file_is_told(folder: Path, changes: Next):
    with (folder / "a.so").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 10_000)
            file.flush()
    assert until_told(changes, folder / "a.so") == {folder / "a.so"}
    (folder / "b.so").touch()
    assert until_told(changes, folder / "b.so") <= {folder / "a.so", folder / "b.so"}


def test_changes_that_come_close_together_are_told_once(folder: Path):
    told: SimpleQueue[set[Path]] = SimpleQueue()
    watch = _FolderWatch(folder, told.put)
    for number in range(100):
        watch.on_any_event(FileModifiedEvent(os.fspath(folder / f"{number % 10}.so")))
    watch.begin()  # they are all there now, however slow this machine is
    assert told.get(timeout=PATIENCE_S) == {folder / f"{number}.so" for number in range(10)}
    end_and_wait(watch.end)
    assert told.empty()


def test_many_changes_are_all_told(folder: Path, changes: Next):
    paths = {folder / f"{number}.so" for number in range(100)}
    for path in paths:
        path.touch()
    assert until_told(changes, *paths) == paths


def test_rewritten_and_renamed_and_removed_files_are_told(folder: Path, changes: Next):
    path, renamed = folder / "a.so", folder / "b.so"
    path.write_bytes(b"some")
    until_told(changes, path)
    path.rename(renamed)
    assert until_told(changes, path, renamed) == {path, renamed}
    renamed.unlink()
    assert until_told(changes, renamed) <= {path, renamed}


def test_rewritten_file_is_told(folder: Path):
    path = folder / "a.so"
    path.write_bytes(b"some")
    told: SimpleQueue[set[Path]] = SimpleQueue()
    end = watch_folder(folder, told.put)
    path.write_bytes(b"more")
    assert told.get(timeout=PATIENCE_S) == {path}
    end()


def test_file_moved_in_from_elsewhere_is_told(folder: Path, changes: Next):
    outside = folder.parent / "ready.so"
    outside.write_bytes(b"ready")
    outside.rename(folder / "ready.so")
    assert changes() == {folder / "ready.so"}


def test_other_files_and_temporary_ones_are_not_told(folder: Path, changes: Next):
    (folder / "notes.txt").touch()
    (folder / ".a.so").touch()
    (folder / "a.so").touch()
    assert changes() == {folder / "a.so"}


def test_odd_names_are_told_as_they_are(folder: Path, changes: Next):
    path = folder / os.fsdecode(b"a\n\xe2\x80\x8f\xff.so")
    path.touch()
    assert changes() == {path}


def test_folder_that_vanishes_and_returns_is_told_and_watched_again(folder: Path, changes: Next):
    (folder / "a.so").touch()
    until_told(changes, folder / "a.so")
    shutil.rmtree(folder)
    until_told(changes, folder)
    folder.mkdir()
    until_told(changes, folder)
    until_watched(folder, changes)


def test_folder_that_is_moved_away_is_told(folder: Path, changes: Next):
    folder.rename(folder.with_name("elsewhere"))
    until_told(changes, folder)


def test_folder_that_does_not_exist_yet_is_waited_for(tmp_path: Path):
    told: SimpleQueue[set[Path]] = SimpleQueue()
    folder = tmp_path / "far" / "plugins"
    end = watch_folder(folder, told.put)
    folder.parent.mkdir()
    folder.mkdir()
    until_told(lambda: told.get(timeout=PATIENCE_S), folder)
    until_watched(folder, lambda: told.get(timeout=PATIENCE_S))
    end()


def end_and_wait(end: Callable[[], None]) -> None:
    """Ends a watch, and waits for the threads that could still tell of something."""
    before = set(threading.enumerate())
    telling = [thread for thread in before if thread.name == "watch"]
    end()
    for thread in telling:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in telling)


def test_nothing_is_told_after_the_end(folder: Path):
    told: SimpleQueue[set[Path]] = SimpleQueue()
    end = watch_folder(folder, told.put)
    end_and_wait(end)
    (folder / "a.so").touch()
    assert told.empty()
