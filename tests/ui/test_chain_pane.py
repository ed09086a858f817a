"""The chain pane over real workers: order, priorities, trouble, and rows that stay calm while things change."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.chain.pane import ChainPane
from plugdeck.ui.theme import Tone, palette_of, tone_colour


@pytest.fixture
def pane(deck, qtbot):
    window = QWidget()
    made = ChainPane(deck.chain, deck.bridge, window)
    qtbot.addWidget(window)
    window.resize(380, 600)
    made.resize(380, 600)
    window.show()
    window.activateWindow()
    made.window_ = window
    return made


def names(pane) -> list[str]:
    return [row.name.text() for row in pane.rows]


def load_three(deck, pane, qtbot) -> list[str]:
    keys = [deck.load(name, priority=priority) for name, priority in (("one", 10), ("two", 20), ("three", 30))]
    qtbot.waitUntil(lambda: names(pane) == ["one", "two", "three"])
    qtbot.waitUntil(lambda: all(row.state.text().startswith("Loaded") for row in pane.rows))
    qtbot.waitUntil(lambda: all(above.geometry().bottom() < row.y() for above, row in pairwise(pane.rows)))
    return keys


def test_an_empty_chain_says_how_to_load(pane):
    assert pane.placeholder.isVisible()
    assert "load it" in pane.placeholder.text.text()


def test_rows_stand_in_run_order_lowest_priority_first(pane, deck, qtbot):
    for name, priority in (("late", 30), ("early", -5), ("middle b", 10), ("middle a", 10)):
        deck.load(name, priority=priority)
    qtbot.waitUntil(lambda: names(pane) == ["early", "middle a", "middle b", "late"])
    assert [row.number.text() for row in pane.rows] == ["1", "2", "3", "4"]
    qtbot.waitUntil(lambda: [row.priority.value() for row in pane.rows] == [-5, 10, 10, 30])


def test_a_loaded_row_says_that_it_cannot_be_unloaded_and_why(pane, deck, qtbot):
    row = pane.row(load_three(deck, pane, qtbot)[0])
    assert row.state.text() == "Loaded · not unloadable"
    assert "until that process ends" in row.state.toolTip()
    assert not row.explanation.isVisible()
    qtbot.mouseClick(row.info, Qt.MouseButton.LeftButton)
    assert row.explanation.isVisible()
    assert "restart its host" in row.explanation.text.text()


def test_nothing_in_the_pane_offers_to_unload(pane, deck, qtbot):
    load_three(deck, pane, qtbot)
    offered = [child.text().lower() for child in pane.findChildren(QWidget) if hasattr(child, "clicked")]
    offered += [action.text().lower() for action in pane.findChildren(QAction)]
    assert not [words for words in offered if "unload" in words]


def test_a_changed_priority_is_written_to_the_plugin_and_moves_the_row(pane, deck, qtbot):
    one = load_three(deck, pane, qtbot)[0]
    row = pane.row(one)
    row.priority.setFocus()
    row.priority.selectAll()
    QTest.keyClicks(row.priority, "25")
    assert deck.step(one).priority == 10  # half typed does not count
    QTest.keyClick(row.priority, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(pane) == ["two", "one", "three"])
    assert pane.row(one) is row
    host = deck.chain._steps.find(one).host
    qtbot.waitUntil(lambda: host.read("Priority") == 25)


def test_stepping_the_priority_counts_at_once(pane, deck, qtbot):
    one = load_three(deck, pane, qtbot)[0]
    pane.row(one).priority.stepUp()
    assert deck.step(one).priority == 11


def test_typing_survives_news_of_the_chain(pane, deck, qtbot):
    one, two, _ = load_three(deck, pane, qtbot)
    spin = pane.row(one).priority
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, "77")
    with qtbot.waitSignal(deck.bridge.steps_changed):
        deck.chain.note_milliseconds({one: 3.0, two: 4.0})
    assert pane.row(one).time.text() == "3.0 ms"
    assert spin.cleanText() == "77"
    assert spin.hasFocus()


def test_a_step_can_be_switched_off_and_on(pane, deck, qtbot):
    one = load_three(deck, pane, qtbot)[0]
    row = pane.row(one)
    qtbot.mouseClick(row.switch, Qt.MouseButton.LeftButton)
    assert not deck.step(one).enabled
    qtbot.waitUntil(lambda: row.state.text() == "Loaded · not unloadable · off")
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Space)
    assert deck.step(one).enabled


def test_dragging_a_row_changes_the_order(pane, deck, qtbot):
    keys = load_three(deck, pane, qtbot)
    grip = pane.row(keys[0]).grip
    target = pane.row(keys[2])
    below = grip.mapFromGlobal(target.mapToGlobal(QPoint(10, target.height() - 3)))
    QTest.mousePress(grip, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    QTest.mouseMove(grip, below)
    assert pane.drop_line.isVisible()
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=below)
    assert not pane.drop_line.isVisible()
    assert deck.names() == ["two", "three", "one"]
    qtbot.waitUntil(lambda: names(pane) == ["two", "three", "one"])
    host = deck.chain._steps.find(keys[0]).host
    qtbot.waitUntil(lambda: host.read("Priority") == deck.step(keys[0]).priority)


def test_escape_ends_a_drag_without_a_move(pane, deck, qtbot):
    keys = load_three(deck, pane, qtbot)
    row = pane.row(keys[0])
    row.setFocus()
    QTest.mousePress(row.grip, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    QTest.mouseMove(row.grip, QPoint(5, 300))
    QTest.keyClick(row, Qt.Key.Key_Escape)
    QTest.mouseRelease(row.grip, Qt.MouseButton.LeftButton, pos=QPoint(5, 300))
    assert deck.names() == ["one", "two", "three"]


def test_alt_and_arrows_reorder_from_any_control_of_the_row(pane, deck, qtbot):
    keys = load_three(deck, pane, qtbot)
    spin = pane.row(keys[0]).priority
    spin.setFocus()
    QTest.keyClick(spin, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert deck.names() == ["two", "one", "three"]
    qtbot.waitUntil(lambda: names(pane) == ["two", "one", "three"])
    assert spin.hasFocus()
    QTest.keyClick(spin, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: names(pane) == ["one", "two", "three"])
    QTest.keyClick(spin, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert deck.names() == ["one", "two", "three"]


def test_arrows_go_from_row_to_row_and_choose(pane, deck, qtbot):
    keys = load_three(deck, pane, qtbot)
    pane.row(keys[0]).setFocus()
    assert pane.selected == keys[0]
    with qtbot.waitSignal(pane.step_selected) as chosen:
        QTest.keyClick(pane.row(keys[0]), Qt.Key.Key_Down)
    assert chosen.args == [keys[1]]
    assert pane.row(keys[1]).hasFocus()
    assert [row.selected for row in pane.rows] == [False, True, False]


def test_a_crashed_step_says_why_and_starts_again(pane, deck, qtbot):
    key = deck.load("breaks")
    deck.chain.set_value(key, "trouble", 1)
    view = deck.step(key)
    with pytest.raises(Exception, match="Crashed"), deck.supervisor.frame(_pixel()) as frame:
        deck.chain.run_step(view, frame, scale=1.0)
    row = pane.row(key)
    qtbot.waitUntil(lambda: row.state.text() == "Crashed")
    assert "SIGABRT" in row.card.happened.text()
    assert row.card.start.isVisible()
    assert not row.info.isVisible()
    deck.chain.set_value(key, "trouble", 0)
    qtbot.mouseClick(row.card.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.state.text() == "Loaded · not unloadable", timeout=10_000)
    assert not row.card.isVisible()
    assert not row.reason.isVisible()


def test_a_hanging_step_names_its_deadline(pane, deck, qtbot):
    key = deck.load("hangs")
    deck.hurry(key)
    deck.chain.set_value(key, "trouble", 3)
    with pytest.raises(Exception, match="Did not answer"), deck.supervisor.frame(_pixel()) as frame:
        deck.chain.run_step(deck.step(key), frame, scale=1.0)
    row = pane.row(key)
    qtbot.waitUntil(lambda: row.state.text() == "Timed out")
    assert "1 s" in row.card.happened.text()
    assert row.card.start.isVisible()


def test_a_failed_call_is_told_on_a_step_that_stays_loaded(pane, deck, qtbot):
    key = deck.load("fails")
    deck.chain.set_value(key, "trouble", 2)
    with pytest.raises(Exception, match="moon"), deck.supervisor.frame(_pixel()) as frame:
        deck.chain.run_step(deck.step(key), frame, scale=1.0)
    row = pane.row(key)
    qtbot.waitUntil(lambda: "moon" in row.reason.text())
    assert row.state.text() == "Loaded · not unloadable"
    assert not row.card.isVisible()


def test_restarting_its_host_is_offered_where_unloading_is_explained(pane, deck, qtbot):
    key = deck.load("one")
    row = pane.row(key)
    qtbot.waitUntil(row.info.isVisible)
    before = deck.chain._steps.find(key).host.pid
    row.info.setChecked(True)
    qtbot.mouseClick(row.explanation.restart, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: deck.step(key).state is PluginState.LOADED and deck.chain._steps.find(key).host.pid != before,
        timeout=10_000,
    )


def test_a_changed_file_is_taken_when_the_user_says_so(pane, deck, qtbot, tmp_path):
    path = tmp_path / "adder.so"
    shutil.copy(deck.compile("adder"), path)
    key = deck.load_file(path)
    deck.chain.set_value(key, "amount", 33)
    replace_file(deck.compile("adder", version="2.0.0", priority=7), path)
    deck.chain.mark_stale(key, True)
    row = pane.row(key)
    qtbot.waitUntil(row.replace.isVisible)
    assert row.state.text() == "Stale · not unloadable"
    assert "changed" in row.reason.text()
    qtbot.mouseClick(row.replace, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: deck.step(key).version == "2.0.0", timeout=10_000)
    qtbot.waitUntil(lambda: not row.replace.isVisible())
    assert deck.step(key).values["amount"] == 33


def test_a_changed_file_that_does_not_fit_is_refused_and_the_old_code_stays(pane, deck, qtbot, tmp_path):
    path = tmp_path / "adder.so"
    shutil.copy(deck.compile("adder"), path)
    key = deck.load_file(path)
    other = tmp_path / "other"
    other.write_text("no plugin at all")
    replace_file(other, path)
    deck.chain.mark_stale(key, True)
    row = pane.row(key)
    qtbot.waitUntil(row.replace.isVisible)
    qtbot.mouseClick(row.replace, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "was not taken" in row.card.happened.text())
    deck.chain.note_milliseconds({key: 1.0})
    QApplication.processEvents()
    assert "was not taken" in row.card.happened.text()
    assert deck.step(key).state is PluginState.STALE


def test_rows_are_kept_while_they_change(pane, deck, qtbot):
    keys = load_three(deck, pane, qtbot)
    rows = [pane.row(key) for key in keys]
    deck.chain.move(keys[2], 0)
    deck.chain.note_milliseconds(dict.fromkeys(keys, 2.0))
    qtbot.waitUntil(lambda: names(pane) == ["three", "one", "two"])
    assert [pane.row(key) for key in keys] == rows
    assert "6.0 ms in all" in pane.summary.text()


def test_there_is_a_total_when_every_step_that_runs_has_its_time(pane, deck, qtbot):
    assert not pane.summary.isVisible()
    one, two, three = load_three(deck, pane, qtbot)
    deck.chain.note_milliseconds({one: 2.0, two: 3.0})
    qtbot.waitUntil(lambda: pane.row(two).time.text() == "3.0 ms")
    assert pane.summary.text() == "3 transforms, lowest priority first"
    deck.chain.set_enabled(three, False)
    qtbot.waitUntil(lambda: pane.summary.text() == "3 transforms, lowest priority first · 5.0 ms in all")


def test_names_are_plain_text_and_hidden_characters_are_shown(pane, deck, qtbot):
    key = deck.load("<b>bold</b> & <img src=x>" + "long " * 20)
    row = pane.row(key)
    qtbot.waitUntil(lambda: row.state.text().startswith("Loaded"))
    assert row.name.text().startswith("<b>bold</b>")
    assert "&lt;b&gt;bold" in row.name.toolTip()
    assert row.width() <= pane.width()


def test_everything_has_a_name_for_those_who_hear_it(pane, deck, qtbot):
    key = deck.load("one", priority=10)
    row = pane.row(key)
    qtbot.waitUntil(lambda: row.state.text().startswith("Loaded"))
    assert row.accessibleName().startswith("1. one, priority 10, Loaded · not unloadable")
    for control in (row.switch, row.priority, row.replace, row.info):
        assert "one" in control.accessibleName()


def test_the_wheel_over_a_priority_without_focus_changes_nothing(pane, deck, qtbot):
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    key = deck.load("one", priority=10)
    spin = pane.row(key).priority
    place, none = QPointF(5, 5), Qt.MouseButton.NoButton
    event = QWheelEvent(
        place, spin.mapToGlobal(place), QPoint(), QPoint(0, 120), none, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(spin, event)
    assert deck.step(key).priority == 10


@pytest.mark.parametrize("by", ["key", "menu", "button"])
def test_a_row_is_taken_out_of_the_chain(pane, deck, qtbot, by):
    one, two, _ = load_three(deck, pane, qtbot)
    row = pane.row(one)
    row.setFocus()
    if by == "key":
        QTest.keyClick(row, Qt.Key.Key_Delete)
    elif by == "menu":
        next(action for action in row.actions() if action.text() == "Take out of the chain").trigger()
    else:
        assert row.remove.accessibleName() == "Take one out of the chain"
        assert "Ends the plugin&#x27;s process" in row.remove.toolTip()
        qtbot.mouseClick(row.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(pane) == ["two", "three"])
    assert deck.names() == ["two", "three"]
    assert pane.row(two).hasFocus() or by == "button"


def test_delete_in_the_priority_deletes_digits_only(pane, deck, qtbot):
    one = load_three(deck, pane, qtbot)[0]
    spin = pane.row(one).priority
    spin.setFocus()
    spin.selectAll()
    QTest.keyClick(spin, Qt.Key.Key_Delete)
    assert deck.names() == ["one", "two", "three"]


def test_another_theme_leaves_no_colour_of_the_one_before(pane, deck, qtbot):
    row = pane.row(load_three(deck, pane, qtbot)[0])
    application = QApplication.instance()
    before = application.palette()
    try:
        for dark in (False, True, False):
            application.setPalette(palette_of(dark))
            application.processEvents()
            for label in (row.number, row.time):
                shown = label.palette().color(label.foregroundRole())
                assert shown == tone_colour(Tone.QUIET, palette_of(dark))
            painted = row.mark.pixmap().toImage().pixelColor(8, 8).name()
            assert painted == tone_colour(Tone.ACCENT, palette_of(dark)).name()
    finally:
        application.setPalette(before)


def test_a_step_that_is_off_shows_no_time(pane, deck, qtbot):
    one = load_three(deck, pane, qtbot)[0]
    deck.chain.note_milliseconds({one: 3.0})
    qtbot.waitUntil(lambda: pane.row(one).time.text() == "3.0 ms")
    deck.chain.set_enabled(one, False)
    qtbot.waitUntil(lambda: pane.row(one).time.text() == "")


def test_equal_names_are_told_apart_by_their_files(pane, deck, qtbot, tmp_path):
    files = [Path(shutil.copy(deck.compile("twin"), tmp_path / name)) for name in ("left.so", "right.so")]
    first = deck.load_file(files[0])
    qtbot.waitUntil(lambda: pane.row(first) is not None)
    assert not pane.row(first).file_name.isVisible()
    deck.load_file(files[1])
    qtbot.waitUntil(lambda: [row.file_name.text() for row in pane.rows] == ["— left.so", "— right.so"])
    assert pane.row(first).file_name.isVisible()
    assert deck.step(first).label == "twin — left.so"


def test_a_row_with_trouble_comes_into_sight_whole(pane, deck, qtbot):
    keys = load_three(deck, pane, qtbot)
    pane.resize(320, 190)
    pane.row(keys[0]).setFocus()
    deck.chain.mark_stale(keys[2], True)
    row = pane.row(keys[2])
    qtbot.waitUntil(row.reason.isVisible)
    qtbot.waitUntil(lambda: row.visibleRegion().boundingRect().bottom() >= row.reason.geometry().bottom())
    assert row.reason.height() >= row.reason.heightForWidth(row.reason.width())


def test_a_row_that_has_just_come_is_in_sight_wherever_it_stands(pane, deck, qtbot):
    pane.resize(320, 190)
    for number, priority in enumerate((10, 20, 30, 40, 5, 60, 35)):
        key = deck.load(f"step {number}", priority=priority)
        row = pane.row(key)
        qtbot.waitUntil(lambda: row.visibleRegion().boundingRect().height() >= row.height())  # noqa: B023 - at once


def replace_file(new: Path, path: Path) -> None:
    """Puts another file at a path, as an installer does."""
    beside = path.with_suffix(".new")
    shutil.copy(new, beside)
    beside.rename(path)


def _pixel():
    from plugdeck.image import Image, ImageLayout

    return Image(ImageLayout.packed(1, 1), bytes(4))
