"""What comes back at the next start, with real plugins: the chain, the picture, each plugin's own settings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from plugdeck.compat.host_choice import HostChoice
from plugdeck.hosting.outcome import PluginState
from plugdeck.settings import Settings
from plugdeck.ui.host.recent import RecentHosts
from plugdeck.ui.kept_steps import STEPS, kept_steps
from plugdeck.ui.plugin_settings import PluginSettings, keep_settings, kept_settings
from plugdeck.ui.preferences import RESTORE_CHAIN
from plugdeck.ui.session import PICTURE, RUNNING, SessionMemory

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "red.png"
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0xFF0000)
    assert image.save(str(path))
    return path


def begin(desk, **how) -> SessionMemory:
    memory = SessionMemory(desk.window)
    memory.begin(**how)
    return memory


def load(desk, path: Path) -> str:
    """Opens its folder and loads it."""
    desk.open(path.parent)
    return desk.load(path)


def wait_until_kept(desk, settings: Settings, count: int) -> None:
    def is_kept() -> bool:
        steps = kept_steps(Settings.load(settings.path))
        return len(steps) == count and all(step.sha256 for step in steps)

    desk.qtbot.waitUntil(is_kept, timeout=15_000)


@pytest.fixture
def left(desk, settings, put, picture):
    """A session with one plugin, changed, and a picture; ended properly. Gives the plugin's path."""
    begin(desk)
    path = put("blur", priority=5)
    key = load(desk, path)
    desk.window.picture.open_picture(picture)
    desk.services.chain.set_priority(key, 42)
    desk.services.chain.set_enabled(key, False)
    desk.qtbot.waitUntil(lambda: settings.get(PICTURE, "") == str(picture), timeout=10_000)
    wait_until_kept(desk, settings, 1)
    desk.shell.close()
    settings.save()
    return path


def test_the_last_session_comes_back(left, settings, another_desk, qtbot, picture):
    again = another_desk(Settings.load(settings.path))
    begin(again)
    qtbot.waitUntil(lambda: again.services.chain.step(str(left)) is not None, timeout=10_000)
    step = again.services.chain.step(str(left))
    assert (step.priority, step.enabled) == (42, False)
    qtbot.waitUntil(lambda: again.window.picture.loader.path == picture, timeout=10_000)
    assert again.notices() == ""


def test_what_comes_back_has_the_own_workers_verdict_and_not_that_of_the_chosen_host(
    left, settings, another_desk, qtbot
):
    settings = Settings.load(settings.path)
    RecentHosts(settings).choose(HostChoice(Path(sys.executable)))
    again = another_desk(settings)
    begin(again)
    loading = again.window.loading
    qtbot.waitUntil(lambda: loading.report_of(str(left)) is not None)
    judgement = again.window.judging.judgement(loading.report_of(str(left)))
    assert judgement.is_own
    assert judgement.is_stale


def test_what_comes_back_and_is_listed_shows_the_verdict_of_the_chosen_host(left, settings, another_desk, qtbot):
    settings = Settings.load(settings.path)
    RecentHosts(settings).choose(HostChoice(Path(sys.executable)))
    again = another_desk(settings)
    again.open(left.parent)
    begin(again)
    loading = again.window.loading
    qtbot.waitUntil(lambda: loading.report_of(str(left)) is not None)
    assert loading.report_of(str(left)) is again.plugins.model.report(left)
    assert not again.window.judging.judgement(loading.report_of(str(left))).is_own


def test_nothing_comes_back_unless_it_is_wanted_but_a_plugin_keeps_its_settings(left, settings, another_desk, qtbot):
    settings = Settings.load(settings.path)
    settings.set(RESTORE_CHAIN, False)
    again = another_desk(settings)
    begin(again)
    qtbot.waitUntil(lambda: again.window.picture.source is not None, timeout=10_000)
    assert again.services.chain.steps() == ()
    key = load(again, left)
    assert again.services.chain.step(key).priority == 42


def test_what_is_gone_or_changed_is_named_and_keeps_its_settings(left, settings, another_desk, qtbot, put, tmp_path):
    put("blur", version="2.0.0")
    settings = Settings.load(settings.path)
    gone = tmp_path / "gone.so"
    settings.set(
        STEPS, [*settings.get(STEPS), {"path": str(gone), "sha256": "0", "enabled": True, "priority": 7, "values": {}}]
    )
    again = another_desk(settings)
    begin(again)
    qtbot.waitUntil(lambda: "Not loaded again" in again.notices(), timeout=10_000)
    assert "blur.so (has changed), gone.so (not there any more)" in again.notices()
    assert again.services.chain.steps() == ()
    assert kept_settings(settings, left).priority == 42
    assert kept_settings(settings, gone).priority == 7


def test_after_an_unclean_end_the_session_is_only_offered(left, settings, another_desk, qtbot, picture):
    settings = Settings.load(settings.path)
    settings.set(RUNNING, True)
    again = another_desk(settings)
    memory = begin(again)
    assert memory.safe_mode.bar.isVisible()
    assert "did not end properly" in memory.safe_mode.bar.text.text()
    assert "1 transform and the picture can be brought back" in memory.safe_mode.bar.text.text()
    memory.save()
    assert again.services.chain.steps() == ()
    assert len(kept_steps(settings)) == 1
    assert settings.get(PICTURE) == str(picture)
    memory.safe_mode.bring_back.click()
    assert not memory.safe_mode.bar.isVisible()
    qtbot.waitUntil(lambda: again.services.chain.step(str(left)) is not None, timeout=10_000)
    qtbot.waitUntil(lambda: again.window.picture.loader.path == picture)
    again.shell.close()
    assert settings.get(RUNNING) is False


def test_safe_mode_loads_nothing_and_loses_nothing(left, settings, another_desk, qtbot, picture, put):
    settings = Settings.load(settings.path)
    again = another_desk(settings)
    memory = begin(again, safe_mode=True)
    assert "nothing was loaded, as you wished" in memory.safe_mode.bar.text.text()
    other = put("other")
    load(again, other)
    memory.save()
    assert {step.path for step in kept_steps(settings)} == {left, other}
    again.shell.close()
    assert settings.get(RUNNING) is False
    assert settings.get(PICTURE) == str(picture)
    assert {step.path: step.settings.priority for step in kept_steps(settings)}[left] == 42


def test_safe_mode_brings_transforms_back_one_by_one(left, settings, another_desk, qtbot):
    again = another_desk(Settings.load(settings.path))
    memory = begin(again, safe_mode=True)
    memory.safe_mode.one_by_one.click()
    qtbot.waitUntil(lambda: again.window.chain.row(str(left)) is not None)
    row, key = again.window.chain.row(str(left)), str(left)
    qtbot.waitUntil(row.card.isVisible)
    assert row.state.text() == "Kept off · off"
    assert again.services.chain.step(key).priority == 42
    assert again.services.chain._steps.find(key).host.pid is None
    row.card.start.click()
    qtbot.waitUntil(lambda: again.services.chain.step(key).state is PluginState.LOADED)


def test_what_is_kept_off_is_so_at_the_next_start(desk, settings, another_desk, qtbot, put):
    begin(desk)
    key = load(desk, put("blur"))
    wait_until_kept(desk, settings, 1)
    desk.services.chain.keep_off(key)
    qtbot.waitUntil(lambda: kept_steps(Settings.load(settings.path))[0].is_kept_off)
    desk.shell.close()
    settings.save()
    again = another_desk(Settings.load(settings.path))
    begin(again)
    qtbot.waitUntil(lambda: again.services.chain.step(key) is not None)
    qtbot.waitUntil(lambda: not any(thread.is_alive() for thread in again.services.chain._loader._threads))
    assert again.services.chain.step(key).is_kept_off
    assert again.services.chain.step(key).state is PluginState.NOT_LOADED


def test_the_end_of_the_desktop_session_is_a_proper_end(desk, settings, qtbot, put):
    memory = begin(desk)
    load(desk, put("blur"))
    qapp = QApplication.instance()
    qapp.commitDataRequest.emit(None)
    assert Settings.load(settings.path).get(RUNNING) is False
    memory.save()  # the session went on all the same
    assert settings.get(RUNNING) is True


def test_an_offer_that_nobody_answered_is_made_again(left, settings, another_desk):
    settings = Settings.load(settings.path)
    settings.set(RUNNING, True)
    again = another_desk(settings)
    begin(again)
    again.shell.close()
    assert settings.get(RUNNING) is True
    assert len(kept_steps(settings)) == 1


def test_a_running_window_is_marked_on_disk(desk, settings, qtbot):
    begin(desk)
    qtbot.waitUntil(lambda: Settings.load(settings.path).get(RUNNING, False), timeout=10_000)
    desk.shell.close()
    assert settings.get(RUNNING) is False


def test_a_picture_that_is_gone_gives_way_to_the_sample(left, settings, another_desk, qtbot, picture):
    picture.unlink()
    again = another_desk(Settings.load(settings.path))
    begin(again)
    qtbot.waitUntil(lambda: again.window.picture.source is not None, timeout=10_000)
    assert "red.png is not there any more" in again.notices()


@pytest.mark.parametrize("kept", [[{}], ["x"], [{"path": 5}], "x", [{"path": "/x", "sha256": 1}]])
def test_a_kept_chain_that_makes_no_sense_is_left_out(settings, kept):
    settings.set(STEPS, kept)
    assert kept_steps(settings) == []


@pytest.mark.parametrize("kept", [{"priority": "high"}, {"values": 5}, {"values": {"a": "b"}}, {"priority": True}])
def test_kept_settings_that_make_no_sense_are_left_out(settings, kept):
    settings.set(("plugin_settings", "/x"), kept)
    assert kept_settings(settings, Path("/x")) == PluginSettings()


def test_a_path_that_is_no_text_can_be_kept(settings):
    path = Path("/tmp/\udcff.so")
    keep_settings(settings, path, PluginSettings(3, {"amount": 1.5}))
    settings.save()
    assert kept_settings(Settings.load(settings.path), path) == PluginSettings(3, {"amount": 1.5})
