"""One selection: the list, the chain and the details agree on which plugin is meant."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.details.tab import Tab

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def shown(desk) -> str:
    subject = desk.details.subject
    return subject.report.name if subject else ""


def selected(desk) -> list[str]:
    return [index.data() for index in desk.plugins.table.selectionModel().selectedRows()]


def click(desk, key: str) -> None:
    desk.qtbot.mouseClick(desk.window.chain.row(key), Qt.MouseButton.LeftButton)


def test_a_click_on_the_chosen_row_of_the_chain_shows_its_plugin_again(desk, folder, put):
    loaded, other = put("blur"), put("edges")
    desk.open(folder)
    key = desk.load(loaded)
    desk.select(other)
    click(desk, key)
    assert shown(desk) == "blur"
    assert selected(desk) == ["blur"]
    desk.select(other)
    desk.qtbot.keyClick(desk.window.chain.row(key), Qt.Key.Key_Return)
    assert shown(desk) == "blur"


def test_a_plugin_that_is_not_loaded_leaves_no_row_of_the_chain_chosen(desk, folder, put):
    loaded, other = put("blur"), put("edges")
    desk.open(folder)
    key = desk.load(loaded)
    desk.select(other)
    assert desk.window.chain.selected == ""
    assert not desk.window.chain.row(key).selected
    desk.select(loaded)
    assert desk.window.chain.selected == key


def test_a_click_in_the_list_shows_that_plugin(desk, folder, put):
    loaded, other = put("blur"), put("edges")
    desk.open(folder)
    key = desk.load(loaded)
    table, model = desk.plugins.table, desk.plugins.model
    for path, name, step in ((other, "edges", ""), (loaded, "blur", key), (other, "edges", "")):
        place = table.visualRect(model.index(model.place_of(path), 0)).center()
        desk.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert (shown(desk), desk.window.chain.selected) == (name, step)


def test_the_plugin_menu_takes_the_selected_transform_out_of_the_chain(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    take_out = desk.window.actions.take_out
    assert take_out in desk.shell.menus["Plugin"].actions()
    assert not take_out.isEnabled()
    key = desk.load(path)
    row = desk.window.chain.row(key)
    assert take_out.isEnabled()
    assert take_out.text().replace("&", "") == row.remove_action.text()
    assert row.remove_action.toolTip().startswith(take_out.toolTip())
    take_out.trigger()
    desk.wait_for_state(path, PluginState.NOT_LOADED)
    assert desk.window.chain.rows == ()
    assert not take_out.isEnabled()


def test_loading_chooses_the_row_in_the_chain(desk, folder, put):
    first, second = put("blur"), put("edges")
    desk.open(folder)
    desk.load(first)
    key = desk.load(second)
    assert desk.window.chain.selected == key
    desk.select(first)
    assert desk.window.chain.selected == str(first)


def test_what_the_chain_shows_of_another_folder_leaves_nothing_selected_in_the_list(desk, folder, put, tmp_path):
    path, stays = put("blur"), put("edges")
    desk.open(folder)
    key = desk.load(path)
    other = tmp_path / "other"
    other.mkdir()
    stays.rename(other / "edges.so")
    desk.open(other)
    assert (shown(desk), selected(desk)) == ("edges", ["edges"])
    click(desk, key)
    assert (shown(desk), selected(desk)) == ("blur", [])
    desk.select(other / "edges.so")
    assert (shown(desk), selected(desk)) == ("edges", ["edges"])


def test_another_folder_begins_with_its_first_plugin(desk, folder, put, tmp_path):
    path = put("blur")
    other = tmp_path / "other"
    other.mkdir()
    put("sharpen").rename(other / "sharpen.so")
    put("edges").rename(other / "edges.so")
    desk.open(folder)
    desk.load(path)
    desk.open(other)
    assert (shown(desk), selected(desk)) == ("edges", ["edges"])


def test_what_was_chosen_in_the_chain_stays_when_another_folder_is_opened(desk, folder, put, tmp_path):
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    click(desk, key)
    other = tmp_path / "other"
    other.mkdir()
    put("edges").rename(other / "edges.so")
    desk.open(other)
    assert (shown(desk), selected(desk)) == ("blur", [])


def test_a_loaded_plugin_whose_file_is_gone_is_still_shown(desk, folder, put):
    path = put("blur")
    put("edges")
    desk.open(folder)
    key = desk.load(path)
    path.unlink()
    desk.qtbot.waitUntil(lambda: desk.names() == ["edges"], timeout=20_000)
    assert (shown(desk), selected(desk)) == ("blur", [])
    assert desk.details.subject.key == key
    assert "The file is gone" in desk.details.header.verdict.text()
    assert desk.details.header.restart.isVisible()
    assert not desk.details.header.restart.isEnabled()
    assert not desk.window.actions.restart.isEnabled()
    assert "would not come back" in desk.details.header.restart.toolTip()
    desk.select(folder / "edges.so")
    click(desk, key)
    assert shown(desk) == "blur"
    assert "The file is gone" in desk.details.header.verdict.text()
    put("blur")
    desk.wait_for_state(path, PluginState.STALE)
    assert "gone" not in desk.details.header.verdict.text()
    assert desk.details.header.restart.isEnabled()
    assert selected(desk) == ["blur"]


def test_a_plugin_that_is_gone_and_not_loaded_is_not_shown(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    path.unlink()
    desk.qtbot.waitUntil(lambda: desk.names() == [], timeout=20_000)
    assert shown(desk) == ""


def test_loading_brings_the_parameters_to_the_front_if_there_are_any(desk, deck, folder, put):
    plain, adder = put("plain"), deck.compile("adder").rename(folder / "adder.so")
    desk.open(folder)
    desk.details.open_tab(Tab.LOG)
    desk.load(plain)
    assert desk.details.tabs.currentIndex() == Tab.LOG
    desk.load(adder)
    assert desk.details.tabs.currentIndex() == Tab.PARAMETERS


def test_tab_goes_from_the_search_to_the_list_and_only_then_to_the_folder(desk, folder, put):
    put("blur")
    desk.open(folder)
    desk.shell.activateWindow()
    pane = desk.plugins
    pane.filter.focus_search()
    for expected in (pane.filter.status, pane.table, pane.foot.load, pane.folders.folders, pane.folders.browse):
        desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is expected


def test_a_plugin_without_file_is_left_when_it_is_taken_out_of_the_chain(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    path.unlink()
    desk.qtbot.waitUntil(lambda: desk.names() == [], timeout=20_000)
    desk.services.chain.remove(key)
    desk.qtbot.waitUntil(lambda: shown(desk) == "", timeout=20_000)
