"""What a loaded plugin may do, and the list of decisions: real plugins in real, confined processes."""

from __future__ import annotations

import errno
import os

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog

from plugdeck import paths
from plugdeck.catalogue.incoming import sha256_of
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Permissions, Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.settings import Settings
from plugdeck.trust import decision_store
from plugdeck.trust.authors import Authors
from plugdeck.trust.permission_edit import PermissionEdit
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.preferences import Preferences
from plugdeck.ui.trust.decisions_model import DecisionColumn
from plugdeck.ui.trust.permission_words import (
    changes_files,
    folder_for,
    is_about_network,
    permissions_in_short,
    with_folder,
    without_folder,
)
from plugdeck.ui.trust.permissions_editor import PermissionsEditor
from plugdeck.ui.trust.tried import Tried

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LOOKS = """
  FILE *file = fopen("{path}", "r");
  fprintf(stderr, file ? "it can read\\n" : "it cannot read\\n");
  if (file) fclose(file);
"""


def open_permissions(desk):
    """The page of the shown plugin, once it knows how that stands."""
    desk.details.open_tab(Tab.PERMISSIONS)
    page = desk.details.page(Tab.PERMISSIONS)
    desk.qtbot.waitUntil(lambda: bool(page.allowed.text()))
    return page


def said(desk, key) -> str:
    """What the step's plugin wrote."""
    return "\n".join(line.text for line in desk.services.chain.log(key).lines())


def choose(editor, folder) -> None:
    """Chooses a folder in the dialog that is open."""
    dialog = editor.findChild(QFileDialog)
    dialog.fileSelected.emit(str(folder))
    dialog.reject()


@pytest.fixture
def background():
    """One thread, which does one thing after the other."""
    background = Background(threads=1)
    yield background
    background.close()


@pytest.fixture
def editor(qtbot, background) -> PermissionsEditor:
    editor = PermissionsEditor(background)
    qtbot.addWidget(editor)
    editor.show_permissions(NO_PERMISSIONS, "one")
    return editor


@pytest.mark.parametrize("writable", [False, True])
def test_a_link_that_is_chosen_stands_for_the_folder_that_it_leads_to_now(qtbot, editor, tmp_path, writable):
    real = tmp_path.resolve() / "pictures"
    real.mkdir()
    (tmp_path / "link").symlink_to("pictures")
    editor.ask_for_folder(writable=writable)
    choose(editor, tmp_path / "link")

    qtbot.waitUntil(lambda: editor.permissions != NO_PERMISSIONS)
    assert editor.permissions == (Permissions((), (str(real),)) if writable else Permissions((str(real),)))


def test_a_folder_that_was_chosen_for_one_plugin_is_not_given_to_the_next(qtbot, editor, background, tmp_path):
    editor.ask_for_folder(writable=False)
    choose(editor, tmp_path)
    editor.show_permissions(NO_PERMISSIONS, "two")
    done: list[None] = []
    background.run(lambda: None, done.append)

    qtbot.waitUntil(lambda: bool(done))
    assert editor.permissions == NO_PERMISSIONS


@pytest.fixture
def page(desk, folder, put):
    """The permissions of a loaded plugin that needs none."""
    desk.open(folder)
    path = put("blur")
    desk.qtbot.waitUntil(lambda: desk.names() == ["blur"])
    desk.load(path)
    return open_permissions(desk)


# --- a loaded plugin


def test_a_plugin_that_is_not_loaded_says_where_its_permissions_are(desk, folder, put):
    path = put("blur")
    desk.open(folder)
    desk.select(path)
    desk.details.open_tab(Tab.PERMISSIONS)
    assert desk.details.page(Tab.PERMISSIONS).nothing.heading.text() == "It is not in the chain"


def test_a_loaded_plugin_says_what_it_may_do_how_it_is_confined_and_what_that_rests_on(page, folder):
    assert page.editor.nothing.isVisible()
    assert "Do nothing beside its job" in page.editor.nothing.text()
    assert page.confinement.text().startswith(offer().tier.words)
    assert "You said yes to it on" in page.allowed.text()
    assert page.fingerprint.sha256 == sha256_of(folder / "blur.so")
    assert "Not signed" in page.signature.text()
    assert "which ones it looked for is not known" in page.note.text()


def test_a_folder_that_is_allowed_can_be_read_from_then_on_and_is_remembered(desk, folder, put, tmp_path):
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system keeps no plugin from any file")
    secret = tmp_path / "looks" / "warm.lut"
    secret.parent.mkdir()
    secret.write_text("1 2 3")
    path = put("looks", body=LOOKS.format(path=secret))
    desk.window.picture.open_sample()
    desk.open(folder)
    key = desk.load(path)
    desk.qtbot.waitUntil(lambda: "it cannot read" in said(desk, key))
    page = open_permissions(desk)
    desk.qtbot.mouseClick(page.editor.read, Qt.MouseButton.LeftButton)
    choose(page.editor, secret.parent)
    desk.qtbot.waitUntil(lambda: "it can read" in said(desk, key))
    assert TrustRecords().approval(sha256_of(path)).permissions == Permissions((str(secret.parent),))
    but = "but for what you allowed: it may read 1 folder."
    desk.qtbot.waitUntil(lambda: but in desk.details.header.confinement.text())
    assert "no files of yours" not in desk.details.header.confinement.text()
    assert desk.details.header.standing.text() == ""  # it is said once
    desk.services.chain.keep_off(key)
    desk.qtbot.waitUntil(lambda: "You let it read 1 folder" in desk.details.header.standing.text())


def test_what_is_taken_back_is_out_of_reach_again(desk, folder, put, tmp_path):
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system keeps no plugin from any file")
    secret = tmp_path / "looks" / "warm.lut"
    secret.parent.mkdir()
    secret.write_text("1 2 3")
    path = put("looks", body=LOOKS.format(path=secret))
    desk.window.picture.open_sample()
    desk.open(folder)
    key = desk.load(path, permissions=Permissions((str(secret.parent),)))
    desk.qtbot.waitUntil(lambda: "it can read" in said(desk, key))
    page = open_permissions(desk)
    desk.qtbot.mouseClick(page.editor.rows[0].remove, Qt.MouseButton.LeftButton)
    desk.qtbot.waitUntil(lambda: "it cannot read" in said(desk, key))
    assert TrustRecords().approval(sha256_of(path)).permissions == NO_PERMISSIONS


def test_what_shares_a_process_has_one_of_its_own_after_a_change_and_that_is_said(desk, folder, put):
    chain, desk.services.hosts.mode = desk.services.chain, HostingMode.TOGETHER
    paths = put("blur"), put("other", priority=200)
    desk.open(folder)
    blur, other = (desk.load(path, permissions=Permissions(network=path is paths[1])) for path in paths)
    desk.select(paths[0])
    page = open_permissions(desk)
    desk.qtbot.waitUntil(lambda: "may share its process" in page.note.text())
    assert "after a change it has one of its own" in page.note.text()

    page.editor.network.click()

    desk.qtbot.waitUntil(lambda: chain.step(blur).approval.permissions.network and chain.step(blur).is_loaded)
    assert chain.step(blur).approval.permissions == chain.step(other).approval.permissions
    assert chain._steps.find(blur).host.pid != chain._steps.find(other).host.pid


def test_a_change_starts_a_new_process_with_the_same_settings(desk, page):
    chain = desk.services.chain
    key = chain.steps()[0].key
    chain.set_priority(key, 77)
    before = chain._steps.find(key).host.pid
    page.editor.network.click()
    desk.qtbot.waitUntil(lambda: chain.step(key).approval.permissions.network and chain.step(key).is_loaded)
    assert chain._steps.find(key).host.pid != before
    assert chain.step(key).priority == 77


def test_a_yes_that_was_taken_back_elsewhere_stays_taken_back(desk, page, folder):
    TrustRecords().withdraw(sha256_of(folder / "blur.so"))
    page.editor.network.click()
    desk.qtbot.waitUntil(lambda: page.allowed.text() == "You took your yes back.")
    assert not page.editor.isEnabled()
    assert TrustRecords().decisions() == ()
    assert not desk.services.chain.steps()[0].approval.permissions.network


def test_who_comes_back_to_the_window_sees_what_was_decided_elsewhere(desk, page, folder):
    TrustRecords().withdraw(sha256_of(folder / "blur.so"))
    QApplication.sendEvent(desk.shell, QEvent(QEvent.Type.WindowActivate))
    desk.qtbot.waitUntil(lambda: page.allowed.text() == "You took your yes back.")


def test_a_permission_that_was_taken_back_elsewhere_does_not_come_back_with_another_one(desk, folder, put, tmp_path):
    path = put("blur")
    desk.open(folder)
    folders = Permissions((str(tmp_path), str(folder)))
    desk.load(path, permissions=folders)
    page = open_permissions(desk)
    TrustRecords().change_permissions(sha256_of(path), PermissionEdit(folders, Permissions((str(folder),))))
    page.editor.network.click()
    left = Permissions((str(folder),), network=True)
    desk.qtbot.waitUntil(lambda: desk.services.chain.step(str(path)).approval.permissions == left)
    desk.qtbot.waitUntil(lambda: page.editor.permissions == left)


def test_a_change_that_cannot_be_saved_holds_for_now_and_says_so(desk, page, monkeypatch):
    def no_space(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(decision_store, "replace_file", no_space)
    page.editor.network.click()
    desk.qtbot.waitUntil(lambda: "could not be saved" in desk.notices())
    desk.qtbot.waitUntil(lambda: desk.services.chain.steps()[0].approval.permissions.network)


def test_what_does_not_come_up_with_fewer_rights_goes_on_with_the_old_ones_and_says_so(desk, folder, put, tmp_path):
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system keeps no plugin from any file")
    needed = tmp_path / "looks" / "warm.lut"
    needed.parent.mkdir()
    needed.write_text("1 2 3")
    path = put("needy", body=f'if (!fopen("{needed}", "r")) abort();')
    allowed = Permissions((str(needed.parent),))
    desk.open(folder)
    desk.load(path, permissions=allowed)
    page = open_permissions(desk)
    page.editor.rows[0].remove.click()
    desk.qtbot.waitUntil(lambda: "the process from before goes on" in page.note.text())
    step = desk.services.chain.step(str(path))
    assert step.is_loaded
    assert step.approval.permissions == allowed


def test_the_permissions_of_a_sample_are_remembered_too(desk, folder, put, monkeypatch):
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    path = put("sepia", is_known=False)
    desk.open(folder)
    desk.select(path)
    desk.plugins.table.setFocus()
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    desk.wait_for_state(path, PluginState.LOADED)
    page = open_permissions(desk)
    assert page.allowed.text() == "It comes with Plugdeck, so you were not asked."
    page.editor.network.click()
    desk.qtbot.waitUntil(lambda: desk.services.chain.step(str(path)).approval.permissions.network)
    assert TrustRecords().approval(sha256_of(path)).permissions.network


def test_a_yes_that_is_taken_back_leaves_it_running_and_asks_the_next_time(desk, page, folder):
    path = folder / "blur.so"
    page.withdraw.click()
    desk.qtbot.waitUntil(lambda: page.allowed.text() == "You took your yes back.")
    assert not page.editor.isEnabled()
    assert desk.services.chain.step(str(path)).is_loaded
    desk.services.chain.remove(str(path))
    desk.qtbot.waitUntil(lambda: desk.window.loading.step_of(path) is None)
    desk.window.to_chain.load(desk.plugins.model.report(path))
    desk.qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)


def test_nothing_can_be_changed_for_a_file_that_is_another_one_by_now(desk, page, folder, put):
    put("blur", version="2.0.0")
    desk.wait_for_state(folder / "blur.so", PluginState.STALE)
    desk.qtbot.waitUntil(lambda: not page.editor.isEnabled())
    assert "Its file changed" in page.note.text()


def test_what_a_plugin_tried_is_shown_and_allowed_by_its_button_only(desk, folder, put):
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system refuses no plugin anything")
    path = put("caller", body="extern int socket(int, int, int); int got = socket(2, 1, 0); (void)got;")
    desk.window.picture.open_sample()
    desk.open(folder)
    key = desk.load(path)
    page = open_permissions(desk)
    desk.qtbot.waitUntil(lambda: len(page.tried.lines) == 1)
    line = page.tried.lines[0]
    assert "It tried to open a network or other socket, and was refused." in line.words.text()
    assert not desk.services.chain.step(key).approval.permissions.network
    line.allow.click()
    desk.qtbot.waitUntil(lambda: desk.services.chain.step(key).approval.permissions.network)
    desk.qtbot.waitUntil(lambda: not page.tried.lines)


def test_a_file_that_it_tried_leads_to_the_folder_dialog_and_nothing_is_allowed_by_itself(desk, page):
    page.tried.show_attempts(["read /home/somebody/secret.txt"])
    assert page.tried.lines[0].words.text() == "It tried to read /home/somebody/secret.txt, and was refused."
    page.tried.lines[0].allow.click()
    assert page.editor.findChild(QFileDialog) is not None
    assert page.editor.permissions == NO_PERMISSIONS


def test_what_no_permission_covers_has_no_button(qtbot):
    tried = Tried()
    qtbot.addWidget(tried)
    tried.show_attempts(["start another program", "start another program"])
    assert len(tried.lines) == 1
    assert not tried.lines[0].allow.isVisibleTo(tried)


def test_a_verified_author_is_named_on_the_loaded_plugin(desk, folder, put):
    pytest.importorskip("cryptography")
    from plugdeck.trust.ed25519 import new_private_key, public_key, sign
    from plugdeck.trust.signature_file import SignatureText, key_text, message_of

    path = put("blur")
    private = new_private_key()
    key, sha256 = key_text(public_key(private)), sha256_of(path)
    signed = SignatureText(sha256, key, sign(private, message_of(key, sha256)))
    (folder / "blur.so.sig").write_bytes(signed.to_bytes())
    Authors().add(key, "Ann Author")
    desk.open(folder)
    desk.load(path)
    desk.qtbot.waitUntil(lambda: desk.details.header.standing.text() == "Signed by Ann Author, whose key you know.")
    assert open_permissions(desk).signature.text() == "Signed by Ann Author, whose key you know."
    put("blur", version="2.0.0", is_known=False)
    desk.wait_for_state(path, PluginState.STALE)
    desk.qtbot.waitUntil(lambda: "The new file, version 2.0.0" in desk.details.header.verdict.text())
    assert desk.details.header.standing.text() == ""  # that was the file before


# --- words


def test_permissions_in_short():
    both = Permissions(("/a", "/b"), ("/c",), True)
    assert permissions_in_short(both) == "read 2 folders, change 1 folder, use the network"
    assert permissions_in_short(NO_PERMISSIONS) == ""


def test_a_folder_that_may_be_changed_is_not_listed_as_readable_too():
    readable = with_folder(NO_PERMISSIONS, "/a", writable=False)
    both = with_folder(readable, "/a", writable=True)
    assert both == Permissions((), ("/a",))
    assert with_folder(both, "/a", writable=False) == both
    assert without_folder(both, "/a") == NO_PERMISSIONS


@pytest.mark.parametrize(
    ("attempt", "network", "folder", "changes"),
    [
        ("open a network or other socket", True, "", False),
        ("read /home/a/b.txt", False, "/home/a", False),
        ("write /home/a/network/b.txt", False, "/home/a/network", True),
        ("start another program", False, "", False),
        ("leave its namespaces", False, "", False),
    ],
)
def test_what_would_have_been_needed_for_an_attempt(attempt, network, folder, changes):
    assert is_about_network(attempt) is network
    assert folder_for(attempt) == folder
    assert changes_files(attempt) is changes


# --- the list of decisions


@pytest.fixture
def decisions(qtbot, background, tmp_path):
    """The list in the preferences, with one plugin that may run and one in quarantine."""
    records = TrustRecords()
    may = Permissions(("/pictures",), (), True)
    records.allow("a1" * 32, name="blur", path=tmp_path / "blur.so", permissions=may, lowest_tier=Tier.SEALED)
    records.quarantine("b2" * 32, "<b>glow</b>\u202e", "It ended badly 3 times within a minute.")
    preferences = Preferences(Settings(tmp_path / "settings.toml"), records, background)
    qtbot.addWidget(preferences)
    preferences.show()
    qtbot.waitUntil(lambda: preferences.decisions.model.rowCount() == 2)
    yield preferences.decisions


def cells(decisions) -> dict[str, list[str]]:
    """The table by its first column."""
    model = decisions.model
    rows = [[model.index(row, column).data() for column in DecisionColumn] for row in range(model.rowCount())]
    return {row[DecisionColumn.PLUGIN]: row for row in rows}


def choose_line(decisions, sha256: str) -> None:
    decisions.table.selectRow(decisions.model.place_of(sha256))


def test_the_preferences_list_every_decision_with_its_hash_and_permissions(decisions):
    table = cells(decisions)
    assert table["blur"][DecisionColumn.ANSWER] == "May run"
    assert table["blur"][DecisionColumn.MAY] == "read 1 folder, use the network"
    assert table["blur"][DecisionColumn.SHA256].startswith("a1a1 a1a1")
    assert table["<b>glow</b>⟨U+202E⟩"][DecisionColumn.ANSWER] == "Quarantined"


def test_a_yes_can_be_withdrawn_there(decisions, qtbot):
    choose_line(decisions, "a1" * 32)
    assert not decisions.lift.isEnabled()
    decisions.withdraw.click()
    qtbot.waitUntil(lambda: "blur" not in cells(decisions))
    assert TrustRecords().approval("a1" * 32) is None


def test_a_quarantine_is_explained_and_can_be_lifted_there(decisions, qtbot):
    choose_line(decisions, "b2" * 32)
    assert "It ended badly 3 times" in decisions.note.text()
    assert not decisions.withdraw.isEnabled()
    assert decisions.lift.text() == "Lift &quarantine"  # as on a plugin's card
    decisions.lift.click()
    qtbot.waitUntil(lambda: len(cells(decisions)) == 1)
    assert TrustRecords().quarantined("b2" * 32) == ""


def test_a_decision_of_another_window_shows_up_by_itself(decisions, qtbot, tmp_path):
    decisions._records.allow(
        "c3" * 32, name="edges", path=tmp_path / "e.so", permissions=NO_PERMISSIONS, lowest_tier=Tier.SEALED
    )
    qtbot.waitUntil(lambda: "edges" in cells(decisions))


def test_a_decision_at_the_command_line_shows_up_when_the_user_comes_back(decisions, qtbot):
    TrustRecords().quarantine("d4" * 32, "edges", "It crashed.")
    QApplication.sendEvent(decisions.window(), QEvent(QEvent.Type.WindowActivate))
    qtbot.waitUntil(lambda: "edges" in cells(decisions))


def test_the_whole_hash_of_a_decision_can_be_copied(decisions):
    choose_line(decisions, "a1" * 32)
    decisions.copy.click()
    assert QGuiApplication.clipboard().text() == "a1" * 32
