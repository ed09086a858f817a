"""The Dependencies tab: a real closure as a tree, with what is missing in view and a way to each library."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report, Status
from plugdeck.ui.details.dependencies import DependenciesTab
from plugdeck.ui.details.dependency_menu import open_menu
from plugdeck.ui.details.dependency_model import DependencyColumn
from plugdeck.ui.details.dependency_nodes import NodeKind
from plugdeck.ui.details.subject import Subject

# The offscreen platform says these of every window, and of every menu.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "does not support (raise|grabbing)")


@pytest.fixture
def tab(qtbot, background) -> DependenciesTab:
    made = DependenciesTab(background)
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.show()
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made.model)
    return made


@pytest.fixture
def family(build_plugin, tmp_path) -> Path:
    """``plugin.so`` needs ``libmiddle.so``, found by RUNPATH, which needs ``libgone.so``, which is not there."""
    gone = build_plugin("int gone(void) { return 1; }", name="libgone.so", flags=("-Wl,-soname,libgone.so",))
    middle = build_plugin(
        'extern int gone(void); __attribute__((visibility("default"))) int middle(void) { return gone(); }',
        name="libmiddle.so",
        flags=(
            "-Wl,-soname,libmiddle.so",
            "-Wl,--unresolved-symbols=ignore-all",
            "-Wl,--no-as-needed",
            os.fspath(gone),
        ),
    )
    plugin = build_plugin(
        "extern int middle(void); int Top(void) { return middle(); }",
        name="plugin.so",
        flags=("-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed", os.fspath(middle), "-Wl,--unresolved-symbols=ignore-all"),
    )
    for file in (middle, plugin):
        shutil.copy(file, tmp_path)
    return tmp_path / "plugin.so"


def show(tab: DependenciesTab, path: Path, qtbot) -> None:
    tab.show_subject(Subject(examine(path, symbols=False)))
    qtbot.waitUntil(lambda: tab.model.rowCount() > 0, timeout=20_000)


def lines(tab: DependenciesTab) -> dict[str, QModelIndex]:
    """Every line by its name, opened or not."""
    found, waiting = {}, [tab.model.index(0, 0)]
    while waiting:
        index = waiting.pop()
        found.setdefault(index.data(), index)
        waiting += [tab.model.index(row, 0, index) for row in range(tab.model.rowCount(index))]
    return found


def cell(index: QModelIndex, column: DependencyColumn) -> str:
    return index.siblingAtColumn(column).data()


def test_each_library_says_where_it_is_found_and_by_which_rule(tab, family, qtbot):
    show(tab, family, qtbot)
    middle = lines(tab)["libmiddle.so"]
    assert cell(middle, DependencyColumn.FOUND_AT) == str(family.with_name("libmiddle.so"))
    assert "RUNPATH" in cell(middle, DependencyColumn.RULE)
    assert middle.parent() == tab.model.index(0, 0)


def test_what_is_missing_is_in_view_selected_and_said_in_words(tab, family, qtbot):
    show(tab, family, qtbot)
    gone = lines(tab)["libgone.so"]
    assert cell(gone, DependencyColumn.PROBLEM)
    assert tab.tree.isExpanded(gone.parent())
    assert tab.tree.currentIndex() == gone
    assert "1 with a problem" in tab.summary.text()
    assert str(NodeKind.PROBLEM) in gone.data(Qt.ItemDataRole.AccessibleTextRole)


def test_what_the_file_itself_lacks_is_no_problem_of_its_libraries(tab, build_plugin, qtbot):
    plugin = build_plugin('int puts(const char *);\nint gone(void);\nint Call(void) { return puts("") + gone(); }\n')
    show(tab, plugin, qtbot)
    assert tab.summary.text().startswith("1 library needed, each of them found, but the file itself has a problem")


def test_what_the_host_has_already_is_one_closed_group(tab, family, qtbot):
    show(tab, family, qtbot)
    groups = {name: index for name, index in lines(tab).items() if name.startswith("Already in the host")}
    assert groups
    for index in groups.values():
        assert not tab.tree.isExpanded(index)
        held = [tab.model.index(row, 0, index).data() for row in range(tab.model.rowCount(index))]
        assert "libc.so.6" in held


def test_enter_and_a_double_click_go_to_the_library(tab, family, qtbot):
    show(tab, family, qtbot)
    middle = lines(tab)["libmiddle.so"]
    tab.tree.setCurrentIndex(middle)
    with qtbot.waitSignal(tab.library_wanted) as wanted:
        qtbot.keyClick(tab.tree, Qt.Key.Key_Return)
    assert wanted.args == [family.with_name("libmiddle.so")]
    with qtbot.waitSignal(tab.library_wanted) as wanted:
        tab.tree.doubleClicked.emit(middle)
    assert wanted.args == [family.with_name("libmiddle.so")]


def test_enter_on_a_library_that_is_not_there_goes_nowhere(tab, family, qtbot):
    show(tab, family, qtbot)
    wanted: list[Path] = []
    tab.library_wanted.connect(wanted.append)
    qtbot.keyClick(tab.tree, Qt.Key.Key_Return)
    assert wanted == []


def test_the_path_can_be_copied_from_the_menu(tab, family, qtbot):
    show(tab, family, qtbot)
    node = tab.model.node(lines(tab)["libmiddle.so"])
    menu = open_menu(tab, node, tab.mapToGlobal(tab.rect().center()), lambda path: None)
    offered = {action.text().replace("&", ""): action for action in menu.actions()}
    offered["Copy path"].trigger()
    assert QGuiApplication.clipboard().text() == str(family.with_name("libmiddle.so"))
    assert "Show in file manager" in offered
    menu.close()


def test_a_missing_library_has_no_path_to_copy(tab, family, qtbot):
    show(tab, family, qtbot)
    menu = open_menu(tab, tab.model.node(lines(tab)["libgone.so"]), tab.pos(), lambda path: None)
    assert {"Copy path", "Go to this library"}.isdisjoint(action.text().replace("&", "") for action in menu.actions())
    menu.close()


def test_a_file_that_cannot_be_read_needs_nothing_that_could_be_shown(tab, tmp_path):
    tab.show_subject(Subject(Report(tmp_path / "x.so", Status.UNREADABLE, ())))
    assert "No libraries can be read" in tab.summary.text()


def test_the_last_plugin_that_was_chosen_is_the_one_that_is_shown(tab, family, put, qtbot):
    other = put("blur")
    tab.show_subject(Subject(examine(family, symbols=False)))
    show(tab, other, qtbot)
    assert tab.model.index(0, 0).data() == other.name


def test_looking_can_be_stopped_and_begun_again(tab, background, family, qtbot):
    subject = Subject(examine(family, symbols=False))
    release = Event()
    for _ in range(2):  # so that both threads are busy, as with a slow disk
        background.run(lambda: release.wait(60), lambda _: None)
    tab.show_subject(subject)
    qtbot.waitUntil(tab.cancel.isVisible)
    tab.cancel.click()
    release.set()
    assert "Stopped" in tab.summary.text()
    assert tab.model.rowCount() == 0
    tab.show_subject(subject)
    qtbot.waitUntil(lambda: tab.model.rowCount() > 0, timeout=20_000)


def test_names_from_the_file_are_shown_with_every_hidden_character(tab, build_plugin, tmp_path, qtbot):
    name = "lib\u202e<b>x.so"
    evil = build_plugin("int x;", name="libevil.so", flags=(f"-Wl,-soname,{name}",))
    plugin = build_plugin("int Top;", name="top.so", flags=("-Wl,--no-as-needed", os.fspath(evil)))
    show(tab, plugin, qtbot)
    assert "lib⟨U+202E⟩<b>x.so" in lines(tab)
