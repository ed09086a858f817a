"""The question before a plugin runs for the first time: real plugins, real processes, the whole window."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog

from plugdeck import paths
from plugdeck.catalogue.incoming import sha256_of
from plugdeck.compat.finding import Finding, Severity
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Permissions, Tier
from plugdeck.hosting.sandbox.offer import Offer, offer
from plugdeck.trust import question as questions
from plugdeck.trust.question import Occasion, Question
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.details.tab import Tab
from plugdeck.ui.trust import asking as asking_module
from plugdeck.ui.trust.permission_words import ONLY_CALLS

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def want(desk, path) -> Question:
    """Presses Enter on a listed plugin, and waits for its question."""
    desk.select(path)
    desk.plugins.table.setFocus()
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    asking = desk.window.trust.asking
    desk.qtbot.waitUntil(lambda: asking.current is not None and asking.current.path == path)
    return asking.current


def press_run(desk) -> None:
    """Presses the button, as soon as it takes clicks."""
    run = desk.window.trust.panel.run
    desk.qtbot.waitUntil(run.isEnabled)
    desk.qtbot.mouseClick(run, Qt.MouseButton.LeftButton)


def state_of(desk, path) -> PluginState | None:
    step = desk.window.loading.step_of(path)
    return step.state if step else None


# --- one plugin


def test_nothing_of_a_plugin_from_outside_runs_before_the_answer(desk, folder, put):
    path = put("blur", version="1.2.0", is_known=False)
    desk.open(folder)
    question = want(desk, path)
    panel = desk.window.trust.panel
    assert question.occasion is Occasion.FIRST_USE
    assert panel.isVisible()
    assert not desk.details.isVisible()
    assert desk.services.chain.steps() == ()
    assert panel.heading.text() == "Run “blur” for the first time?"
    assert "blur 1.2.0, by Ann Author" in panel.facts.identity.text()
    assert "Copies the picture." in panel.facts.purpose.text()
    assert str(folder) in panel.facts.origin.text()
    assert "Not signed" in panel.facts.signature.text()
    assert panel.facts.confinement.text() == question.tier.words


def test_what_is_no_transform_is_not_said_to_be_given_the_picture(desk, folder, samples):
    path = shutil.copy(samples / "greeter-en.so", folder / "greeter.so")
    with path.open("ab") as file:
        file.write(b"changed")
    desk.open(folder)
    desk.select(path)
    desk.window.trust.asking.approve(desk.window.selected_report, lambda _approval: None)
    panel = desk.window.trust.panel
    desk.qtbot.waitUntil(panel.isVisible)
    assert panel.facts.permissions_words.text() == ONLY_CALLS


def test_the_focus_is_on_the_safe_answer(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    desk.qtbot.waitUntil(lambda: QApplication.focusWidget() is desk.window.trust.panel.refuse)


def test_a_yes_runs_it_and_is_remembered_for_exactly_these_bytes(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    question = want(desk, path)
    press_run(desk)
    desk.wait_for_state(path, PluginState.LOADED)
    decision = TrustRecords().decision(sha256_of(path))
    assert decision.approval.lowest_tier is question.tier
    assert decision.approval.permissions == NO_PERMISSIONS
    assert desk.details.isVisible()
    assert not desk.window.trust.panel.isVisible()


def test_escape_means_no_and_it_is_asked_again(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    panel = desk.window.trust.panel
    desk.qtbot.waitUntil(lambda: QApplication.focusWidget() is panel.refuse)
    desk.qtbot.keyClick(panel.refuse, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert desk.services.chain.steps() == ()
    assert TrustRecords().decisions() == ()
    assert QApplication.focusWidget() is desk.plugins.table
    assert want(desk, path).occasion is Occasion.FIRST_USE


def test_the_button_of_the_details_asks_while_another_plugin_is_loaded_and_the_answer_counts(desk, folder, put):
    loaded, path = put("blur"), put("wave", is_known=False)
    desk.open(folder)
    desk.load(loaded)
    desk.select(path)
    button = desk.details.header.load
    button.setFocus()
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    asking, panel = desk.window.trust.asking, desk.window.trust.panel
    desk.qtbot.waitUntil(panel.isVisible)
    assert asking.current is not None
    assert desk.window.selected_report.path == path
    assert not desk.window.trust.waiting.isVisible()
    desk.qtbot.mouseClick(panel.refuse, Qt.MouseButton.LeftButton)
    assert not panel.isVisible()
    assert asking.waiting == ()
    assert desk.window.selected_report.path == path


def test_the_safe_answer_takes_enter_and_runs_nothing(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    panel = desk.window.trust.panel
    desk.qtbot.waitUntil(lambda: QApplication.focusWidget() is panel.refuse)
    desk.qtbot.keyClick(panel.refuse, Qt.Key.Key_Return)
    assert desk.window.trust.asking.current is None
    assert desk.services.chain.steps() == ()


def test_a_click_that_was_meant_for_what_was_there_before_is_no_answer(desk, folder, put):
    desk.open(folder)
    path = put("blur", is_known=False)
    desk.qtbot.waitUntil(lambda: desk.names() == ["blur"])
    seen = []
    panel = desk.window.trust.panel
    desk.window.trust.asking.changed.connect(lambda: seen.append(panel.run.isEnabled()))
    want(desk, path)
    assert seen[0] is False
    desk.qtbot.waitUntil(panel.run.isEnabled)


def test_what_was_allowed_is_not_asked_again_wherever_it_lies(desk, folder, put):
    first = put("blur")
    copy = folder / "other-name.so"
    shutil.copy(first, copy)
    desk.open(folder)
    desk.select(copy)
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    desk.wait_for_state(copy, PluginState.LOADED)
    assert desk.window.trust.asking.waiting == ()


def test_shipped_samples_are_not_asked_about(desk, folder, put, monkeypatch):
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    path = put("sepia", is_known=False)
    desk.open(folder)
    desk.select(path)
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    desk.wait_for_state(path, PluginState.LOADED)
    assert TrustRecords().decisions() == ()


def test_no_two_parts_of_the_question_have_the_same_key(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    desk.window.trust.panel.facts.more.click()
    keys = [
        button.shortcut().toString()
        for button in desk.shell.findChildren(QAbstractButton)
        if button.isVisible() and not button.shortcut().isEmpty()
    ]
    assert len(keys) == len(set(keys)), sorted(keys)


def test_the_keyboard_reaches_every_answer_from_anywhere(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    panel = desk.window.trust.panel
    desk.plugins.table.setFocus()
    for _ in range(4):
        desk.window.commands.focus_next_part()
        if panel.isAncestorOf(QApplication.focusWidget()):
            break
    assert panel.isAncestorOf(QApplication.focusWidget())
    desk.qtbot.waitUntil(panel.run.isEnabled)
    panel.facts.more.setFocus()
    reached = []
    while QApplication.focusWidget() is not panel.run:
        reached.append(QApplication.focusWidget())
        QApplication.focusWidget().focusNextChild()
    assert reached == [panel.facts.more, panel.facts.fingerprint.copy, panel.look, panel.refuse]


def test_the_whole_hash_can_be_copied(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    fingerprint = desk.window.trust.panel.facts.fingerprint
    assert fingerprint.words.text().startswith(sha256_of(path)[:4])
    desk.qtbot.mouseClick(fingerprint.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == sha256_of(path)


def test_findings_are_told_before_the_first_run(desk, folder, put):
    path = put("blur", flags=["-Wl,-z,execstack"], is_known=False)
    desk.open(folder)
    question = want(desk, path)
    told = [found.message for found in question.report.findings if found.severity == "warning"]
    assert told
    assert told[0] in desk.window.trust.panel.facts.findings.text()


def test_each_file_that_it_could_read_without_a_permission_is_named(desk, folder, put):
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system keeps no plugin from any file")
    for name in ("blur.json", "blur.\u202ecsv", "taxes.pdf"):
        (folder / name).write_text("{}")
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    facts = desk.window.trust.panel.facts
    assert facts.files.isVisible()
    assert facts.files.text().endswith("blur.json, blur.⟨U+202E⟩csv")
    assert "taxes" not in facts.files.text()
    assert not facts.first_load.isVisible()


def test_a_first_load_that_takes_long_is_told_before_it(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    question = want(desk, path)
    long = Finding("go.runner-not-built", Severity.INFO, "That takes about half a minute, once.")
    panel = desk.window.trust.panel
    panel.show_question(replace(question, report=replace(question.report, findings=(long,))), (), 1, 1)
    assert panel.facts.first_load.isVisible()
    assert panel.facts.first_load.text() == long.message
    assert not panel.facts.files.isVisible()


def test_reading_and_hashing_are_done_off_the_gui_thread(desk, folder, put, monkeypatch):
    path = put("blur", is_known=False)
    desk.open(folder)
    threads = []

    def note(*arguments):
        threads.append(threading.current_thread())
        return questions.ask_or_approve(*arguments)

    monkeypatch.setattr(asking_module, "ask_or_approve", note)
    want(desk, path)
    assert threads
    assert threading.main_thread() not in threads


def test_a_file_that_is_gone_by_then_is_told_and_nothing_runs(desk, folder, put, monkeypatch):
    path = put("blur", is_known=False)
    desk.open(folder)

    def lose(*arguments):
        path.unlink()
        return questions.ask_or_approve(*arguments)

    monkeypatch.setattr(asking_module, "ask_or_approve", lose)
    desk.select(path)
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: "blur.so was not run." in desk.notices())
    assert desk.window.trust.asking.waiting == ()
    assert desk.services.chain.steps() == ()


def test_bytes_that_change_between_question_and_answer_do_not_run(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    put("blur", version="6.6.6", is_known=False)
    press_run(desk)
    chain = desk.services.chain
    desk.qtbot.waitUntil(lambda: bool(chain.steps() and chain.steps()[0].outcome))
    assert "you allowed" in chain.steps()[0].outcome.sentence
    assert not chain.steps()[0].is_loaded


def test_less_confinement_than_was_agreed_to_is_asked_once_with_the_way_to_better(desk, folder, put, monkeypatch):
    path = put("blur", is_known=False)
    TrustRecords().allow(sha256_of(path), name="blur", path=path, permissions=NO_PERMISSIONS, lowest_tier=Tier.SEALED)
    if offer().tier is Tier.LIMITED:
        pytest.skip("this system confines nothing")
    poorer = Offer(Tier.FILTERED, "bubblewrap is not installed.", "Install it: apt-get install bubblewrap")
    monkeypatch.setattr(questions, "offer", lambda: poorer)
    desk.open(folder)
    assert want(desk, path).occasion is Occasion.LESS_CONFINED
    facts = desk.window.trust.panel.facts
    assert facts.confinement.text() == Tier.FILTERED.words
    assert "apt-get install bubblewrap" in facts.why.text()
    press_run(desk)
    desk.wait_for_state(path, PluginState.LOADED)
    assert TrustRecords().approval(sha256_of(path)).lowest_tier is Tier.FILTERED


def test_without_confinement_no_permission_is_offered_since_none_would_hold(desk, folder, put, monkeypatch):
    path = put("blur", is_known=False)
    monkeypatch.setattr(questions, "offer", lambda: Offer(Tier.LIMITED, "The kernel has no Landlock."))
    desk.open(folder)
    want(desk, path)
    facts = desk.window.trust.panel.facts
    assert not facts.more.isVisible()
    assert not facts.editor.isVisible()
    assert "Do everything that you may do" in facts.permissions_words.text()


def test_a_quarantined_plugin_says_why_and_a_yes_ends_that(desk, folder, put):
    path = put("blur", is_known=False)
    TrustRecords().quarantine(sha256_of(path), "blur", "It ended badly 3 times within a minute.")
    desk.open(folder)
    assert want(desk, path).occasion is Occasion.QUARANTINED
    assert "It ended badly 3 times" in desk.window.trust.panel.lead.text()
    press_run(desk)
    desk.wait_for_state(path, PluginState.LOADED)


def test_an_answer_that_cannot_be_saved_holds_for_now_and_says_so(desk, folder, put, own_folders):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    records = desk.services.records.path
    shutil.rmtree(records.parent, ignore_errors=True)
    records.parent.parent.mkdir(parents=True, exist_ok=True)
    records.parent.write_text("a file where the folder should be")
    press_run(desk)
    desk.wait_for_state(path, PluginState.LOADED)
    desk.qtbot.waitUntil(lambda: "could not be" in desk.notices())


def test_damage_to_what_was_decided_is_told_at_the_next_question_and_only_once(desk, folder, put):
    records = desk.services.records.path
    records.parent.mkdir(parents=True, exist_ok=True)
    records.write_text("no decisions")
    paths = [put(name, is_known=False) for name in ("blur", "edges")]
    desk.open(folder)
    want(desk, paths[0])
    assert "was damaged" in desk.notices()
    desk.window.notices.shown[-1].dismiss()
    press_run(desk)
    desk.wait_for_state(paths[0], PluginState.LOADED)
    want(desk, paths[1])
    press_run(desk)
    desk.wait_for_state(paths[1], PluginState.LOADED)
    assert desk.notices() == ""


# --- what it may do


def test_a_folder_that_is_allowed_in_the_question_is_what_it_runs_with(desk, folder, put, tmp_path):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    facts = desk.window.trust.panel.facts
    assert facts.permissions == NO_PERMISSIONS
    desk.qtbot.mouseClick(facts.more, Qt.MouseButton.LeftButton)
    desk.qtbot.mouseClick(facts.editor.read, Qt.MouseButton.LeftButton)
    facts.editor.findChild(QFileDialog).fileSelected.emit(str(tmp_path))
    desk.qtbot.waitUntil(lambda: bool(facts.editor.rows))
    assert facts.editor.rows[0].words.text().startswith(f"Read {tmp_path}")
    facts.editor.findChild(QFileDialog).reject()
    press_run(desk)
    desk.wait_for_state(path, PluginState.LOADED)
    assert TrustRecords().approval(sha256_of(path)).permissions == Permissions((str(tmp_path),))


# --- a changed file


def load_and_change(desk, folder, put):
    path = put("blur", version="1.0.0")
    desk.open(folder)
    key = desk.load(path)
    put("blur", version="2.0.0", is_known=False)
    desk.wait_for_state(path, PluginState.STALE)
    desk.window.commands.replace_selected()
    desk.qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    return path, key


def test_a_changed_file_is_asked_again_and_says_that_it_changed(desk, folder, put):
    _, key = load_and_change(desk, folder, put)
    assert desk.window.trust.asking.current.occasion is Occasion.CHANGED
    assert desk.window.trust.panel.heading.text() == "“blur” has changed. Run the new file?"
    assert desk.services.chain.step(key).version == "1.0.0"
    press_run(desk)
    desk.qtbot.waitUntil(lambda: desk.services.chain.step(key).version == "2.0.0")


def test_a_no_to_the_changed_file_leaves_the_old_code_running(desk, folder, put):
    path, key = load_and_change(desk, folder, put)
    desk.window.trust.panel.refuse.click()
    assert desk.services.chain.step(key).version == "1.0.0"
    assert state_of(desk, path) is PluginState.STALE


def test_restarting_the_host_of_a_changed_file_asks_too(desk, folder, put):
    path = put("blur", version="1.0.0")
    desk.open(folder)
    key = desk.load(path)
    put("blur", version="2.0.0", is_known=False)
    desk.wait_for_state(path, PluginState.STALE)
    desk.window.commands.restart_selected()
    desk.qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    assert desk.services.chain.step(key).version == "1.0.0"


# --- several


def want_all(desk, files) -> None:
    """Wants each, without waiting for an answer; the first one's question is shown."""
    asking, model = desk.window.trust.asking, desk.plugins.model
    for number, path in enumerate(files, 1):
        desk.window.to_chain.load(model.report(path))
        desk.qtbot.waitUntil(lambda number=number: len(asking.waiting) == number)


def test_questions_queue_and_each_gets_its_own_answer(desk, folder, put):
    files = [put(name, is_known=False) for name in ("blur", "edges", "glow")]
    desk.open(folder)
    want_all(desk, files)
    panel = desk.window.trust.panel
    assert panel.count.text() == "1 of 3"
    assert desk.window.trust.asking.current.path == files[0]
    press_run(desk)
    assert desk.window.trust.asking.current.path == files[1]
    assert panel.count.text() == "1 of 2"
    panel.refuse.click()
    assert desk.window.trust.asking.current.path == files[2]
    press_run(desk)
    desk.wait_for_state(files[2], PluginState.LOADED)
    desk.wait_for_state(files[0], PluginState.LOADED)
    assert state_of(desk, files[1]) is None


def test_one_yes_for_a_folder_can_be_given_only_where_each_is_listed(desk, folder, put):
    files = [put(name, is_known=False) for name in ("blur", "edges", "glow")]
    (folder / "edges.pdf").write_text("what lay there before")
    desk.open(folder)
    want_all(desk, files)
    beside = desk.window.trust.panel.beside
    assert not beside.run_all.isVisible()
    desk.qtbot.mouseClick(beside.open, Qt.MouseButton.LeftButton)
    for path in files[1:]:
        assert path.stem in beside.list.text()
        assert sha256_of(path)[:12] in beside.list.text()
    assert "edges.pdf" in beside.list.text()
    desk.qtbot.waitUntil(beside.run_all.isEnabled)
    beside.run_all.click()
    for path in files:
        desk.wait_for_state(path, PluginState.LOADED)


def test_what_is_unusual_is_never_part_of_one_yes_for_all(desk, folder, put):
    files = [put(name, is_known=False) for name in ("blur", "edges", "glow")]
    (folder / "edges.so.sig").write_text("this is no signature")
    TrustRecords().quarantine(sha256_of(files[2]), "glow", "It ended badly.")
    desk.open(folder)
    want_all(desk, files)
    assert desk.window.trust.asking.beside() == ()
    assert not desk.window.trust.panel.beside.isVisible()


def test_a_second_wish_for_the_same_file_is_one_question(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    first = want(desk, path)
    desk.window.to_chain.load(desk.plugins.model.report(path))
    desk.qtbot.waitUntil(
        lambda: desk.window.trust.asking.current not in (None,) and desk.window.trust.asking.current is not first
    )
    assert len(desk.window.trust.asking.waiting) == 1


# --- looking at something else


def test_selecting_another_plugin_puts_the_question_aside_and_back_again(desk, folder, put):
    path, other = put("blur", is_known=False), put("edges")
    desk.open(folder)
    want(desk, path)
    trust_parts = desk.window.trust
    desk.select(other)
    assert desk.details.isVisible()
    assert trust_parts.waiting.isVisible()
    assert trust_parts.waiting.text.text() == "blur waits for your answer. Nothing of it runs before that."
    desk.select(path)
    assert trust_parts.panel.isVisible()
    assert not trust_parts.waiting.isVisible()


def test_the_bar_brings_the_question_back(desk, folder, put):
    path, other = put("blur", is_known=False), put("edges")
    desk.open(folder)
    want(desk, path)
    desk.select(other)
    desk.qtbot.mouseClick(desk.window.trust.answer, Qt.MouseButton.LeftButton)
    assert desk.window.trust.asking.current.path == path
    assert desk.window.trust.panel.isVisible()


def test_one_can_look_inside_first(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    want(desk, path)
    desk.window.trust.panel.look.click()
    assert desk.details.isVisible()
    assert desk.window.selected_report.path == path
    desk.details.open_tab(Tab.SYMBOLS)
    assert desk.window.trust.waiting.isVisible()
    assert desk.services.chain.steps() == ()


def test_the_picture_keeps_its_place_and_gets_its_room_back(desk, folder, put):
    path = put("blur", is_known=False)
    desk.open(folder)
    before = desk.shell.splitters["right"].sizes()
    want(desk, path)
    assert desk.window.picture.isVisible()
    assert desk.shell.splitters["right"].sizes()[0] >= 100
    desk.window.trust.panel.refuse.click()
    assert desk.shell.splitters["right"].sizes() == before


def test_a_restored_session_asks_about_what_is_no_longer_allowed(another_desk, settings, folder, put, qtbot):
    from plugdeck.ui.preferences import RESTORE_CHAIN
    from plugdeck.ui.session import SessionMemory

    path = put("blur")
    settings.set(RESTORE_CHAIN, True)
    first = another_desk(settings)
    memory = SessionMemory(first.window)
    memory.begin()
    first.open(folder)
    first.load(path)
    qtbot.waitUntil(lambda: bool(memory._hash_known(path)))
    first.shell.close()
    TrustRecords().withdraw(sha256_of(path))
    second = another_desk(settings)
    SessionMemory(second.window).begin()
    qtbot.waitUntil(lambda: second.window.trust.asking.current is not None)
    assert second.services.chain.steps() == ()
    press_run(second)
    qtbot.waitUntil(lambda: state_of(second, path) is PluginState.LOADED)
