"""The files of loaded plugins in the window: changed, deleted, followed, wherever the list is by now."""

from __future__ import annotations

import pytest

from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import PluginState
from plugdeck.settings import Settings
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.rebuilds import FOLLOWED

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def loaded(desk, folder, put):
    """A loaded plugin, and the list in another folder: its file is nobody's but the chain's."""
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    desk.open(elsewhere)
    desk.qtbot.waitUntil(lambda: folder in desk.window.files._loaded._watches)
    desk.qtbot.waitUntil(lambda: desk.window.files._loaded._watches[folder] is not None)
    return key


@pytest.fixture
def step(desk):
    return desk.services.chain.step


@pytest.fixture
def followed(desk, loaded):
    """The same, followed."""
    desk.window.chain.row(loaded).follow_action.trigger()
    assert desk.window.files.rebuilds.follows(desk.services.chain.step(loaded).path)
    return loaded


def test_a_file_that_changes_is_stale_at_once_wherever_the_list_is(desk, loaded, step, put, qtbot):
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: step(loaded).state is PluginState.STALE)
    assert step(loaded).version == "1.0.0"


def test_a_file_that_is_deleted_is_a_badge_wherever_the_list_is(desk, loaded, step, put, qtbot):
    step(loaded).path.unlink()
    row = desk.window.chain.row(loaded)
    qtbot.waitUntil(lambda: "file deleted" in row.state.text())
    assert step(loaded).state is PluginState.LOADED
    put("blur")
    qtbot.waitUntil(lambda: "file deleted" not in row.state.text())


def test_what_changed_before_the_watch_began_is_noticed_too(desk, folder, put, step, qtbot):
    path = put("blur")
    desk.open(folder)
    key = desk.load(path)
    desk.plugins.feed.leave()
    put("blur", version="2.0.0", is_known=False)
    desk.window.files._watch()
    qtbot.waitUntil(lambda: step(key).stale)


def test_watches_end_with_what_they_watch(desk, loaded, folder, qtbot):
    desk.services.chain.remove(loaded)
    qtbot.waitUntil(lambda: desk.window.files._loaded._watches == {})


def test_a_followed_file_is_taken_by_itself_and_nobody_is_asked(desk, followed, step, put, qtbot):
    before = TrustRecords().decisions()
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: step(followed).version == "2.0.0")
    assert step(followed).state is PluginState.LOADED
    assert desk.window.trust.asking.waiting == ()
    (decision,) = TrustRecords().decisions()
    assert decision.sha256 == step(followed).sha256 != before[0].sha256
    assert (
        decision.approval
        == step(followed).approval
        == before[0].approval.__class__(before[0].approval.permissions, decision.sha256, before[0].approval.lowest_tier)
    )


def test_a_followed_build_with_a_bad_signature_asks(desk, followed, step, put, qtbot):
    before = TrustRecords().decisions()
    path = step(followed).path
    path.with_name(f"{path.name}.sig").write_text("no signature")
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    assert desk.window.trust.asking.current.signature.is_bad
    assert step(followed).version == "1.0.0"
    assert TrustRecords().decisions() == before


def test_a_followed_build_that_was_asked_about_is_as_confined_as_the_question_said(desk, followed, step, put, qtbot):
    desk.window.hosting._take_in(followed)
    qtbot.waitUntil(lambda: step(followed).mode is HostingMode.IN_APP)
    path = step(followed).path
    path.with_name(f"{path.name}.sig").write_text("no signature")
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    question = desk.window.trust.asking.current

    desk.window.trust.panel.run_wanted.emit(question.permissions)

    qtbot.waitUntil(lambda: step(followed).version == "2.0.0")
    assert step(followed).mode is None
    assert step(followed).approval.lowest_tier is question.tier
    assert "runs in a process of its own" in desk.notices()


def test_a_yes_that_was_taken_back_elsewhere_asks_about_a_followed_build(desk, followed, step, put, qtbot):
    TrustRecords().withdraw(step(followed).sha256)
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    assert step(followed).version == "1.0.0"
    assert TrustRecords().decisions() == ()


def test_following_says_what_it_means_and_can_be_undone(desk, followed, qtbot):
    assert "is run without asking you" in desk.notices()
    row = desk.window.chain.row(followed)
    assert row.state.text().endswith("follows rebuilds")
    desk.window.notices.shown[-1].action.click()
    assert not row.state.text().endswith("follows rebuilds")
    assert not row.follow_action.isChecked()


def test_a_followed_build_that_fails_is_not_taken_and_the_next_one_is(desk, followed, step, put, qtbot):
    put("blur", version="2.0.0", body="abort();", is_known=False)
    qtbot.waitUntil(lambda: step(followed).not_taken is not None)
    assert step(followed).version == "1.0.0"
    assert step(followed).state is PluginState.STALE
    put("blur", version="3.0.0", is_known=False)
    qtbot.waitUntil(lambda: step(followed).version == "3.0.0")
    assert step(followed).not_taken is None


def test_a_file_that_is_not_followed_asks_before_its_new_bytes_run(desk, loaded, step, put, qtbot):
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: step(loaded).stale)
    desk.window.chain.row(loaded).replace.click()
    qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    assert desk.window.trust.asking.current.is_changed
    assert step(loaded).version == "1.0.0"


def test_what_is_kept_off_is_not_started_by_a_new_build(desk, followed, step, put, qtbot):
    desk.services.chain.keep_off(followed)
    put("blur", version="2.0.0", is_known=False)
    qtbot.waitUntil(lambda: step(followed).stale)
    rebuilds = desk.window.files.rebuilds
    qtbot.waitUntil(lambda: not rebuilds._timer.isActive() and not rebuilds._waiting)
    assert step(followed).version == "1.0.0"
    assert step(followed).is_kept_off


def test_who_is_followed_is_remembered_and_can_be_told_by_the_menu(desk, followed, settings, another_desk, step):
    settings.save()
    again = another_desk(Settings.load(settings.path))
    assert again.window.files.rebuilds.follows(step(followed).path)
    desk.window.show_step(followed)
    desk.window.chain.step_selected.emit(followed)
    assert desk.window.actions.follow.isChecked()
    desk.window.actions.follow.trigger()
    assert settings.get(FOLLOWED) == []
