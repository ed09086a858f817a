"""The settings are written off the GUI thread, and a disk that hangs keeps one thread and no more."""

from __future__ import annotations

import threading

import pytest

from plugdeck.errors import SettingsError
from plugdeck.ui.saving import Saving


class Disk:
    """Takes what is written when it is let; notes each time."""

    def __init__(self) -> None:
        self.is_well = threading.Event()
        self.writes: list[str] = []

    def save(self) -> None:
        """In the place of the settings'."""
        self.writes.append("begun")
        assert self.is_well.wait(600)
        self.writes.append("done")


@pytest.fixture
def disk(settings, monkeypatch):
    made = Disk()
    monkeypatch.setattr(settings, "save", made.save)
    yield made
    made.is_well.set()


def test_what_is_saved_while_a_disk_hangs_waits_and_is_written_once(settings, background, disk, qtbot):
    saving, read = Saving(settings, background, pytest.fail), []
    for _ in range(3):
        saving.save()
    background.run(lambda: "a file", read.append)
    qtbot.waitUntil(lambda: read == ["a file"])

    disk.is_well.set()

    qtbot.waitUntil(lambda: disk.writes == ["begun", "done"] * 2 and not saving._is_writing)
    assert not saving._is_due


def test_after_a_save_that_failed_the_next_one_is_tried(settings, background, monkeypatch, qtbot):
    errors, told = [SettingsError("There is no room."), SettingsError("There is still none.")], []

    def fail() -> None:
        raise errors.pop(0)

    monkeypatch.setattr(settings, "save", fail)
    saving = Saving(settings, background, lambda error: told.append(str(error)))
    saving.save()
    saving.save()
    qtbot.waitUntil(lambda: told == ["There is no room.", "There is still none."])
