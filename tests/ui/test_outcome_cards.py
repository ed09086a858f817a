"""The card below a row: what happened, what comes next, what can be done; over real workers that end badly."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.image import Image, ImageLayout
from plugdeck.ui.chain.pane import ChainPane
from plugdeck.ui.outcome.words import STAYS_OFF

FORKS = """
#include "plugdeck.h"
#include <unistd.h>
PD_PLUGIN("forks", "1.0.0", "", "MIT", "Copies the picture.")
PD_IMAGE_TRANSFORM(1, "pointwise")
__attribute__((constructor)) static void begin(void) { if (!fork()) _exit(0); }
int Transform(const pd_image *in, pd_image *out) {
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++) out->data[y * out->stride + x] = in->data[y * in->stride + x];
  return 0;
}
"""


@pytest.fixture
def pane(deck, qtbot):
    window = QWidget()
    made = ChainPane(deck.chain, deck.bridge, window, build_id=lambda _: "b0b0")
    qtbot.addWidget(window)
    window.resize(380, 600)
    made.resize(380, 600)
    window.show()
    window.activateWindow()
    made.window_ = window
    return made


@pytest.fixture
def crash(deck, qtbot):
    """Ends a step's process, and waits until the chain has decided what comes of it."""

    def end(key: str) -> None:
        os.kill(deck.chain._steps.find(key).host.pid, signal.SIGSEGV)
        qtbot.waitUntil(lambda: deck.step(key).restarts_in_s is not None or bool(deck.step(key).quarantine))

    return end


@pytest.fixture
def revive(deck, qtbot):
    """Lets so much time pass, and waits until the step runs again."""

    def wait(key: str, seconds: float) -> None:
        deck.clock.advance(seconds)
        qtbot.waitUntil(lambda: deck.is_settled(key) and deck.step(key).state is PluginState.LOADED)

    return wait


def texts(card) -> list[str]:
    return [label.text() for label in card.findChildren(QLabel) if label.isVisible() and label.text()]


def test_a_crash_is_a_card_with_a_shape_a_sentence_and_a_countdown(pane, deck, qtbot, crash, revive):
    key = deck.load("one")
    card = pane.row(key).card
    assert not card.isVisible()
    crash(key)
    qtbot.waitUntil(card.isVisible)
    assert card.happened.text().startswith("Crashed between calls: SIGSEGV")
    assert not card.mark.pixmap().isNull()
    assert card.next.text() == "Starts again in 1 s"
    revive(key, 0.5)
    crash(key)
    qtbot.waitUntil(lambda: card.next.text() == "Starts again in 2 s")
    deck.clock.advance(1.5)
    qtbot.waitUntil(lambda: card.next.text() == "Starts again in 1 s")  # which nothing but the pane's own clock tells


def test_what_happened_stays_told_when_it_runs_again_until_it_is_dismissed(pane, deck, qtbot, crash, revive):
    key = deck.load("one")
    card = pane.row(key).card
    crash(key)
    revive(key, 0.5)
    qtbot.waitUntil(lambda: card.next.text() == "It was started again and runs.")
    assert "SIGSEGV" in card.happened.text()
    assert not card.start.isVisible()
    qtbot.mouseClick(card.dismiss, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not card.isVisible())


def test_started_again_by_hand_it_is_not_told_any_more(pane, deck, qtbot, crash):
    key = deck.load("one")
    card = pane.row(key).card
    crash(key)
    qtbot.waitUntil(card.start.isVisible)
    qtbot.mouseClick(card.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: deck.step(key).state is PluginState.LOADED)
    qtbot.waitUntil(lambda: not card.isVisible())
    deck.clock.advance(3600)
    assert deck.step(key).state is PluginState.LOADED


def test_kept_off_it_stays_off_and_says_so(pane, deck, qtbot, crash):
    key = deck.load("one")
    row = pane.row(key)
    crash(key)
    qtbot.waitUntil(row.card.keep_off.isVisible)
    qtbot.mouseClick(row.card.keep_off, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row.card.next.text() == STAYS_OFF)
    deck.clock.advance(3600)
    assert deck.step(key).is_kept_off
    assert not row.card.keep_off.isVisible()
    assert row.card.start.isVisible()


def test_quarantine_says_why_and_is_lifted_by_a_button(pane, deck, qtbot, crash, revive):
    key = deck.load("one")
    row = pane.row(key)
    for seconds in (0.5, 2.0):
        crash(key)
        revive(key, seconds)
    crash(key)
    qtbot.waitUntil(row.card.lift.isVisible)
    assert row.state.text() == "Quarantined"
    assert "3 times within a minute" in row.card.happened.text()
    assert not row.card.start.isVisible()
    assert not row.card.keep_off.isVisible()
    qtbot.mouseClick(row.card.lift, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: deck.step(key).state is PluginState.LOADED)
    qtbot.waitUntil(lambda: not row.card.isVisible())


def test_the_report_can_be_read_and_copied(pane, deck, qtbot, crash):
    key = deck.load("one", priority=5)
    card = pane.row(key).card
    crash(key)
    qtbot.waitUntil(card.isVisible)
    assert not card.details.isVisible()
    qtbot.mouseClick(card.open, Qt.MouseButton.LeftButton)
    assert card.details.isVisible()
    report = card.details.toPlainText()
    for fact in ("Plugin: one 1.0.0", key, deck.step(key).sha256, "Build id: b0b0", "SIGSEGV", "It runs "):
        assert fact in report
    qtbot.mouseClick(card.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().strip() == report
    assert card.copy.text() == "Copied"


def test_text_of_a_plugin_is_no_markup_and_hides_nothing(pane, deck, qtbot):
    key = deck.load("<b>one\u202e</b>")
    deck.chain.set_value(key, "trouble", 2)
    os.kill(deck.chain._steps.find(key).host.pid, signal.SIGSEGV)
    card = pane.row(key).card
    qtbot.waitUntil(card.isVisible)
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in (card.happened, card.next))
    assert "<b>one⟨U+202E⟩</b>" in card.details.toPlainText()
    assert "⟨U+202E⟩" in card.accessibleName()


def test_everything_on_a_card_can_be_reached_by_keyboard_and_has_a_name(pane, deck, qtbot, crash):
    key = deck.load("one")
    row = pane.row(key)
    crash(key)
    qtbot.waitUntil(row.card.isVisible)
    row.remove.setFocus()
    names = []
    for _ in range(4):
        QTest.keyClick(pane.window_.focusWidget(), Qt.Key.Key_Tab)
        names.append(pane.window_.focusWidget().accessibleName())
    assert names == ["Details of what happened to one", "Start one again", "Keep one off", "Copy the report on one"]
    assert "Crashed between calls" in row.accessibleName()


def test_why_a_new_file_was_not_taken_is_a_card_that_can_be_dismissed(pane, deck, qtbot):
    key = deck.load("one")
    card = pane.row(key).card
    deck.chain.refuse_replacement(key, "It is no image transform any more.")
    qtbot.waitUntil(card.isVisible)
    assert texts(card) == ["The new file was not taken, the old code keeps running. It is no image transform any more."]
    assert not card.open.isVisible()
    qtbot.mouseClick(card.dismiss, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not card.isVisible())


def test_what_it_tried_and_was_refused_is_a_card_that_is_shown_until_it_is_dismissed(pane, deck, qtbot):
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system refuses no plugin anything")
    key = deck.load_file(deck.build(FORKS, name="forks.so"))
    row = pane.row(key)
    qtbot.waitUntil(row.card.isVisible)
    assert row.card.happened.text() == "It tried to start another process, and was refused."
    assert "Permissions" in row.card.next.text()
    assert deck.step(key).state is PluginState.LOADED
    qtbot.mouseClick(row.card.copy, Qt.MouseButton.LeftButton)
    report = QGuiApplication.clipboard().text()
    assert "Plugin: forks" in report
    assert "It tried, and was refused, to:" in report
    assert "start another process" in report
    assert not row.card.start.isVisible()
    qtbot.mouseClick(row.card.dismiss, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not row.card.isVisible())
    assert deck.step(key).denied  # still on record


def test_a_call_that_failed_is_no_bad_end(pane, deck, qtbot):
    key = deck.load("fails")
    deck.chain.set_value(key, "trouble", 2)
    pixel = Image(ImageLayout.packed(1, 1), bytes(4))
    with pytest.raises(Exception, match="moon"), deck.supervisor.frame(pixel) as frame:
        deck.chain.run_step(deck.step(key), frame, scale=1.0)
    qtbot.waitUntil(lambda: "moon" in pane.row(key).reason.text())
    assert not pane.row(key).card.isVisible()


def test_a_deleted_file_is_a_badge(pane, deck, qtbot):
    key = deck.load("one")
    deck.chain.mark_deleted(key)
    row = pane.row(key)
    qtbot.waitUntil(lambda: row.state.text() == "Loaded · not unloadable · file deleted")
    assert "deleted" in row.reason.text()


def test_what_is_said_of_a_file_fits_whether_its_code_runs(pane, deck, qtbot):
    key = deck.load("one")
    row = pane.row(key)
    deck.chain.mark_stale(key, True)
    qtbot.waitUntil(lambda: "The old code keeps running" in row.reason.text())
    deck.chain.mark_deleted(key)
    qtbot.waitUntil(lambda: "The loaded code keeps working" in row.reason.text())
    assert not row.explanation.restart.isEnabled()
    assert "would not come back" in row.explanation.restart.toolTip()
    deck.chain.keep_off(key)
    qtbot.waitUntil(lambda: row.reason.text() == "Its file was deleted. Put it back to start the plugin.")
    assert row.explanation.restart.isEnabled()
    deck.chain.mark_stale(key, True)
    qtbot.waitUntil(lambda: "Take the new one to start it" in row.reason.text())


def test_one_that_is_kept_off_starts_again_with_its_new_file_once_that_is_allowed(pane, deck, qtbot, tmp_path):
    path = tmp_path / "adder.so"
    shutil.copy(deck.compile("adder"), path)
    key = deck.load_file(path)
    card = pane.row(key).card
    deck.chain.keep_off(key)
    qtbot.waitUntil(card.start.isVisible)
    shutil.copy(deck.compile("adder", version="2.0.0"), tmp_path / "new.so").rename(path)
    deck.chain.mark_stale(key, True)
    asked = []
    pane.replacing._approve = lambda report, run, *_: (asked.append(report.path), run(NO_APPROVAL_NEEDED))
    qtbot.mouseClick(card.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: deck.step(key).state is PluginState.LOADED and deck.step(key).version == "2.0.0")
    assert asked == [path]


def test_why_a_new_file_was_not_taken_is_told_of_one_that_does_not_run(pane, deck, qtbot):
    key = deck.load("one")
    row = pane.row(key)
    deck.chain.keep_off(key)
    qtbot.waitUntil(lambda: deck.step(key).state is PluginState.NOT_LOADED)
    deck.chain.refuse_replacement(key, "It is no image transform any more.")
    qtbot.waitUntil(lambda: row.reason.text() == "The new file was not taken. It is no image transform any more.")


def test_what_can_be_done_is_in_sight_also_where_the_row_is_higher_than_the_chain(pane, deck, qtbot, crash):
    pane.resize(320, 110)
    key = deck.load("one")
    crash(key)
    row = pane.row(key)
    qtbot.waitUntil(lambda: row.height() > pane.height() and row.visibleRegion().boundingRect().bottom() > 0)
    qtbot.waitUntil(lambda: row.visibleRegion().boundingRect().bottom() >= row.card.geometry().bottom())


def test_a_card_fits_a_narrow_chain(pane, deck, qtbot, crash):
    key = deck.load("a name that is rather long for a plugin, as some are")
    crash(key)
    row = pane.row(key)
    qtbot.waitUntil(row.card.isVisible)
    row.card.open.setChecked(True)
    qtbot.waitUntil(row.card.details.isVisible)
    assert row.minimumSizeHint().width() <= 380
    happened = row.card.happened
    qtbot.waitUntil(lambda: happened.height() >= happened.heightForWidth(happened.width()))  # once it is laid out
