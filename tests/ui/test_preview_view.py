"""The picture view: what it paints where, and what the mouse and the keyboard do."""

import os
import subprocess
import sys

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from plugdeck.ui.preview.view import PictureView

RED, BLUE = QColor(220, 30, 30), QColor(30, 30, 220)


def plain(colour: QColor, width=400, height=200) -> QImage:
    picture = QImage(width, height, QImage.Format.Format_RGBA8888)
    picture.fill(colour)
    return picture


def with_rectangle(picture: QImage, area: QRect, colour: QColor) -> QImage:
    painter = QPainter(picture)
    painter.fillRect(area, colour)
    painter.end()
    return picture


@pytest.fixture
def view(qtbot):
    made = PictureView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    made.set_original(plain(RED))
    made.set_result(plain(BLUE))
    return made


def colour_at(view: PictureView, x: float, y: float) -> QColor:
    return view.grab().toImage().pixelColor(round(x), round(y))


def turn_wheel(view, x, y, notches, modifiers=Qt.KeyboardModifier.NoModifier):
    place = QPointF(x, y)
    turned = QPoint(0, round(120 * notches))
    event = QWheelEvent(
        place,
        view.mapToGlobal(place),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def state(view) -> tuple:
    return view.viewport.zoom, view.viewport.centre_x, view.viewport.centre_y, view.divider


def test_before_is_left_and_after_is_right_of_the_divider(view):
    assert colour_at(view, 100, 230) == RED
    assert colour_at(view, 300, 230) == BLUE


def test_dragging_the_handle_moves_the_divider(view):
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    QTest.mouseMove(view, QPoint(320, 160))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(320, 160))
    assert view.divider == pytest.approx(0.8)
    assert colour_at(view, 300, 230) == RED
    assert colour_at(view, 345, 230) == BLUE


def test_the_divider_stays_on_the_picture(view):
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    QTest.mouseMove(view, QPoint(5000, 160))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(399, 160))
    assert view.divider <= 1
    view.set_divider(-3)
    assert view.divider == 0


def test_a_moved_divider_repaints_as_if_painted_anew(view):
    view.grab()
    for position in (0.5, 0.1, 0.93, 0.0, 1.0, 0.4):
        view.set_divider(position)
        QApplication.processEvents()
        shown = view.screen().grabWindow(view.winId()).toImage() if view.screen() else None
        fresh = view.grab().toImage()
        assert (
            shown is None
            or shown.isNull()
            or shown.size() != fresh.size()
            or shown == fresh.convertToFormat(shown.format())
        )


def test_arrow_keys_move_the_divider(view):
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.divider == pytest.approx(0.52)
    QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.divider == pytest.approx(0.42)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.divider == 1
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.divider == 0


def test_space_shows_the_original_as_long_as_it_is_held(view, qtbot):
    with qtbot.waitSignal(view.original_changed):
        QTest.keyPress(view, Qt.Key.Key_Space)
    assert colour_at(view, 300, 230) == RED
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert colour_at(view, 300, 230) == BLUE


def test_the_wheel_zooms_at_the_pointer(view):
    before = view.viewport.to_source(300, 150)
    turn_wheel(view, 300, 150, 4)
    assert view.viewport.zoom == pytest.approx(1.25**4)
    assert view.viewport.to_source(300, 150) == pytest.approx(before)


def test_the_wheel_with_shift_or_alt_moves_the_picture(view):
    view.zoom_to(4)
    x, y = view.viewport.centre_x, view.viewport.centre_y
    turn_wheel(view, 100, 100, 1, Qt.KeyboardModifier.ShiftModifier)
    assert view.viewport.centre_x < x
    assert view.viewport.centre_y == y
    turn_wheel(view, 100, 100, -1, Qt.KeyboardModifier.AltModifier)
    assert view.viewport.centre_y > y


def test_dragging_the_picture_moves_it_under_the_pointer(view):
    view.zoom_to(4)
    grabbed = view.viewport.to_source(100, 100)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    QTest.mouseMove(view, QPoint(130, 90))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(130, 90))
    assert view.viewport.to_source(130, 90) == pytest.approx(grabbed)


def test_keys_zoom_and_move(view):
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.viewport.zoom == 1.5
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.viewport.zoom < 1
    view.zoom_to(8)
    x = view.viewport.centre_x
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert view.viewport.centre_x > x


def test_double_click_changes_between_whole_and_a_hundred_percent(view):
    view.set_original(plain(RED, 4000, 2000))
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 150))
    assert view.viewport.zoom == 1
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(50, 150))
    assert view.viewport.is_fitted


def test_zoom_and_part_stay_when_the_result_changes_its_resolution(view):
    view.zoom_to(3)
    view.viewport.pan(40, -25)
    view.set_divider(0.7)
    before = state(view)
    view.set_result(plain(BLUE, 100, 50))
    assert state(view) == before
    view.set_result(plain(BLUE))
    assert state(view) == before


def test_a_reduced_result_covers_exactly_what_the_full_one_covers(view):
    half = with_rectangle(plain(BLUE), QRect(0, 0, 200, 200), RED)
    view.set_comparing(False)
    view.set_result(half)
    full = view.grab().toImage()
    view.set_result(half.scaled(100, 50))
    reduced = view.grab().toImage()
    for x in (20, 180, 220, 380):
        assert full.pixelColor(x, 230) == reduced.pixelColor(x, 230)


def test_pixels_stay_sharp_when_enlarged_and_full(view):
    picture = with_rectangle(plain(RED), QRect(200, 100, 1, 1), BLUE)
    view.set_comparing(False)
    view.set_result(picture)
    view.zoom_to(32)
    shown = view.grab().toImage()
    colours = {shown.pixelColor(x, 150).name() for x in range(150, 250)}
    assert colours == {RED.name(), BLUE.name()}


def test_transparency_shows_a_checkerboard_on_both_sides(view):
    view.set_original(plain(QColor(0, 0, 0, 0)))
    view.set_result(plain(QColor(0, 0, 0, 0)))
    shown = view.grab().toImage()
    for left in (20, 240):
        assert len({shown.pixelColor(x, 200).name() for x in range(left, left + 40)}) == 2


def test_without_a_result_the_original_stands_alone(view):
    view.set_has_result(False)
    assert colour_at(view, 300, 230) == RED
    assert colour_at(view, 200, 150) == RED  # no divider


def test_hiding_the_comparison_shows_the_result_alone(view):
    view.set_comparing(False)
    assert colour_at(view, 60, 230) == BLUE


def test_another_picture_is_shown_whole_with_nothing_of_the_old_one(view):
    view.zoom_to(9)
    view.set_original(plain(QColor("lime"), 800, 800))
    assert view.viewport.is_fitted
    assert colour_at(view, 300, 230) == QColor("lime")


def test_a_large_picture_is_painted_from_smaller_copies_made_elsewhere(view, qtbot):
    large = plain(RED, 5000, 3000)
    view.set_original(large)
    qtbot.waitUntil(lambda: view.before.best(400).width() < 1000)
    assert view.before.best(4000).width() == 5000
    assert colour_at(view, 100, 230) == RED


def test_a_large_result_takes_its_place_without_a_gap(view, qtbot):
    view.set_original(plain(RED, 5000, 3000))
    view.set_result(plain(BLUE, 400, 240))
    assert colour_at(view, 300, 230) == BLUE
    view.set_result(plain(QColor("lime"), 5000, 3000))
    assert colour_at(view, 300, 230) == BLUE  # until the smaller copies are there
    qtbot.waitUntil(lambda: colour_at(view, 300, 230) == QColor("lime"))


def test_a_repaint_draws_no_picture_again(view):
    view.grab()
    made = dict(view._screens._made)
    view.set_divider(0.2)
    view.grab()
    assert view._screens._made == made
    view.zoom_to(2)
    assert not view._screens.count


def test_a_palette_change_repaints_the_checkerboard(view):
    view.grab()
    QApplication.sendEvent(view, QEvent(QEvent.Type.PaletteChange))
    assert not view._screens.count


def test_the_view_has_a_name_and_takes_the_keyboard(view):
    assert view.accessibleName()
    assert view.focusPolicy() == Qt.FocusPolicy.StrongFocus


SHARP = """
import os, random, sys
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from plugdeck.ui.preview.view import PictureView

app = QApplication([])
noise = random.Random(5).randbytes(900 * 700 * 4)
picture = QImage(noise, 900, 700, 3600, QImage.Format.Format_RGBX8888)
view = PictureView()
view.resize(300, 200)
view.show()
view.set_original(picture)
view.set_has_result(False)
view.clearFocus()
ratio = view.devicePixelRatioF()
view.zoom_to(1.0)
shown = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
left, top = -round(view.viewport.picture.left * ratio), -round(view.viewport.picture.top * ratio)
wanted = picture.copy(QRect(left, top, shown.width(), shown.height())).convertToFormat(QImage.Format.Format_RGB32)
wanted.setDevicePixelRatio(ratio)
print(ratio, shown.width(), shown == wanted)
"""


@pytest.mark.parametrize(("factor", "width"), [("1", 300), ("2", 600), ("1.5", 450)])
def test_a_hundred_percent_is_exact_on_screens_of_any_density(factor, width):
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_SCALE_FACTOR_ROUNDING_POLICY": "PassThrough"}
    command = [sys.executable, "-c", SHARP]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=True)
    assert done.stdout.split() == [str(float(factor)), str(width), "True"]
