"""What is in quarantine is seen in the list and above the tabs, also when nothing of it is in the chain."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from plugdeck.catalogue.incoming import sha256_of
from plugdeck.hosting.outcome import PluginState
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.plugins.column import Column
from plugdeck.ui.trust import quarantined

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

REASON = "It ended badly 3 times within a minute. The last time: it crashed."


def state_of(desk, file: str) -> str:
    """What the list says of a file."""
    model = desk.plugins.model
    path = desk.plugins.feed.folder / file
    place = model.place_of(path)
    return model.row_at(place).cells[Column.STATE] if place is not None else "not listed"


def quarantine(path) -> None:
    """As another start of Plugdeck left it."""
    TrustRecords().quarantine(sha256_of(path), "blur", REASON)


def come_back(desk) -> None:
    """The user comes back to the window."""
    QApplication.sendEvent(desk.shell, QEvent(QEvent.Type.WindowActivate))


def test_the_list_and_the_details_show_it_after_a_restart_and_no_longer_once_it_is_lifted(desk, folder, put):
    path = put("blur", is_known=False)
    quarantine(path)
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == "Quarantined")
    row = desk.plugins.model.row_at(0)
    assert row.cells[Column.PRIORITY] == ""
    desk.select(path)
    standing = desk.details.header.standing
    desk.qtbot.waitUntil(lambda: REASON in standing.text())
    assert standing.text().startswith("Quarantined. ")
    assert standing.isVisible()
    TrustRecords().lift(sha256_of(path))
    come_back(desk)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == "")
    assert not standing.isVisible()


def test_what_was_listed_before_the_window_was_whole_is_marked_too(another_desk, settings, folder, put):
    quarantine(put("blur", is_known=False))
    desk = another_desk(settings, folder)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == "Quarantined")


def test_the_details_offer_to_lift_it_from_a_plugin_in_the_chain(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    header, chain = desk.details.header, desk.services.chain
    chain.keep_off(key)
    desk.wait_for_state(path, PluginState.NOT_LOADED)
    desk.services.records.quarantine(sha256_of(path), "blur", REASON)
    chain.restart(key)
    desk.wait_for_state(path, PluginState.QUARANTINED)
    assert header.lift.isVisible()
    assert not header.restart.isVisible()
    assert not desk.window.actions.restart.isEnabled()
    desk.qtbot.mouseClick(header.lift, Qt.MouseButton.LeftButton)
    desk.wait_for_state(path, PluginState.LOADED)
    assert header.restart.isVisible()
    assert not header.lift.isVisible()


def test_it_is_by_the_bytes_whatever_their_file_is_called(desk, folder, put):
    quarantine(shutil.copy(put("blur", is_known=False), folder / "copy.so"))
    put("blur", file="build-2.so", version="2.0.0", is_known=False)
    put("edges")
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == state_of(desk, "copy.so") == "Quarantined")
    assert state_of(desk, "build-2.so") == state_of(desk, "edges.so") == ""


def test_a_new_build_is_not_in_quarantine(desk, folder, put):
    quarantine(put("blur", is_known=False))
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == "Quarantined")
    put("blur", version="2.0.0", is_known=False)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == "")


def test_what_another_window_quarantines_is_seen_when_the_user_comes_back(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    quarantine(path)
    come_back(desk)
    desk.qtbot.waitUntil(lambda: state_of(desk, "blur.so") == "Quarantined")


def test_no_more_is_hashed_for_the_list_than_takes_a_moment(desk, folder, put, monkeypatch):
    monkeypatch.setattr(quarantined, "_MOST_BYTES", 1000)
    quarantine(put("blur", is_known=False))
    desk.open(folder)
    looking = desk.window.trust.quarantined
    desk.qtbot.waitUntil(lambda: not looking._is_looking and not looking._waiting)
    assert state_of(desk, "blur.so") == ""
