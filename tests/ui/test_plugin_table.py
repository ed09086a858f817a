"""The list of plugins as a model and a view: sorting, filtering, and what stays put while rows come and go."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from plugdeck.catalogue.report import Report, Status
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import Dialect, Manifest
from plugdeck.hosting.outcome import PluginState
from plugdeck.ui.plugins.column import Column
from plugdeck.ui.plugins.row import StepSummary
from plugdeck.ui.plugins.table_model import FILE_ROLE, PluginTableModel
from plugdeck.ui.plugins.table_view import PluginTableView


def report(name: str, *, version: str = "1.0.0", status: Status = Status.COMPATIBLE, path: str = "") -> Report:
    manifest = Manifest(Dialect.SDK, name, version)
    return Report(Path(path or f"/plugins/{name}.so"), status, (), None, manifest)


@pytest.fixture
def model(qapp) -> PluginTableModel:
    made = PluginTableModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


@pytest.fixture
def view(qtbot, model) -> PluginTableView:
    made = PluginTableView(model)
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


def names(model: PluginTableModel) -> list[str]:
    return [model.index(row, Column.NAME).data() for row in range(model.rowCount())]


def test_names_sort_as_people_count_and_without_regard_to_case(model):
    model.put([report("blur10"), report("Blur2"), report("blur9"), report("alpha")])
    assert names(model) == ["alpha", "Blur2", "blur9", "blur10"]


def test_versions_sort_by_number(model):
    model.put([report("a", version="1.10.0"), report("b", version="1.9.0"), report("c", version="1.9.0-rc1")])
    model.sort(Column.VERSION)
    assert names(model) == ["b", "c", "a"]


def test_status_sorts_from_best_to_worst_and_back(model):
    for status in reversed(Status):
        model.put([report(status.value, status=status)])
    model.sort(Column.STATUS)
    assert names(model) == [status.value for status in Status]
    model.sort(Column.STATUS, Qt.SortOrder.DescendingOrder)
    assert names(model) == [status.value for status in reversed(Status)]


def test_loaded_plugins_sort_by_their_priority_before_those_that_have_none(model):
    model.put([report("a"), report("b"), report("c")])
    summaries = {"b": StepSummary(PluginState.LOADED, 20), "c": StepSummary(PluginState.LOADED, -5)}
    model.set_steps({Path(f"/plugins/{name}.so"): step for name, step in summaries.items()})
    model.sort(Column.PRIORITY)
    assert names(model) == ["c", "b", "a"]
    assert [model.index(row, Column.PRIORITY).data() for row in range(3)] == ["-5", "20", ""]


def test_every_word_of_the_search_has_to_be_found_in_any_order(model):
    model.put([report("gaussian blur"), report("motion blur"), report("sharpen")])
    model.set_filter("BLUR gau")
    assert names(model) == ["gaussian blur"]
    model.set_filter("")
    assert len(names(model)) == 3


def test_a_plugin_is_found_by_its_file_name_too(model):
    model.put([report("blur", path="/plugins/libfoo.so"), report("edges")])
    model.set_filter("libfoo")
    assert names(model) == ["blur"]


def test_status_filter_and_search_work_together(model):
    model.put([report("a1"), report("a2", status=Status.WARNING), report("b", status=Status.WARNING)])
    model.set_filter("a", frozenset({Status.WARNING}))
    assert names(model) == ["a2"]


def test_plugins_of_one_name_are_told_apart_by_their_files(model):
    model.put([report("blur", path="/plugins/one.so"), report("blur", path="/plugins/two.so"), report("edges")])
    assert names(model) == ["blur — one.so", "blur — two.so", "edges"]
    model.remove([Path("/plugins/one.so")])
    assert names(model) == ["blur", "edges"]


def test_a_file_beside_the_name_is_told_from_the_one_most_like_it(model):
    for file in ("blur-1.0.1-x86_64.so", "blur-1.0.2-x86_64.so", "other.so"):
        model.put([report("blur", path=f"/plugins/{file}")])
    file = model.index(1, Column.NAME).data(FILE_ROLE)
    assert (file.text, file.text[file.start : file.end]) == ("blur-1.0.2-x86_64.so", "2")


def test_hidden_characters_of_a_name_are_shown(model):
    model.put([report("evil\u202egpj.so", version="1\n2")])
    assert model.index(0, Column.NAME).data() == "evil⟨U+202E⟩gpj.so"
    assert model.index(0, Column.VERSION).data() == "1␊2"


def test_undecodable_file_names_do_no_harm(model):
    path = Path("/plugins/caf\udce9.so")
    model.put([Report(path, Status.UNREADABLE, ())])
    assert names(model) == ["caf⟨E9⟩.so"]


def test_a_tool_tip_is_never_markup(model):
    finding = Finding("x", Severity.ERROR, "<b>bold</b>")
    model.put([Report(Path("/plugins/<img src=x>.so"), Status.UNREADABLE, (finding,))])
    tip = model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert not QtGui.Qt.mightBeRichText(tip)
    assert "<b>bold</b>" in tip


def test_status_and_state_have_a_shape_beside_the_words(model):
    model.put([report("a")])
    model.set_steps({Path("/plugins/a.so"): StepSummary(PluginState.CRASHED, 1)})
    for column, words in ((Column.STATUS, "Compatible"), (Column.STATE, "Crashed")):
        index = model.index(0, column)
        assert index.data() == words
        assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()


def test_selection_survives_sorting_filtering_and_new_rows(view, model):
    model.put([report(f"plugin{number}") for number in range(50)])
    view.select_path(Path("/plugins/plugin7.so"))
    model.sort(Column.NAME, Qt.SortOrder.DescendingOrder)
    model.put([report("another")])
    assert model.row_at(view.currentIndex().row()).report.name == "plugin7"
    model.set_filter("another")
    assert view.current_path == Path("/plugins/plugin7.so")
    model.set_filter("")
    assert model.row_at(view.currentIndex().row()).report.name == "plugin7"


def test_rows_that_come_and_go_above_do_not_scroll_the_list(view, model):
    model.put([report(f"plugin{number:03}") for number in range(200)])
    view.doItemsLayout()
    view.scrollTo(model.index(120, 0), PluginTableView.ScrollHint.PositionAtTop)
    top = model.row_at(view.rowAt(0)).report.name
    assert top == "plugin120"
    model.put([report(f"another{number}") for number in range(30)])
    assert model.row_at(view.rowAt(0)).report.name == top
    model.remove([Path(f"/plugins/another{number}.so") for number in range(30)])
    assert model.row_at(view.rowAt(0)).report.name == top


def test_a_selected_row_out_of_sight_does_not_pull_the_list_to_it(view, model):
    model.put([report(f"plugin{number:03}") for number in range(200)])
    view.select_path(Path("/plugins/plugin000.so"))
    view.doItemsLayout()
    view.scrollTo(model.index(150, 0), PluginTableView.ScrollHint.PositionAtTop)
    top = model.row_at(view.rowAt(0)).report.name
    model.put([report("zebra")])
    assert model.row_at(view.rowAt(0)).report.name == top


def test_changed_words_reset_nothing(view, model, qtbot):
    model.put([report("a"), report("b")])
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_steps({Path("/plugins/a.so"): StepSummary(PluginState.LOADING, 0)})


def test_a_file_that_is_selected_before_it_is_listed_is_selected_when_it_comes(view, model):
    view.select_path(Path("/plugins/late.so"))
    model.put([report("early"), report("late")])
    assert model.row_at(view.currentIndex().row()).report.name == "late"


def test_selecting_tells_once(view, model, qtbot):
    model.put([report("a"), report("b")])
    told: list[object] = []
    view.selected.connect(told.append)
    view.select_path(Path("/plugins/b.so"))
    model.put([report("c")])
    model.sort(Column.VERSION)
    assert told == [Path("/plugins/b.so")]


def test_a_name_that_a_plugin_loaded_from_elsewhere_has_too_is_told_apart_as_well(model):
    model.put([report("blur")])
    model.set_steps({Path("/elsewhere/blur.so"): StepSummary(PluginState.LOADED, 1, "blur")})
    assert names(model) == ["blur — blur.so"]
    model.set_steps({Path("/plugins/blur.so"): StepSummary(PluginState.LOADED, 1, "blur")})
    assert names(model) == ["blur"]


def test_names_with_their_files_are_drawn_however_narrow_the_column_is(view, model):
    model.put([report("broken", path="/plugins/missing-library.so"), report("broken", path="/plugins/old.so")])
    view.select_path(Path("/plugins/old.so"))
    for width in (600, 300, 60):
        view.resize(width, 300)
        assert not view.grab().isNull()


def test_home_and_end_go_to_the_first_and_the_last_plugin(view, model, qtbot):
    model.put([report("a"), report("b"), report("c")])
    view.select_path(Path("/plugins/b.so"))
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.current_path == Path("/plugins/c.so")
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.current_path == Path("/plugins/a.so")
    model.clear()
    qtbot.keyClick(view, Qt.Key.Key_End)


def test_typing_looks_for_a_name_whichever_cell_was_clicked(view, model, qtbot):
    model.put([report("alpha"), report("sepia"), report("zoom")])
    where = view.visualRect(model.index(0, Column.STATUS)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.keyClicks(view, "sep")
    assert view.current_path == Path("/plugins/sepia.so")


@pytest.mark.parametrize("state", [PluginState.TIMED_OUT, PluginState.QUARANTINED])
def test_the_state_is_not_cut_off(view, model, state):
    model.put([report("a")])
    model.set_steps({Path("/plugins/a.so"): StepSummary(state, 1)})
    assert view.columnWidth(Column.STATE) >= view.sizeHintForColumn(Column.STATE)


def shown_columns(view) -> list[Column]:
    return [column for column in Column if not view.isColumnHidden(column)]


def test_a_narrow_list_hides_what_the_details_say_too_before_the_name_gets_illegible(qtbot, view, model):
    model.put([report("blur")])
    view.resize(900, 300)
    view.show()
    assert shown_columns(view) == list(Column)
    widths = view.column_widths
    view.resize(430, 300)
    assert shown_columns(view) == [Column.NAME, Column.STATUS, Column.STATE, Column.PRIORITY]
    qtbot.waitUntil(lambda: view.horizontalScrollBar().maximum() == 0)
    assert view.column_widths[1:] == widths[1:]
    view.resize(900, 300)
    assert shown_columns(view) == list(Column)
    assert view.column_widths == widths
