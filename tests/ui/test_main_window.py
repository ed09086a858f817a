"""The window over real plugins, real worker processes and real folders."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from plugdeck import paths
from plugdeck.compat.host_choice import HostChoice
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import Permissions
from plugdeck.settings import Settings
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.plugins.column import Column

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

HANG = 'fputs("begun", stderr); fputc(10, stderr); for (;;) ;'


# --- the list


def test_a_folder_is_listed_with_what_each_file_is(desk, folder, put):
    put("blur", version="1.2.0")
    put("needs-more", flags=["-Wl,--no-as-needed", "-l:libz.so.1"])
    (folder / "damaged.so").write_bytes(b"\x7fELF\x02\x01")
    (folder / "windows.dll").write_bytes(b"MZ" + bytes(200))
    desk.open(folder)
    rows = {row[Column.NAME]: row for row in desk.rows()}
    assert rows["blur"][Column.VERSION : Column.STATE] == ["1.2.0", "sdk", "Compatible"]
    assert rows["damaged.so"][Column.STATUS] == "Unreadable"
    assert rows["windows.dll"][Column.STATUS] == "Not a plugin"


def test_odd_entries_of_a_folder_are_listed_and_nothing_hangs(desk, folder, put):
    put("good")
    os.mkfifo(folder / "pipe.so")
    (folder / "dangling.so").symlink_to("nowhere")
    (folder / "line\nbreak.so").write_bytes(b"")
    (folder / "right\u202eto-left.so").write_bytes(b"text")
    with (folder / "sparse.so").open("wb") as file:
        file.truncate(3 << 30)
    desk.open(folder)
    assert len(desk.rows()) == 6
    assert "line␊break.so" in desk.names()
    assert "right⟨U+202E⟩to-left.so" in desk.names()


def test_the_window_starts_with_what_to_do_and_the_samples_one_click_away(desk, monkeypatch, folder, put):
    put("sample")
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    placeholder = desk.plugins.placeholder
    assert placeholder.isVisible()
    assert "folder" in placeholder.text.text()
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        desk.qtbot.mouseClick(placeholder.buttons[0], Qt.MouseButton.LeftButton)
    assert desk.names() == ["sample"]


def test_the_first_key_on_an_empty_window_opens_the_samples(desk, monkeypatch, folder, put):
    put("sample")
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    desk.plugins.filter.search.setText("x")
    desk.plugins.filter.clear()
    desk.plugins.take_focus()
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        desk.qtbot.keyClick(desk.plugins.placeholder.buttons[0], Qt.Key.Key_Return)
    assert desk.names() == ["sample"]


def test_an_empty_folder_says_so(desk, folder):
    desk.open(folder)
    assert desk.plugins.placeholder.isVisible()
    assert desk.plugins.placeholder.heading.text() == "No plugins here"


def test_a_folder_that_is_not_there_is_an_error_that_can_be_tried_again(desk, folder, put):
    missing = folder / "missing"
    desk.open(missing)
    placeholder = desk.plugins.placeholder
    assert placeholder.heading.text() == "This folder cannot be read"
    assert "missing" in placeholder.text.text()
    missing.mkdir()
    put("blur").rename(missing / "blur.so")
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        desk.qtbot.mouseClick(placeholder.buttons[0], Qt.MouseButton.LeftButton)
    assert desk.names() == ["blur"]


def test_search_without_a_match_offers_to_show_all(desk, folder, put):
    put("blur")
    desk.open(folder)
    desk.plugins.filter.search.setText("nothing")
    assert desk.plugins.placeholder.heading.text() == "No plugin matches"
    desk.qtbot.mouseClick(desk.plugins.placeholder.buttons[0], Qt.MouseButton.LeftButton)
    assert desk.names() == ["blur"]


def test_new_changed_and_deleted_files_show_up_by_themselves(desk, folder, put):
    first = put("first")
    desk.open(folder)
    put("second")
    desk.qtbot.waitUntil(lambda: desk.names() == ["first", "second"], timeout=20_000)
    put("second", version="2.0.0")
    desk.qtbot.waitUntil(lambda: desk.rows()[1][Column.VERSION] == "2.0.0", timeout=20_000)
    first.unlink()
    desk.qtbot.waitUntil(lambda: desk.names() == ["second"], timeout=20_000)


def test_a_scan_can_be_cancelled_and_what_was_found_stays(desk, folder, put):
    original = put("original")
    for number in range(300):
        shutil.copy(original, folder / f"copy{number}.so")
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        desk.plugins.open_folder(folder)
        desk.plugins.feed.cancel()
    assert not desk.plugins.feed.is_scanning
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=30_000):
        desk.plugins.rescan()
    assert len(desk.rows()) == 301


def test_leaving_a_folder_leaves_nothing_of_it_in_the_list(desk, tmp_path, folder, put):
    put("old")
    other = tmp_path / "other"
    other.mkdir()
    desk.plugins.open_folder(folder)
    desk.open(other)
    assert desk.names() == []


# --- loading


def test_enter_loads_a_transform_and_says_that_it_is_not_unloadable(desk, folder, put):
    path = put("blur", priority=7)
    desk.open(folder)
    desk.load(path)
    assert desk.rows()[0][Column.STATE] == "Loaded"
    desk.qtbot.waitUntil(lambda: desk.rows()[0][Column.PRIORITY] == "7", timeout=10_000)
    assert desk.details.header.state.text() == "Loaded · not unloadable"
    assert not any("unload" in action.text().casefold() for action in desk.shell.findChildren(QAction))


def test_a_double_click_loads(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    table = desk.plugins.table
    where = table.visualRect(desk.plugins.model.index(0, 0)).center()
    desk.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    desk.qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    desk.wait_for_state(path, PluginState.LOADED)


def test_an_incompatible_plugin_is_not_loaded_and_the_reason_is_in_front(desk, folder, build_plugin):
    library = build_plugin("int helper(void) { return 1; }", name="libhelper-9.so", flags=["-fvisibility=default"])
    source = '#include "plugdeck.h"\nint helper(void);\nPD_PLUGIN("needy", "1.0.0", "", "MIT", "")\n'
    source += 'PD_IMAGE_TRANSFORM(1, "whole")\n'
    source += "int Transform(const pd_image *in, pd_image *out) { return helper(); }\n"
    flags = [f"-L{library.parent}", "-l:libhelper-9.so", "-Wl,--no-as-needed"]
    shutil.copy(build_plugin(source, name="needy.so", flags=flags), folder)
    desk.open(folder)
    desk.select(folder / "needy.so")
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    assert desk.services.chain.steps() == ()
    assert desk.details.tabs.currentIndex() == Tab.COMPATIBILITY
    assert "libhelper-9.so" in desk.details.header.verdict.text()
    assert "cannot be loaded" in desk.notices()
    assert not desk.details.header.load.isEnabled()


def test_a_plugin_that_crashes_is_shown_with_the_reason_and_started_again(desk, folder, put, tmp_path):
    # Outside its own process, or it would crash at every start, and be loaded only for as long as a frame takes.
    notes = tmp_path / "notes"
    notes.mkdir()
    once = notes / "crashed"
    body = f'if (!fopen("{once}", "r")) {{ fopen("{once}", "w"); abort(); }}'
    path, other = put("crasher", body=body), put("other", priority=200)
    desk.open(folder)
    desk.load(other)
    desk.load(path, permissions=Permissions(writable=(str(notes),)))
    desk.window.picture.open_sample()
    desk.wait_for_state(path, PluginState.CRASHED)
    assert "SIGABRT" in desk.window.chain.row(str(path)).card.happened.text()
    assert desk.details.header.restart.text() == "Start again"
    assert desk.services.chain.step(str(other)).state is PluginState.LOADED
    desk.qtbot.mouseClick(desk.details.header.restart, Qt.MouseButton.LeftButton)
    desk.wait_for_state(path, PluginState.LOADED)
    desk.qtbot.waitUntil(lambda: desk.services.chain.step(str(path)).milliseconds is not None)
    assert desk.services.chain.step(str(path)).state is PluginState.LOADED


def test_a_plugin_that_exits_by_itself_is_said_to_have_exited_everywhere(desk, folder, put):
    path = put("leaver", body="exit(3);")
    desk.open(folder)
    desk.load(path)
    desk.window.picture.open_sample()
    desk.wait_for_state(path, PluginState.CRASHED)  # for the chain that is one: it is started again
    row, header = desk.window.chain.row(str(path)), desk.details.header
    assert (desk.rows()[0][Column.STATE], row.state.text(), header.state.text()) == ("Exited", "Exited", "Exited")
    assert "with exit code 3" in row.card.happened.text()
    assert desk.window.actions.restart.text() == "&Start again"
    desk.qtbot.waitUntil(lambda: desk.window.picture.status.warning.text() == "Shown without leaver (exited)")


def test_the_window_answers_while_a_plugin_hangs(desk, folder, put):
    path = put("hanger", body=HANG)
    desk.open(folder)
    key = desk.load(path)
    desk.window.picture.open_sample()
    log = desk.services.chain.log(key)
    desk.qtbot.waitUntil(lambda: any(line.text == "begun" for line in log.lines()))
    beats: list[int] = []
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(1))
    heart.start(10)
    desk.qtbot.waitUntil(lambda: len(beats) > 10)  # in vain if it waited for the plugin, which has ten minutes
    assert desk.services.chain.step(key).state is PluginState.LOADED


def test_a_plugin_that_hangs_is_ended_and_its_deadline_named(desk, folder, put):
    path = put("hanger", body=HANG)
    desk.open(folder)
    desk.hurry(desk.load(path))
    desk.window.picture.open_sample()
    desk.wait_for_state(path, PluginState.TIMED_OUT)
    assert "1 s" in desk.window.chain.row(str(path)).card.happened.text()


def test_a_changed_file_is_stale_until_the_user_takes_the_new_one(desk, folder, put):
    path = put("blur", version="1.0.0")
    desk.open(folder)
    desk.load(path)
    put("blur", version="2.0.0", body="(void)0;")
    desk.wait_for_state(path, PluginState.STALE)
    assert desk.services.chain.step(str(path)).version == "1.0.0"
    header = desk.details.header
    assert header.replace.isVisible()
    assert header.name.text() == "blur  1.0.0"
    assert header.state.text() == "Stale · not unloadable"
    assert header.verdict.text().startswith("The new file, version 2.0.0: Compatible")
    desk.qtbot.mouseClick(header.replace, Qt.MouseButton.LeftButton)
    desk.wait_for_state(path, PluginState.LOADED)
    assert desk.services.chain.step(str(path)).version == "2.0.0"
    desk.qtbot.waitUntil(lambda: header.name.text() == "blur  2.0.0")
    assert header.verdict.text().startswith("Compatible")


def test_new_permissions_make_no_loaded_plugin_stale(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    desk.load(path)
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        path.chmod(0o700)
        desk.plugins.rescan()
    assert desk.rows()[0][Column.STATE] == "Loaded"


def test_a_deleted_file_stays_loaded(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    path.unlink()
    desk.qtbot.waitUntil(lambda: desk.names() == [], timeout=20_000)
    assert desk.services.chain.step(key).state is PluginState.LOADED


def test_choosing_a_step_of_the_chain_shows_it_also_from_another_folder(desk, folder, put, tmp_path):
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    other = tmp_path / "other"
    other.mkdir()
    desk.open(other)
    assert desk.details.subject is None
    desk.window.chain.step_selected.emit(key)
    assert desk.details.subject.report.name == "blur"
    assert desk.details.subject.key == key


# --- keys, drops, state


def drop(desk, *files: Path) -> QDropEvent:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    actions = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(10, 10), actions, data, buttons, keys)
    QApplication.sendEvent(desk.shell, enter)
    assert enter.isAccepted()
    assert desk.shell._drop_hint.isVisible()
    event = QDropEvent(QPointF(10, 10), actions, data, buttons, keys)
    QApplication.sendEvent(desk.shell, event)
    assert not desk.shell._drop_hint.isVisible()
    return event


def test_a_dropped_plugin_is_proposed_and_always_copied(desk, put):
    path = put("blur")
    event = drop(desk, path)
    assert event.dropAction() == Qt.DropAction.CopyAction
    desk.qtbot.waitUntil(lambda: len(desk.window.proposals.bars) == 1, timeout=10_000)
    assert path.exists()
    assert desk.services.chain.steps() == ()


def test_a_dropped_folder_is_opened(desk, folder, put):
    put("blur")
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        drop(desk, folder)
    assert desk.names() == ["blur"]


def test_a_dropped_picture_is_shown(desk):
    with desk.qtbot.waitSignal(desk.window.picture.picture_opened, timeout=20_000):
        drop(desk, paths.sample_picture())


def test_text_that_is_dragged_is_none_of_our_business(desk):
    data = QMimeData()
    data.setText("some text")
    event = QDragEnterEvent(
        QPoint(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(desk.shell, event)
    assert not event.isAccepted()


def test_keys_reach_search_list_and_tabs(desk, folder, put):
    put("blur")
    desk.open(folder)
    desk.shell.activateWindow()
    desk.window.actions.search.trigger()
    assert QApplication.focusWidget() is desk.plugins.filter.search
    desk.qtbot.keyClicks(desk.plugins.filter.search, "blu")
    desk.qtbot.keyClick(desk.plugins.filter.search, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is desk.plugins.table
    for tab, action in zip(Tab, desk.window.actions.tabs, strict=True):
        action.trigger()
        assert desk.details.tabs.currentIndex() == tab


def test_escape_clears_the_search(desk):
    search = desk.plugins.filter.search
    search.setFocus()
    desk.qtbot.keyClicks(search, "blur")
    desk.qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""


def test_f6_goes_from_part_to_part(desk, folder, put):
    put("blur")
    desk.open(folder)
    seen = set()
    for _ in range(8):
        desk.window.actions.next_part.trigger()
        focus = QApplication.focusWidget()
        parts = (desk.plugins, desk.window.picture, desk.details)
        seen.update(part.metaObject().className() for part in parts if part.isAncestorOf(focus))
    assert seen == {"PluginsPane", "PreviewPane", "DetailsPane"}


def test_no_two_actions_have_the_same_key(desk):
    keys = [key.toString() for action in desk.shell.findChildren(QAction) for key in action.shortcuts()]
    assert len(keys) == len(set(keys)), sorted(keys)


@pytest.mark.parametrize("tab", list(Tab))
def test_every_control_has_a_name_for_those_who_cannot_see_it(desk, folder, put, tab):
    path = put("blur")
    desk.open(folder)
    desk.load(path)
    desk.details.open_tab(tab)
    controls = [
        widget
        for widget in desk.shell.findChildren(QWidget)
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    nameless = [
        widget
        for widget in controls
        if not (widget.accessibleName() or getattr(widget, "text", str)() or widget.toolTip())
        and not widget.objectName().startswith("qt_")
        and widget.metaObject().className() not in {"QTabBar", "QScrollArea"}
    ]
    assert nameless == []


def test_size_folder_sorting_filter_and_tab_come_back(desk, settings, folder, put, another_desk):
    put("a"), put("b")
    desk.open(folder)
    desk.shell.resize(780, 640)
    desk.plugins.table.sortByColumn(Column.VERSION, Qt.SortOrder.DescendingOrder)
    desk.plugins.filter.choose_status("compatible")
    desk.details.open_tab(Tab.LOG)
    desk.shell.close()
    settings.save()
    again = another_desk(Settings.load(settings.path))
    assert (again.shell.width(), again.shell.height()) == (780, 640)
    assert again.plugins.folders.recent == (folder,)
    header = again.plugins.table.horizontalHeader()
    assert header.sortIndicatorSection() == Column.VERSION
    assert header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
    assert again.plugins.filter.status.currentData() == "compatible"
    assert again.details.tabs.currentIndex() == Tab.LOG


def test_how_the_window_stands_is_on_disk_soon_after_it_changed(desk, settings, folder, put, tmp_path):
    """So it outlives a process that is killed."""
    put("a")
    desk.window.saving.begin()

    def kept(key: str) -> object:
        return Settings.load(settings.path).get(key)

    desk.open(folder)
    desk.qtbot.waitUntil(lambda: kept("plugins.folder") == str(folder))
    desk.shell.resize(1010, 690)
    desk.qtbot.waitUntil(lambda: kept("window.size") == [1010, 690])
    whole = desk.shell.splitters["whole"]
    whole.setSizes([300, sum(whole.sizes()) - 300])
    whole.splitterMoved.emit(300, 1)
    desk.qtbot.waitUntil(lambda: kept("window.splitter.whole") == whole.sizes())
    desk.details.open_tab(Tab.LOG)
    desk.qtbot.waitUntil(lambda: kept("window.tab") == Tab.LOG)
    desk.window.judging.choose(HostChoice(Path(sys.executable)))
    desk.qtbot.waitUntil(lambda: kept("hosts.chosen") == HostChoice(Path(sys.executable)).to_json())


def test_a_window_that_is_only_drawn_writes_nothing(desk, settings, folder, put):
    put("a")
    desk.open(folder)
    desk.window.memory.note()
    assert not settings.path.exists()


def test_the_room_of_a_question_is_not_taken_for_the_users_choice(desk, settings, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    desk.shell.resize(1100, 560)
    desk.window.memory.note()
    usual = settings.get("window.splitter.right")
    desk.select(path)
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(desk.window.trust.panel.isVisible)
    desk.qtbot.waitUntil(lambda: desk.shell.splitters["right"].sizes() != usual)
    desk.window.memory.note()
    assert settings.get("window.splitter.right") == usual


def test_a_narrower_window_is_shared_as_the_wider_one_was(settings, another_desk):
    settings.set("window.size", [900, 600])
    settings.set("window.splitter.whole", [570, 686])
    left, right = another_desk(settings).shell.splitters["whole"].sizes()
    assert left < right


def test_settings_that_make_no_sense_are_passed_over(settings, another_desk):
    settings.set("window.size", [-5, "wide"])
    settings.set("window.columns", ["x"] * 6)
    settings.set("window.splitter.whole", [1, 2, 3])
    settings.set("window.sort_column", 99)
    settings.set("window.tab", 99)
    settings.set("plugins.recent", [1, "", "/somewhere"])
    desk = another_desk(settings)
    assert desk.shell.width() >= 760
    assert desk.plugins.folders.recent == (Path("/somewhere"),)
    assert 0 <= desk.details.tabs.currentIndex() < len(Tab)


def test_closing_waits_for_no_plugin_at_work(settings, another_desk, folder, put):
    desk = another_desk(settings)
    path = put("hanger", body=HANG)
    desk.open(folder)
    key = desk.load(path)
    desk.window.picture.open_sample()
    log = desk.services.chain.log(key)
    desk.qtbot.waitUntil(lambda: any(line.text == "begun" for line in log.lines()), timeout=20_000)
    desk.shell.close()  # or this test would end at its own deadline


def test_missing_samples_are_built_in_a_process_with_progress(desk, monkeypatch, folder, tmp_path):
    script = tmp_path / "build.py"
    script.write_text(f"print('building one', flush=True)\nopen({str(folder / 'one.so')!r}, 'wb').write(b'x')\n")
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    monkeypatch.setattr(paths, "shipped", lambda *parts: script)
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=20_000):
        desk.window.actions.open_samples.trigger()
        assert "Building" in desk.notices()
    assert desk.names() == ["one.so"]
    assert desk.notices() == ""


def test_samples_that_cannot_be_built_are_explained_and_can_be_tried_again(desk, monkeypatch, folder, tmp_path):
    script = tmp_path / "build.py"
    script.write_text("import sys; sys.exit('no compiler <b>here</b>')")
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    monkeypatch.setattr(paths, "shipped", lambda *parts: script)
    desk.window.actions.open_samples.trigger()
    desk.qtbot.waitUntil(lambda: "no compiler <b>here</b>" in desk.notices(), timeout=20_000)
    assert desk.window.notices.shown[0].action.text() == "Try again"


def test_building_the_samples_can_be_cancelled(desk, monkeypatch, folder, tmp_path):
    script = tmp_path / "build.py"
    script.write_text("import signal; signal.pause()")
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    monkeypatch.setattr(paths, "shipped", lambda *parts: script)
    desk.window.actions.open_samples.trigger()
    desk.window.notices.shown[0].action.click()
    desk.qtbot.waitUntil(lambda: desk.notices() == "", timeout=10_000)
    builder = desk.window.commands._samples
    desk.qtbot.waitUntil(lambda: builder._process is None, timeout=10_000)
