"""For which host plugins are judged: choosing it, remembering it, and saying so when it is useless."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6 import QtGui
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Status
from plugdeck.compat.finding import Severity
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.settings import Settings
from plugdeck.ui.host.chooser import GONE, HostChooser
from plugdeck.ui.host.judgement import OWN_WORKER
from plugdeck.ui.host.judging import HostJudging
from plugdeck.ui.host.recent import MOST_RECENT, RECENT, RecentHosts

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

MAIN = "int main(void) { return 0; }"


@pytest.fixture
def program(build_plugin) -> Path:
    """A small dynamically linked program."""
    return build_plugin(MAIN, name="synth", shared=False)


@pytest.fixture
def judging(background, settings) -> HostJudging:
    return HostJudging(settings, background)


@pytest.fixture
def chooser(qtbot, judging) -> HostChooser:
    made = HostChooser(judging)
    qtbot.addWidget(made)
    made.resize(400, made.sizeHint().height())
    made.show()
    return made


# --- remembering


def test_the_latest_host_comes_first_and_ten_are_kept(settings):
    hosts = RecentHosts(settings)
    choices = [HostChoice(Path(f"/opt/host{number}")) for number in range(MOST_RECENT + 2)]
    for choice in choices:
        hosts.choose(choice)
    hosts.choose(choices[5])
    assert hosts.recent[:2] == (choices[5], choices[-1])
    assert len(hosts.recent) == MOST_RECENT


def test_chosen_and_recent_hosts_outlive_the_program(settings):
    hosts = RecentHosts(settings)
    board = HostChoice(sysroot=Path("/srv/board"))
    hosts.choose(HostChoice(Path("/opt/ardour")))
    hosts.choose(board)
    settings.save()
    again = RecentHosts(Settings.load(settings.path))
    assert again.chosen == board
    assert again.recent == (board, HostChoice(Path("/opt/ardour")))


def test_the_own_worker_is_chosen_again_without_losing_the_others(settings):
    hosts = RecentHosts(settings)
    hosts.choose(HostChoice(Path("/opt/ardour")))
    hosts.choose(WORKER)
    assert hosts.chosen == WORKER
    assert hosts.recent == (HostChoice(Path("/opt/ardour")),)


@pytest.mark.parametrize("junk", [3, "x", {"executable": 5}, {"executable": "relative"}, {"sysroot": "/a\0b"}, {}])
def test_hosts_that_somebody_edited_beyond_recognition_are_left_out(settings, junk):
    settings.set(RECENT, [{"executable": "/opt/ardour"}])
    settings._values["hosts"]["recent"].append(junk)
    settings._values["hosts"]["chosen"] = junk
    hosts = RecentHosts(settings)
    assert hosts.recent == (HostChoice(Path("/opt/ardour")),)
    assert hosts.chosen == WORKER


# --- the chooser


def actions(chooser: HostChooser) -> dict[str, QAction]:
    """The menu as it is opened, with the ampersands of its keys left out."""
    chooser.menu.aboutToShow.emit()
    return {action.text().replace("&", ""): action for action in chooser.menu.actions() if action.text()}


def test_the_own_worker_is_chosen_at_first(chooser):
    assert chooser.button.text() == OWN_WORKER
    assert chooser.button.accessibleName() == f"Judged for {OWN_WORKER}"
    assert actions(chooser)[OWN_WORKER].isChecked()


def test_a_host_is_chosen_from_the_menu_and_back(chooser, judging, program, qtbot):
    judging.choose(HostChoice(program))
    judging.choose(WORKER)
    with qtbot.waitSignal(judging.chosen):
        actions(chooser)["synth"].trigger()
    assert judging.choice == HostChoice(program)
    assert chooser.button.text() == "synth"
    assert str(program) in chooser.button.toolTip()
    with qtbot.waitSignal(judging.chosen):
        actions(chooser)[OWN_WORKER].trigger()
    assert judging.choice == WORKER


def test_a_vanished_host_is_shown_as_such_and_kept(chooser, judging, tmp_path, qtbot):
    choice = HostChoice(tmp_path / "gone")
    judging.choose(choice)
    found = actions(chooser)
    qtbot.waitUntil(lambda: found["gone"].text() == f"gone – {GONE}")
    assert not found["gone"].isEnabled()
    assert choice in judging.recent


def test_a_recent_host_is_removed(chooser, judging, program):
    judging.choose(HostChoice(program))
    removal = actions(chooser)["Remove from this list"].menu()
    removal.actions()[0].trigger()
    assert judging.recent == ()
    assert judging.choice == HostChoice(program), "the chosen one stays chosen"


def test_the_menu_asks_for_programs_and_folders(chooser, qtbot):
    with qtbot.waitSignal(chooser.program_wanted):
        actions(chooser)["Choose a program…"].trigger()
    with qtbot.waitSignal(chooser.sysroot_wanted):
        actions(chooser)["Choose another system's folder (sysroot)…"].trigger()


def drop(widget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(os.fspath(path))])
    actions, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), actions, data, buttons, keys)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(5, 5), actions, data, buttons, keys)
    QApplication.sendEvent(widget, event)
    assert event.isAccepted()


def test_a_dropped_program_is_chosen(chooser, judging, program, qtbot):
    drop(chooser, program)
    qtbot.waitUntil(lambda: judging.choice == HostChoice(program))


def test_a_dropped_folder_is_another_system(chooser, judging, tmp_path, qtbot):
    drop(chooser, tmp_path)
    qtbot.waitUntil(lambda: judging.choice == HostChoice(sysroot=tmp_path))


def test_a_long_name_gives_way_and_names_are_plain_text(chooser, judging):
    name = "<b>host&" + "x" * 200
    judging.choose(HostChoice(Path("/opt") / name))
    assert "…" in chooser.button.text()
    assert chooser.minimumSizeHint().width() < 300
    assert chooser.button.accessibleName() == f"Judged for {name}"
    assert not QtGui.Qt.mightBeRichText(chooser.button.toolTip())


# --- what the chosen host is


def test_a_static_program_says_that_it_can_load_nothing(judging, build_plugin, qtbot):
    static = build_plugin(MAIN, name="static", shared=False, flags=("-static",))
    with qtbot.waitSignal(judging.known) as known:
        judging.choose(HostChoice(static))
    assert "statically linked" in known.args[0].problem


def test_a_folder_without_a_dynamic_loader_is_no_system_to_judge_for(judging, tmp_path, qtbot):
    with qtbot.waitSignal(judging.known) as known:
        judging.choose(HostChoice(sysroot=tmp_path))
    assert "no dynamic loader" in known.args[0].problem


def test_a_program_that_opens_no_plugins_is_a_doubtful_host(judging, program, qtbot):
    with qtbot.waitSignal(judging.known) as known:
        judging.choose(HostChoice(program))
    assert known.args[0].severity is Severity.WARNING
    assert "does not open plugins" in known.args[0].problem


def test_a_plugin_that_fits_the_worker_is_told_apart_from_one_that_fits_the_host(judging, build_plugin, put, qtbot):
    static = build_plugin(MAIN, name="static", shared=False, flags=("-static",))
    choice = HostChoice(static)
    judging.choose(choice)
    report = examine(put("blur"), choice.host())
    judging.note([report])
    assert report.status is Status.INCOMPATIBLE
    assert judging.worker_report(report) is None
    with qtbot.waitSignal(judging.verdict_arrived):
        judging.ask_worker(report)
    found = judging.worker_report(report)
    assert found
    assert found.status is Status.COMPATIBLE
    assert judging.judgement(report).by_worker is found


def test_verdicts_of_the_host_before_are_stale_until_new_ones_come(judging, program, put):
    report = examine(put("blur"))
    judging.note([report])
    assert judging.judgement(report).is_own
    judging.choose(HostChoice(program))
    assert judging.judgement(report).is_stale
    assert judging.worker_report(report) is report
    judging.note([report])
    assert not judging.judgement(report).is_stale
