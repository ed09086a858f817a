"""The whole window judged for another host: every row, what is stale until then, and what loading goes by."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from plugdeck.catalogue.report import Status
from plugdeck.compat.host_choice import WORKER, HostChoice
from plugdeck.hosting.outcome import PluginState
from plugdeck.settings import Settings
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.host.judgement import OWN_WORKER
from plugdeck.ui.host.recent import RecentHosts
from plugdeck.ui.plugins.column import Column

# The offscreen platform says these of every window, and of every menu.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "does not support (raise|grabbing)")

PATIENCE_MS = 60_000
MAIN = "int main(void) { return 0; }"
ADDS = """
#include <dlfcn.h>
int added_by_the_host(void) { return 1; }
int main(int count, char **words) { return count > 1 && dlopen(words[1], RTLD_NOW) ? added_by_the_host() : 0; }
"""
ASKS = """
#include "plugdeck.h"
PD_PLUGIN("asks", "1.0.0", "", "MIT", "Asks its host for a function.")
PD_IMAGE_TRANSFORM(100, "pointwise")
extern int added_by_the_host(void);
int Transform(const pd_image *in, pd_image *out) { (void)in; (void)out; return added_by_the_host(); }
"""


@pytest.fixture
def static(build_plugin) -> HostChoice:
    """A program that can load nothing at all."""
    return HostChoice(build_plugin(MAIN, name="static", shared=False, flags=("-static",)))


@pytest.fixture
def adding(build_plugin) -> HostChoice:
    """A program that has a function for its plugins, which Plugdeck's worker lacks."""
    flags = ("-rdynamic", "-fvisibility=default", "-ldl")
    return HostChoice(build_plugin(ADDS, name="synth", shared=False, flags=flags))


@pytest.fixture
def asks(build_plugin, folder) -> Path:
    """A transform that loads only where the host has that function."""
    return Path(shutil.copy(build_plugin(ASKS, name="asks.so"), folder / "asks.so"))


def choose(desk, choice: HostChoice) -> None:
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=PATIENCE_MS):
        desk.window.judging.choose(choice)


def status_of(desk, path: Path) -> str:
    place = desk.plugins.model.place_of(path)
    assert place is not None
    return str(desk.plugins.model.index(place, Column.STATUS).data())


def knows_worker(desk) -> bool:
    subject = desk.details.subject
    return subject is not None and subject.judged.by_worker is not None


def test_every_row_is_judged_for_the_chosen_host_and_back(desk, folder, put, asks, adding):
    put("blur")
    desk.open(folder)
    assert status_of(desk, asks) == "Incompatible"
    choose(desk, adding)
    assert status_of(desk, asks) == "Compatible"
    choose(desk, WORKER)
    assert status_of(desk, asks) == "Incompatible"


def test_old_verdicts_are_marked_in_words_until_the_new_ones_are_there(desk, folder, put, adding):
    path = put("blur")
    desk.open(folder)
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=PATIENCE_MS):
        desk.window.judging.choose(adding)
        assert status_of(desk, path) == "(Compatible)"
        index = desk.plugins.model.index(0, Column.STATUS)
        assert "host before" in index.data(Qt.ItemDataRole.AccessibleTextRole)
        assert desk.details.subject.judged.is_stale
        assert desk.details.header.verdict.text().startswith("Before, for")
    assert status_of(desk, path) == "Compatible"
    assert desk.details.header.verdict.text().startswith("For synth: Compatible")


def test_a_plugin_that_fits_only_the_host_is_not_loaded_and_says_why(desk, folder, asks, adding):
    choose_folder_and_host(desk, folder, adding)
    desk.select(asks)
    desk.qtbot.waitUntil(lambda: knows_worker(desk), timeout=PATIENCE_MS)
    assert desk.details.subject.report.status is Status.COMPATIBLE
    assert not desk.details.header.load.isEnabled()
    assert f"Load uses {OWN_WORKER}: Incompatible" in desk.details.header.worker.text()
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    assert "cannot be loaded" in desk.notices()
    assert OWN_WORKER in desk.notices()
    assert desk.services.chain.steps() == ()


def test_a_plugin_that_fits_only_the_own_worker_is_loaded(desk, folder, put, static):
    path = put("blur")
    choose_folder_and_host(desk, folder, static)
    assert status_of(desk, path) == "Incompatible"
    desk.load(path)
    assert desk.details.subject.report.status is Status.INCOMPATIBLE, "the verdict stays the chosen host's"
    assert f"Load uses {OWN_WORKER}: Compatible" in desk.details.header.worker.text()
    desk.wait_for_state(path, PluginState.LOADED)


def test_the_question_before_a_call_tells_what_the_own_worker_would_meet(desk, folder, put, static):
    path = put("blur", is_known=False)
    choose_folder_and_host(desk, folder, static)
    desk.select(path)
    desk.qtbot.waitUntil(lambda: knows_worker(desk), timeout=PATIENCE_MS)
    desk.window.commands.call_selected()
    asking = desk.window.trust.asking
    desk.qtbot.waitUntil(lambda: asking.current is not None, timeout=PATIENCE_MS)
    assert asking.current.report.status is Status.COMPATIBLE
    assert desk.details.subject.report.status is Status.INCOMPATIBLE


def choose_folder_and_host(desk, folder: Path, choice: HostChoice) -> None:
    desk.open(folder)
    choose(desk, choice)


def test_a_useless_host_says_so_at_the_top_with_the_way_back(desk, folder, put, static):
    path = put("blur")
    choose_folder_and_host(desk, folder, static)
    banner = desk.window.hosts.banner
    desk.qtbot.waitUntil(banner.isVisible, timeout=PATIENCE_MS)
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=PATIENCE_MS):
        desk.qtbot.mouseClick(desk.window.hosts.back, Qt.MouseButton.LeftButton)
    desk.qtbot.waitUntil(banner.isHidden, timeout=PATIENCE_MS)
    assert status_of(desk, path) == "Compatible"


def test_the_chosen_host_is_restored_at_the_next_start(another_desk, settings, folder, adding, asks):
    first = another_desk(settings)
    choose_folder_and_host(first, folder, adding)
    first.close()
    settings.save()
    second = another_desk(Settings.load(settings.path))
    second.open(folder)
    assert second.window.hosts.chooser.button.text() == "synth"
    assert status_of(second, asks) == "Compatible"


def test_a_host_that_vanished_gives_way_to_the_own_worker_with_a_notice(another_desk, settings, folder, put, tmp_path):
    gone = HostChoice(tmp_path / "synth")
    RecentHosts(settings).choose(gone)
    path = put("blur")
    desk = another_desk(settings)
    desk.plugins.open_folder(folder)
    desk.qtbot.waitUntil(lambda: "is not there any more" in desk.notices(), timeout=PATIENCE_MS)
    assert desk.window.judging.choice == WORKER
    desk.qtbot.waitUntil(
        lambda: desk.plugins.model.total == 1 and status_of(desk, path) == "Compatible", timeout=PATIENCE_MS
    )
    assert gone in desk.window.judging.recent, "it may come back"


def test_a_host_that_goes_away_says_so_when_the_folder_is_read_again(desk, folder, put, adding, tmp_path):
    put("blur")
    program = Path(shutil.copy(adding.executable, tmp_path / "synth"))
    choose_folder_and_host(desk, folder, HostChoice(program))
    assert desk.window.hosts.banner.isHidden()
    program.unlink()
    desk.plugins.rescan()
    desk.qtbot.waitUntil(desk.window.hosts.banner.isVisible, timeout=PATIENCE_MS)
    assert "does not exist" in desk.window.hosts.banner.text.text()


# --- to a library and back


def test_a_library_is_visited_from_the_tree_and_the_way_back_is_a_key(desk, folder, put):
    path = put("blur", body="abort();")
    desk.open(folder)
    desk.select(path)
    desk.details.open_tab(Tab.DEPENDENCIES)
    page = desk.details.page(Tab.DEPENDENCIES)
    desk.qtbot.waitUntil(lambda: page.model.rowCount() > 0, timeout=PATIENCE_MS)
    page.library_wanted.emit(library := libc_of(page))
    desk.qtbot.waitUntil(lambda: desk.details.subject.report.path == library, timeout=PATIENCE_MS)
    assert desk.details.header.name.text().startswith("libc.so")
    assert desk.details.header.back.text() == "← blur"
    assert not desk.details.header.load.isEnabled()
    desk.plugins.rescan()
    with desk.qtbot.waitSignal(desk.plugins.scanned, timeout=PATIENCE_MS):
        pass
    assert desk.details.subject.report.path == library, "a new report on the plugin does not end the visit"
    desk.window.actions.go_back.trigger()
    assert desk.details.subject.report.path == path
    assert desk.details.header.back.isHidden()
    assert not desk.window.actions.go_back.isEnabled()


def libc_of(page) -> Path:
    nodes = [page.model.node(page.model.index_of(place)) for place in range(len(page.model._nodes))]
    return next(Path(node.path) for node in nodes if node.cells[0] == "libc.so.6")


def test_another_plugin_ends_the_visit(desk, folder, put):
    first, second = put("blur"), put("edges")
    desk.open(folder)
    desk.select(first)
    desk.window.visits.go_to(Path("/nowhere/lib.so"))
    desk.qtbot.waitUntil(lambda: desk.window.visits.trail.is_away, timeout=PATIENCE_MS)
    assert desk.details.subject.report.status is Status.UNREADABLE
    desk.select(second)
    assert desk.details.subject.report.path == second
    assert desk.details.header.back.isHidden()


# --- comparing


def test_the_selected_plugin_is_compared_with_a_listed_one_of_its_name(desk, folder, put):
    old, new = put("blur", file="a.so"), put("blur", file="b.so", version="2.0.0")
    desk.open(folder)
    desk.select(new)
    desk.window.actions.compare.trigger()
    (dialog,) = (child for child in desk.shell.children() if child.objectName() == "compare")
    assert (dialog.old.path, dialog.new.path) == (old, new)
    desk.qtbot.waitUntil(dialog.copy.isEnabled, timeout=PATIENCE_MS)
    dialog.close()


def test_a_drop_is_compared_with_the_listed_plugin_that_it_would_replace(desk, folder, put, tmp_path):
    listed = put("blur")
    desk.open(folder)
    dropped = Path(shutil.copy(listed, tmp_path / "other.so"))
    dropped.write_bytes(dropped.read_bytes() + b"\0")
    desk.window.propose([dropped])
    (bar,) = desk.window.proposals.bars
    desk.qtbot.waitUntil(lambda: bar.difference is not None, timeout=PATIENCE_MS)
    assert bar.difference.old == listed
    bar.compare.click()
    (dialog,) = (child for child in desk.shell.children() if child.objectName() == "compare")
    assert (dialog.old.path, dialog.new.path) == (listed, dropped)
    dialog.close()


def test_the_chooser_is_reached_by_tab_from_the_list_and_by_its_key(desk):
    chooser = desk.window.hosts.chooser
    desk.plugins.folders.rescan.setFocus()
    desk.qtbot.keyClick(desk.plugins.folders.rescan, Qt.Key.Key_Tab)
    assert chooser.button.hasFocus()
    desk.window.actions.choose_host.trigger()
    desk.qtbot.waitUntil(chooser.menu.isVisible)
    chooser.menu.close()
