"""Two builds beside each other: in the window of its own, and by itself where an install would replace a plugin."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from plugdeck import paths
from plugdeck.catalogue.install import install, propose
from plugdeck.ui.compare.comparing import compare_files
from plugdeck.ui.compare.dialog import CompareDialog
from plugdeck.ui.compare.view import DifferenceView
from plugdeck.ui.install.area import InstallArea
from plugdeck.ui.install.replacing import compare_with_known

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

OLD = """
#include "plugdeck.h"
PD_PLUGIN("blur", "1.0.0", "Ann", "MIT", "Blurs.")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_FUNCTION(int, Answer, (int))
int Answer(int question) { return question; }
PD_FUNCTION(int, Strength, (int))
int Strength(int wanted) { return wanted; }
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""
NEW = """
#include "plugdeck.h"
PD_PLUGIN("blur", "2.0.0", "Ann", "MIT", "Blurs.")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_FUNCTION(double, Strength, (double))
double Strength(double wanted) { return wanted; }
PD_FUNCTION(int, Sharpen, (int))
int Sharpen(int wanted) { return wanted; }
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return 0; }
"""


@pytest.fixture
def builds(build_plugin, folder) -> tuple[Path, Path]:
    """Two builds of one plugin, in files of their own."""
    old, new = folder / "blur-1.so", folder / "blur-2.so"
    shutil.copy(build_plugin(OLD, name="old.so"), old)
    shutil.copy(build_plugin(NEW, name="new.so"), new)
    return old, new


def words(widget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


@pytest.fixture
def dialog(qtbot, background, builds) -> CompareDialog:
    made = CompareDialog(background, [("blur 1.0.0", builds[0]), ("blur 2.0.0", builds[1])])
    qtbot.addWidget(made)
    made.show()
    return made


def test_nothing_is_compared_until_both_builds_are_chosen(dialog, builds):
    dialog.compare(None, builds[1])
    assert "Choose the two builds" in words(dialog.view)
    assert not dialog.copy.isEnabled()


def test_what_callers_lose_comes_first_in_words(dialog, builds, qtbot):
    dialog.compare(*builds)
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=20_000)
    shown = words(dialog.view)
    assert "cannot simply replace" in shown
    lost, new = shown.index("Answer"), shown.index("Sharpen")
    assert lost < new
    assert "Strength" in shown
    assert "int(int)" in shown
    assert "double(double)" in shown


def test_swapped_builds_tell_the_opposite(dialog, builds, qtbot):
    dialog.compare(*builds)
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=20_000)
    dialog.swap.click()
    assert (dialog.old.path, dialog.new.path) == (builds[1], builds[0])
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=20_000)
    assert "The function Sharpen is gone." in words(dialog.view)


def test_the_whole_difference_is_copied(dialog, builds, qtbot):
    dialog.compare(*builds)
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=20_000)
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "\n".join(compare_files(*builds).lines())


def test_a_file_that_is_not_listed_can_be_compared(dialog, builds, tmp_path, qtbot):
    other = shutil.copy(builds[1], tmp_path / "elsewhere.so")
    dialog.compare(builds[0], Path(other))
    assert dialog.new.currentText() == "elsewhere.so"
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=20_000)


def test_a_file_that_is_gone_is_explained(dialog, builds, tmp_path, qtbot):
    dialog.compare(builds[0], tmp_path / "gone.so")
    qtbot.waitUntil(dialog.copy.isEnabled, timeout=20_000)
    assert "could not be compared in full" in words(dialog.view)
    assert "cannot be read" in words(dialog.view)


def test_text_of_the_files_is_never_taken_for_markup(qtbot, build_plugin):
    evil = OLD.replace('"Ann"', '"<b>Ann</b>\\u202e"')
    view = DifferenceView()
    qtbot.addWidget(view)
    view.show_difference(compare_files(build_plugin(OLD), build_plugin(evil)))
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in view.findChildren(QLabel) if label.text())
    assert "\u202e" not in words(view)


# --- beside an install


def bar_of(area: InstallArea, path: Path, qtbot):
    area.propose([path])
    (bar,) = area.bars
    qtbot.waitUntil(lambda: bar.difference is not None, timeout=20_000)
    return bar


def test_a_drop_that_would_replace_an_installed_plugin_says_what_callers_lose(qtbot, background, builds):
    there = install(builds[0]).path
    area = InstallArea(background)
    qtbot.addWidget(area)
    bar = bar_of(area, builds[1], qtbot)
    assert there.parent == paths.plugin_folder()
    assert f"Compared with {there.name}: " in bar.changes.text()
    assert "The function Answer is gone." in bar.changes.text()
    with qtbot.waitSignal(area.compare_wanted) as wanted:
        bar.compare.click()
    assert wanted.args == [there, builds[1]]


def test_a_drop_is_compared_with_a_listed_plugin_of_the_same_name(qtbot, background, builds):
    area = InstallArea(background, find_listed=lambda report: builds[0] if report.name == "blur" else None)
    qtbot.addWidget(area)
    bar = bar_of(area, builds[1], qtbot)
    assert bar.changes.text().startswith("Compared with blur-1.so: ")


def test_a_new_plugin_is_compared_with_nothing(builds):
    assert compare_with_known(propose(builds[1]), None) is None


def test_a_plugin_is_not_compared_with_itself(builds):
    assert compare_with_known(propose(builds[1]), builds[1]) is None


def test_of_several_installed_versions_the_newest_file_is_the_one_to_compare_with(builds, put):
    first = install(builds[0]).path
    second = install(put("blur", version="1.5.0")).path
    os.utime(first, (100, 100))
    difference = compare_with_known(propose(builds[1]), None)
    assert difference
    assert difference.old == second
