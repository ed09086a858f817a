"""Where plugins run, chosen in the window: alone, together, inside Plugdeck; and what a crash of it leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Tier
from plugdeck.settings import Settings
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.kept_steps import kept_steps
from plugdeck.ui.rebuilds import FOLLOWED
from plugdeck.ui.services import HOSTING_MODE, hosting_mode
from plugdeck.ui.session import RUNNING, SessionMemory

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

GO_NOTE = r"""__asm__(
  ".pushsection .note.go.buildid, \"a\", @note\n.balign 4\n.long 3, 4, 4\n"
  ".asciz \"Go\"\n.balign 4\n.ascii \"made\"\n.popsection");"""
"""What Go's linker leaves in a file."""

CRASHES_INSIDE = """
import os, signal
from plugdeck.hosting.in_app_journal import InAppJournal
InAppJournal().begin("0" * 64, "<b>blur</b>", "Transform")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def loaded(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    return desk.load(path)


def pid(desk, key: str) -> int | None:
    return desk.services.chain._steps.find(key).host.pid


def test_together_is_chosen_in_the_menu_holds_at_once_and_is_remembered(desk, folder, put, settings, qtbot):
    paths = put("blur"), put("other", priority=200)
    desk.open(folder)
    loaded, other = map(desk.load, paths)
    assert pid(desk, loaded) != pid(desk, other)
    assert desk.window.hosting.modes[HostingMode.INDIVIDUALLY].isChecked()

    desk.window.hosting.modes[HostingMode.TOGETHER].trigger()

    qtbot.waitUntil(lambda: pid(desk, loaded) is not None and pid(desk, loaded) == pid(desk, other))
    assert settings.get(HOSTING_MODE) == "together"
    assert hosting_mode(settings) is HostingMode.TOGETHER
    menu = next(
        action.menu() for action in desk.shell.menus["Plugin"].actions() if "run" in action.text() and action.menu()
    )
    assert [action.text() for action in menu.actions()] == [
        "Each in a process of its own",
        "Those that are allowed the same in one process",
    ]


def test_the_mode_that_holds_already_moves_nothing(desk, loaded, monkeypatch):
    moved = []
    monkeypatch.setattr(desk.services.chain, "rehost", lambda key, mode: moved.append((key, mode)))
    desk.window.hosting.modes[HostingMode.INDIVIDUALLY].trigger()
    assert moved == []
    desk.window.hosting.modes[HostingMode.TOGETHER].trigger()
    assert moved == [(loaded, None)]


def test_what_brings_a_runtime_of_its_own_is_never_said_to_be_inside_plugdeck(desk, folder, put, qtbot):
    path, chain = put("blur", body=GO_NOTE), desk.services.chain
    desk.open(folder)
    key = desk.load(path)
    action = desk.window.actions.in_app
    assert chain.step(key).manifest.language_runtime == "Go"
    assert not action.isEnabled()
    assert "always has a process of its own" in action.toolTip()

    chain.rehost(key, HostingMode.IN_APP)  # as a session does whose plugin was built from another source by then

    qtbot.waitUntil(lambda: chain.step(key).mode is HostingMode.IN_APP)
    assert pid(desk, key) is not None
    row = desk.window.chain.row(key)
    qtbot.waitUntil(lambda: row.state.text() == "Loaded · not unloadable")
    assert not action.isChecked()
    assert not action.isEnabled()


def test_inside_plugdeck_is_a_wish_that_is_confirmed_after_a_warning(desk, loaded, qtbot):
    action = desk.window.actions.in_app
    assert action.isEnabled()
    action.trigger()
    assert not action.isChecked()
    assert desk.services.chain.step(loaded).mode is None
    notice = desk.window.notices.shown[-1]
    assert "has your own rights" in notice.text
    assert "so does Plugdeck" in notice.text

    notice.action.click()

    qtbot.waitUntil(lambda: desk.services.chain.step(loaded).mode is HostingMode.IN_APP)
    assert pid(desk, loaded) is None
    row = desk.window.chain.row(loaded)
    qtbot.waitUntil(lambda: row.state.text() == "Loaded · not unloadable · inside Plugdeck")
    qtbot.waitUntil(action.isChecked)
    action.trigger()
    qtbot.waitUntil(lambda: desk.services.chain.step(loaded).mode is None)
    assert pid(desk, loaded) is not None


def take_in(desk, key: str, qtbot) -> None:
    desk.window.hosting._take_in(key)
    qtbot.waitUntil(lambda: desk.services.chain.step(key).mode is HostingMode.IN_APP)


def replace_file(desk, put, key: str) -> None:
    put("blur", version="2.0.0")
    desk.wait_for_state(desk.services.chain.step(key).path, PluginState.STALE)


def test_a_new_file_is_not_run_inside_plugdeck_before_that_is_chosen_for_it_too(desk, loaded, put, qtbot):
    take_in(desk, loaded, qtbot)
    replace_file(desk, put, loaded)

    desk.details.header.replace.click()

    qtbot.waitUntil(lambda: desk.services.chain.step(loaded).version == "2.0.0")
    assert desk.services.chain.step(loaded).mode is None
    assert pid(desk, loaded) is not None
    assert "runs in a process of its own" in desk.notices()
    desk.window.notices.shown[-1].action.click()
    assert "has your own rights" in desk.window.notices.shown[-1].text
    desk.window.notices.shown[-1].action.click()
    qtbot.waitUntil(lambda: desk.services.chain.step(loaded).mode is HostingMode.IN_APP)
    assert desk.services.chain.step(loaded).version == "2.0.0"


def test_a_followed_file_stays_inside_plugdeck_as_it_was_said(desk, loaded, put, qtbot):
    take_in(desk, loaded, qtbot)
    desk.window.chain.follow_wanted.emit(loaded, True)

    put("blur", version="2.0.0", is_known=False)

    qtbot.waitUntil(lambda: desk.services.chain.step(loaded).version == "2.0.0")
    assert desk.services.chain.step(loaded).mode is HostingMode.IN_APP
    assert desk.services.chain.step(loaded).not_taken is None


def test_out_of_plugdeck_again_it_is_as_confined_as_was_agreed_to(desk, loaded, qtbot):
    records, step = desk.services.records, desk.services.chain.step(loaded)
    agreed = {"name": "blur", "path": step.path, "permissions": NO_PERMISSIONS, "lowest_tier": Tier.FILTERED}
    take_in(desk, loaded, qtbot)
    records.allow(step.sha256, **agreed)

    desk.window.hosting._ask(wanted=False)

    qtbot.waitUntil(lambda: desk.services.chain.step(loaded).mode is None)
    assert desk.services.chain.step(loaded).approval.lowest_tier is Tier.FILTERED


def test_a_choice_that_makes_no_sense_is_the_usual_one(settings):
    for odd in ("in-app", "nowhere", 5):
        settings.set(HOSTING_MODE, odd)
        assert hosting_mode(settings) is HostingMode.INDIVIDUALLY


@pytest.fixture
def left_inside(desk, loaded, settings, qtbot):
    """The key of a plugin that ran inside Plugdeck when its window was closed."""
    memory = SessionMemory(desk.window)
    memory.begin()
    take_in(desk, loaded, qtbot)
    qtbot.waitUntil(
        lambda: [kept.is_in_app for kept in kept_steps(Settings.load(settings.path)) if kept.sha256] == [True]
    )
    desk.shell.close()
    settings.save()
    return loaded


def test_what_runs_inside_plugdeck_does_so_at_the_next_start(left_inside, settings, another_desk, qtbot, monkeypatch):
    again = another_desk(Settings.load(settings.path))
    prepared_on = []
    monkeypatch.setattr(Hosts, "prepare_in_app", lambda _: prepared_on.append(threading.current_thread()))
    SessionMemory(again.window).begin()

    qtbot.waitUntil(lambda: again.services.chain.step(left_inside) is not None)
    qtbot.waitUntil(lambda: again.services.chain.step(left_inside).state is PluginState.LOADED)
    assert again.services.chain.step(left_inside).mode is HostingMode.IN_APP
    assert prepared_on
    assert threading.main_thread() not in prepared_on


def test_a_followed_file_that_was_built_meanwhile_comes_back_inside_plugdeck(
    left_inside, settings, another_desk, put, qtbot
):
    settings.set(FOLLOWED, [left_inside])
    settings.save()
    put("blur", version="2.0.0", is_known=False)
    again = another_desk(Settings.load(settings.path))
    SessionMemory(again.window).begin()

    qtbot.waitUntil(lambda: again.services.chain.step(left_inside) is not None)
    qtbot.waitUntil(lambda: again.services.chain.step(left_inside).state is PluginState.LOADED)
    assert again.services.chain.step(left_inside).version == "2.0.0"
    assert again.services.chain.step(left_inside).mode is HostingMode.IN_APP
    assert again.window.trust.asking.waiting == ()


def test_a_yes_to_confinement_is_none_to_running_inside_plugdeck(desk, left_inside, settings, another_desk, qtbot):
    """The question tells how well a plugin is confined, so what is asked about again comes back confined."""
    TrustRecords().withdraw(desk.services.chain.step(left_inside).sha256)
    again = another_desk(Settings.load(settings.path))
    SessionMemory(again.window).begin()
    qtbot.waitUntil(lambda: again.window.trust.asking.current is not None)
    question = again.window.trust.asking.current

    again.window.trust.panel.run_wanted.emit(question.permissions)

    qtbot.waitUntil(lambda: again.services.chain.step(left_inside) is not None)
    qtbot.waitUntil(lambda: again.services.chain.step(left_inside).state is PluginState.LOADED)
    assert again.services.chain.step(left_inside).mode is None
    assert again.services.chain.step(left_inside).approval.lowest_tier is question.tier


def test_after_a_crash_of_plugdeck_the_plugin_that_was_inside_is_named(desk, settings, qtbot):
    assert subprocess.run([sys.executable, "-c", CRASHES_INSIDE], check=False).returncode == -signal.SIGKILL
    settings.set(RUNNING, True)
    SessionMemory(desk.window).begin()
    qtbot.waitUntil(lambda: "<b>blur</b>: Plugdeck came to a bad end while it was at work" in desk.notices())
    assert "not run there again unless you choose it anew" in desk.notices()
