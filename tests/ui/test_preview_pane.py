"""The preview pane with real plugins: pictures come in, results are shown and saved, trouble is told."""

import os
import signal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QToolButton

from plugdeck.image import Image, ImageLayout
from plugdeck.ui.pictures import read_picture, write_picture
from plugdeck.ui.preview.pane import PreviewPane
from plugdeck.ui.theme import Tone, palette_of, tone_colour


def grey(width=320, height=200, value=100) -> Image:
    layout = ImageLayout.packed(width, height)
    return Image(layout, bytes((value, value, value, 255)) * (width * height))


@pytest.fixture
def pane(deck, qtbot):
    made = PreviewPane(deck.chain, deck.preview, deck.bridge, deck.supervisor)
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.show()
    return made


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "grey.png"
    write_picture(grey(), path)
    return path


def open_picture(pane, qtbot, path: Path):
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000):
        pane.open_picture(path)


def shown(pane, x_share: float = 0.75) -> QColor:
    area = pane.view.viewport.visible
    grabbed = pane.view.grab().toImage()
    return grabbed.pixelColor(round(area.left + area.width * x_share), round(area.bottom - 5))


def wait_for_red(pane, qtbot, red: int):
    qtbot.waitUntil(lambda: shown(pane).red() == red and "Full" in pane.status.text.text(), timeout=10_000)


def mime(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def drop(pane, data: QMimeData) -> bool:
    """Whether the pane took it."""
    actions, place = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, QPoint(50, 50)
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, actions, data, button, none)
    QApplication.sendEvent(pane, enter)
    if not enter.isAccepted():
        return False
    assert enter.dropAction() == Qt.DropAction.CopyAction
    event = QDropEvent(QPointF(place), actions, data, button, none)
    QApplication.sendEvent(pane, event)
    return event.isAccepted()


def test_without_a_picture_it_says_how_to_get_one(pane):
    text = pane.placeholder.text.text()
    assert "Drop" in text
    assert "Ctrl+V" in text
    assert {button.text() for button in pane.placeholder.buttons} == {"Open picture…", "Use the sample"}
    assert not pane.picture_actions.export.isEnabled()


def test_the_sample_is_one_click_away(pane, qtbot):
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000) as opened:
        pane.placeholder.buttons[1].click()
    assert opened.args == ["sample.png"]


def test_the_result_of_a_real_plugin_is_shown_beside_the_original(pane, deck, qtbot, picture):
    deck.load("adder")
    open_picture(pane, qtbot, picture)
    wait_for_red(pane, qtbot, 110)
    assert shown(pane, 0.25).red() == 100
    assert pane.status.text.text() == "grey.png · 320 × 200 · 100 % · Full size"


def test_without_transforms_there_is_nothing_to_compare(pane, qtbot, picture):
    open_picture(pane, qtbot, picture)
    qtbot.waitUntil(lambda: "Full" in pane.status.text.text())
    assert not pane.picture_actions.compare.isEnabled()
    assert shown(pane, 0.5).red() == 100


def test_a_changed_value_is_shown_and_the_view_stays_put(pane, deck, qtbot, picture):
    key = deck.load("adder")
    open_picture(pane, qtbot, picture)
    wait_for_red(pane, qtbot, 110)
    pane.view.zoom_to(3.0)
    pane.view.viewport.pan(20, 10)
    before = pane.view.viewport.zoom, pane.view.viewport.centre_x, pane.view.viewport.centre_y
    deck.chain.set_value(key, "amount", 50)
    pane.refresh(True)
    wait_for_red(pane, qtbot, 150)
    assert (pane.view.viewport.zoom, pane.view.viewport.centre_x, pane.view.viewport.centre_y) == before


def test_a_crash_is_told_and_the_picture_goes_on_without_the_step(pane, deck, qtbot, picture):
    key = deck.load("breaks")
    deck.load("adder two")
    open_picture(pane, qtbot, picture)
    wait_for_red(pane, qtbot, 120)
    deck.chain.set_value(key, "trouble", 1)
    wait_for_red(pane, qtbot, 110)
    qtbot.waitUntil(pane.status.warning.isVisible)
    assert "Shown without breaks" in pane.status.warning.text()


def test_a_slow_plugin_is_said_to_be_rendering(pane, deck, qtbot, picture):
    key = deck.load("hangs")
    open_picture(pane, qtbot, picture)
    wait_for_red(pane, qtbot, 110)
    assert "Rendering" not in pane.status.text.text()
    deck.chain.set_value(key, "trouble", 3)
    qtbot.waitUntil(lambda: pane.status.text.text().endswith("Rendering…"))
    os.kill(deck.chain._steps.find(key).host.pid, signal.SIGKILL)  # only then, or it might end before anybody looks
    qtbot.waitUntil(lambda: "Rendering" not in pane.status.text.text())
    assert "hangs (" in pane.status.warning.text()


def test_a_large_picture_is_shown_reduced_first_and_full_later(pane, deck, qtbot, tmp_path):
    deck.load("adder")
    seen = []
    deck.bridge.rendered.connect(lambda rendered: seen.append(rendered.is_full))
    path = tmp_path / "large.png"
    write_picture(grey(3000, 2000), path)
    open_picture(pane, qtbot, path)
    wait_for_red(pane, qtbot, 110)
    assert seen[-1]
    qtbot.waitUntil(lambda: pane.view.after.best(3000).width() == 3000)


def test_the_preview_is_as_large_as_the_view_shows_it(pane, deck, qtbot, tmp_path, monkeypatch):
    limits = []
    keep = deck.preview.set_view_limit
    monkeypatch.setattr(deck.preview, "set_view_limit", lambda w, h: (limits.append((w, h)), keep(w, h)))
    path = tmp_path / "large.png"
    write_picture(grey(2000, 1000), path)
    open_picture(pane, qtbot, path)
    assert limits[-1] == (500, 250)
    count = len(limits)
    for width in range(500, 600, 10):
        pane.resize(width, 400)
    qtbot.waitUntil(lambda: limits[-1] == (590, 295))
    assert len(limits) == count + 1  # once, when it came to rest
    pane.view.zoom_to(1.0)
    qtbot.waitUntil(lambda: limits[-1] == (2000, 1000))


@pytest.mark.qt_log_ignore(".*")
def test_a_damaged_picture_leaves_the_shown_one_and_says_why(pane, qtbot, picture, tmp_path):
    open_picture(pane, qtbot, picture)
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:60])
    with qtbot.waitSignal(pane.message, timeout=10_000) as told:
        pane.open_picture(broken)
    assert "broken.png" in told.args[0]
    assert pane.notices.shown[0].text == told.args[0]
    assert pane.source.layout.width == 320
    assert shown(pane).red() == 100


def test_the_latest_of_two_pictures_wins(pane, qtbot, tmp_path, picture):
    slow = tmp_path / "slow.png"
    write_picture(grey(3000, 3000, 7), slow)
    opened = []
    pane.picture_opened.connect(opened.append)
    pane.open_picture(slow)
    pane.open_picture(picture)
    qtbot.waitUntil(lambda: opened == ["grey.png"], timeout=10_000)
    assert not pane.loader._latest.is_busy
    assert pane.source.layout.width == 320


def test_a_picture_file_can_be_dropped(pane, qtbot, picture):
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000) as opened:
        assert drop(pane, mime(picture))
    assert opened.args == ["grey.png"]


def test_pixels_can_be_dropped_and_pasted(pane, qtbot):
    pixels = QImage(30, 20, QImage.Format.Format_ARGB32)
    pixels.fill(QColor(10, 20, 30, 40))
    data = QMimeData()
    data.setImageData(pixels)
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000):
        assert drop(pane, data)
    assert bytes(pane.source.pixels[:4]) == bytes((10, 20, 30, 40))
    pixels.fill(QColor("lime"))
    QGuiApplication.clipboard().setImage(pixels)
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000):
        QTest.keyClick(pane, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert bytes(pane.source.pixels[:4]) == bytes((0, 255, 0, 255))


def test_an_encoded_picture_that_is_dropped_is_turned_upright_as_its_file_would_be(pane, qtbot):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    content = BytesIO()
    Pillow.new("RGB", (30, 20)).save(content, "JPEG", exif=exif)
    data = QMimeData()
    data.setData("image/jpeg", content.getvalue())
    with qtbot.waitSignal(pane.picture_opened):
        assert drop(pane, data)
    assert (pane.source.layout.width, pane.source.layout.height) == (20, 30)


def test_a_copied_file_can_be_pasted(pane, qtbot, picture):
    QGuiApplication.clipboard().setMimeData(mime(picture))
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000):
        pane.paste_picture()
    assert pane.source.layout.width == 320


def test_pasting_without_a_picture_says_so(pane, qtbot):
    QGuiApplication.clipboard().setText("words")
    with qtbot.waitSignal(pane.message) as told:
        pane.paste_picture()
    assert "holds no picture" in told.args[0]


def test_plugins_texts_and_several_files_are_left_to_the_window(pane, tmp_path, picture):
    assert not drop(pane, mime(tmp_path / "plugin.so"))
    words = QMimeData()
    words.setText("words")
    assert not drop(pane, words)
    both = QMimeData()
    both.setUrls([QUrl.fromLocalFile(str(picture)), QUrl.fromLocalFile(str(tmp_path / "a.so"))])
    assert not drop(pane, both)


def test_the_export_is_the_full_picture_that_the_chain_makes(pane, deck, qtbot, tmp_path):
    deck.load("adder")
    path, out = tmp_path / "large.png", tmp_path / "out.png"
    write_picture(grey(1500, 1000), path)
    open_picture(pane, qtbot, path)
    with qtbot.waitSignal(pane.message, timeout=20_000) as told:
        pane.export_to(out)
    assert str(tmp_path) in told.args[0]
    assert "out.png (1500 × 1000)" in told.args[0]
    assert bytes(read_picture(out).pixels) == bytes((110, 100, 100, 255)) * 1_500_000


def test_an_export_without_a_crashed_step_says_what_is_missing(pane, deck, qtbot, picture, tmp_path):
    key = deck.load("breaks")
    open_picture(pane, qtbot, picture)
    deck.chain.set_value(key, "trouble", 2)
    with qtbot.waitSignal(pane.message, timeout=20_000) as told:
        pane.export_to(tmp_path / "out.png")
    assert "without breaks" in told.args[0]
    assert "moon" in told.args[0]


def test_a_refused_export_is_a_sentence(pane, qtbot, picture, tmp_path):
    open_picture(pane, qtbot, picture)
    with qtbot.waitSignal(pane.message, timeout=20_000) as told:
        pane.export_to(tmp_path / "gone" / "out.png")
    assert "out.png was not written" in told.args[0]
    assert pane.notices.shown[0].text == told.args[0]
    assert not pane.progress.isVisible()


def test_a_cancelled_export_writes_nothing(pane, deck, qtbot, picture, tmp_path):
    key = deck.load("hangs")
    open_picture(pane, qtbot, picture)
    deck.chain.set_value(key, "trouble", 3)
    pane.export_to(tmp_path / "out.png")
    assert pane.exporter.is_busy
    qtbot.waitUntil(pane.progress.isVisible)
    qtbot.mouseClick(pane.progress.cancel, Qt.MouseButton.LeftButton)
    assert not pane.exporter.is_busy
    assert not pane.progress.isVisible()
    os.kill(deck.chain._steps.find(key).host.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: deck.step(key).outcome is not None)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_ctrl_e_asks_where_to_save_without_stopping_the_window(pane, qtbot, picture, tmp_path):
    open_picture(pane, qtbot, picture)
    QTest.keyClick(pane, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = pane.findChild(QFileDialog)
    assert dialog.isVisible()
    assert dialog.selectedFiles()[0].endswith("grey-edited.png")
    with qtbot.waitSignal(pane.message, timeout=10_000):
        dialog.accept()
    assert (tmp_path / "grey-edited.png").exists()


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_opening_by_dialog(pane, qtbot, picture):
    pane.picture_actions.open.trigger()
    dialog = pane.findChild(QFileDialog)
    dialog.setDirectory(str(picture.parent))
    dialog.selectFile(str(picture))
    with qtbot.waitSignal(pane.picture_opened, timeout=10_000):
        dialog.accept()


def test_a_click_on_original_keeps_it_and_holding_peeks(pane, deck, qtbot, picture, monkeypatch):
    from plugdeck.ui.preview import toolbar

    now = [100.0]
    monkeypatch.setattr(toolbar, "monotonic", lambda: now[0])
    deck.load("adder")
    open_picture(pane, qtbot, picture)
    wait_for_red(pane, qtbot, 110)
    button = pane.bar.widgetForAction(pane.picture_actions.original)
    for held_s, kept in ((0.1, True), (0.1, False), (2.0, False)):
        QTest.mousePress(button, Qt.MouseButton.LeftButton)
        assert pane.view.is_showing_original
        now[0] += held_s
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
        assert pane.view.is_showing_original is kept
        assert button.isChecked() is kept


def test_a_result_of_the_picture_before_is_not_shown(pane, deck, qtbot, picture, tmp_path):
    from plugdeck.chain.preview import Rendered

    open_picture(pane, qtbot, picture)
    qtbot.waitUntil(lambda: "Full" in pane.status.text.text())
    pane._show_result(Rendered(grey(10, 10, 1), (10, 10), 1.0, True, 99, ()))
    assert shown(pane).red() == 100


def test_every_action_has_a_tooltip_and_every_button_a_name(pane):
    for action in pane.picture_actions.all:
        assert action.toolTip()
    for button in pane.findChildren(QPushButton):
        assert button.text() or button.accessibleName()


def test_names_with_hidden_characters_are_made_visible(pane, qtbot, tmp_path):
    path = tmp_path / "gp\u202ej<b>\n.png"
    write_picture(grey(), path)
    open_picture(pane, qtbot, path)
    assert "⟨U+202E⟩j<b>␊.png" in pane.status.text.text()


def test_one_message_at_a_time_and_none_once_a_picture_is_there(pane, qtbot, picture, tmp_path):
    for name in ("first.png", "second.png"):
        with qtbot.waitSignal(pane.message, timeout=10_000):
            pane.open_picture(tmp_path / name)
    assert [notice.text for notice in pane.notices.shown] == [
        "second.png is not there any more. Choose another picture."
    ]
    open_picture(pane, qtbot, picture)
    assert pane.notices.shown == []
    qtbot.waitUntil(lambda: not pane.notices.isVisible())


def test_a_message_takes_its_place_beside_the_picture(pane, qtbot, picture, tmp_path):
    pane.resize(300, 240)
    open_picture(pane, qtbot, picture)
    with qtbot.waitSignal(pane.message, timeout=10_000):
        pane.open_picture(tmp_path / "missing.png")
    qtbot.waitUntil(lambda: pane.notices.height() >= pane.notices.heightForWidth(pane.notices.width()))
    assert not pane.notices.geometry().intersects(pane.view.parentWidget().geometry())


@pytest.mark.parametrize(("width", "narrow"), [(430, True), (900, False)])
def test_zoom_and_original_are_in_sight_at_any_width(pane, qtbot, picture, width, narrow):
    open_picture(pane, qtbot, picture)
    pane.resize(width, 400)
    QApplication.processEvents()
    actions, bar = pane.picture_actions, pane.bar
    assert bar.is_narrow is narrow
    for action in (actions.original, actions.zoom_in, actions.zoom_out, actions.fit, actions.actual_size):
        assert bar.widgetForAction(action).isVisible()
    menus = [button for button in bar.findChildren(QToolButton) if button.menu() and button.isVisible()]
    offered = [action for button in menus for action in button.menu().actions()]
    assert (actions.open in offered) is narrow
    assert actions.open.isVisible()  # in the window's menu, too


def test_another_theme_colours_what_is_missing(pane, deck, qtbot, picture):
    application = QApplication.instance()
    before = application.palette()
    key = deck.load("breaks")
    deck.chain.set_value(key, "trouble", 1)
    open_picture(pane, qtbot, picture)
    qtbot.waitUntil(pane.status.warning.isVisible, timeout=10_000)
    try:
        for dark in (False, True, False):
            application.setPalette(palette_of(dark))
            expected = tone_colour(Tone.CAUTION, palette_of(dark))
            qtbot.waitUntil(lambda expected=expected: pane.status.warning.palette().windowText().color() == expected)
    finally:
        application.setPalette(before)
