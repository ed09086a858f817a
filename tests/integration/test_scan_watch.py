"""The watched folder: every way in which files and the folder itself come, change and go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from plugdeck.catalogue.watch import watch_folder

PATIENCE_S = 20
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


def test_new_file_is_told_once_it_is_written(folder: Path, changes: Next):
    with (folder / "a.so").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 10_000)
            file.flush()
    assert changes() == {folder / "a.so"}
    (folder / "b.so").touch()
    assert changes() == {folder / "b.so"}


def test_many_changes_are_told_together(folder: Path, changes: Next):
    for number in range(100):
        (folder / f"{number}.so").touch()
    told: set[Path] = set()
    while len(told) < 100:
        told |= changes()
    assert told == {folder / f"{number}.so" for number in range(100)}


def test_rewritten_and_renamed_and_removed_files_are_told(folder: Path, changes: Next):
    path = folder / "a.so"
    path.touch()
    changes()
    path.write_bytes(b"more")
    assert changes() == {path}
    path.rename(folder / "b.so")
    assert changes() == {path, folder / "b.so"}
    (folder / "b.so").unlink()
    assert changes() == {folder / "b.so"}


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


def wait_for(folder: Path, changes: Next, path: Path) -> None:
    while path not in changes():
        pass


def test_folder_that_vanishes_and_returns_is_told_and_watched_again(folder: Path, changes: Next):
    (folder / "a.so").touch()
    changes()
    shutil.rmtree(folder)
    wait_for(folder, changes, folder)
    folder.mkdir()
    wait_for(folder, changes, folder)
    (folder / "new.so").touch()
    wait_for(folder, changes, folder / "new.so")


def test_folder_that_is_moved_away_is_told(folder: Path, changes: Next):
    folder.rename(folder.with_name("elsewhere"))
    wait_for(folder, changes, folder)


def test_folder_that_does_not_exist_yet_is_waited_for(tmp_path: Path):
    told: SimpleQueue[set[Path]] = SimpleQueue()
    folder = tmp_path / "far" / "plugins"
    end = watch_folder(folder, told.put)
    folder.parent.mkdir()
    folder.mkdir()
    wait_for(folder, lambda: told.get(timeout=PATIENCE_S), folder)
    (folder / "a.so").touch()
    wait_for(folder, lambda: told.get(timeout=PATIENCE_S), folder / "a.so")
    end()


def test_nothing_is_told_after_the_end(folder: Path):
    told: SimpleQueue[set[Path]] = SimpleQueue()
    watch_folder(folder, told.put)()
    (folder / "a.so").touch()
    with pytest.raises(Empty):
        told.get(timeout=0.5)
