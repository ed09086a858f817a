"""Calling a plugin's functions from the window, while the plugin is swapped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from shiboken6 import isValid

from plugdeck.catalogue.examine import examine
from plugdeck.chain.calling import Callee
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.ui.calls.callees import alike, has_functions
from plugdeck.ui.calls.dialog import CallDialog
from plugdeck.ui.calls.words import split_arguments

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

GREETER = """
#include "plugdeck.h"
#include <stdio.h>
#include <stdlib.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Greets.")
PD_FUNCTION(const char *, Greet, (const char *))
PD_FUNCTION(int, Count, (void))
int Count(void) { static int count; return ++count; }
const char *Greet(const char *name) {
  static char text[100];
  if (%(dies)d) abort();
  snprintf(text, sizeof text, "%(word)s, %%.50s", name);
  return text;
}
"""


# No worker is late because the machine is busy.
PATIENT = Deadlines(hello_s=600, load_s=600, call_s=600)


@pytest.fixture
def reports(build_plugin, folder):
    """Three plugins that greet, the last of which cannot."""
    made = []
    for name, word, dies in (("english", "Hello <b>", 0), ("german", "Hallo", 0), ("dead", "", 1)):
        path = folder / f"{name}.so"
        shutil.copy(build_plugin(GREETER % {"name": name, "word": word, "dies": dies}, name=f"{name}.so"), path)
        made.append(examine(path))
    return made


@pytest.fixture
def dialog(qtbot, background, reports):
    first, *others = reports
    with Supervisor(deadlines=PATIENT) as supervisor:
        made = CallDialog(
            Callee(first.path, first.manifest),
            others,
            hosts=supervisor,
            background=background,
            approve=lambda report, run, leave: run(NO_APPROVAL_NEEDED),
        )
        made.show()
        qtbot.waitUntil(lambda: made.form.function.count() == 2, timeout=20_000)
        yield made
        if isValid(made):
            made.close()


def answers(dialog) -> list[str]:
    return dialog.answers.toPlainText().splitlines()


def wait_for(qtbot, dialog, text: str) -> None:
    qtbot.waitUntil(lambda: any(text in line for line in answers(dialog)), timeout=30_000)


def test_a_call_shows_its_answer_as_plain_text(dialog, qtbot):
    dialog.form.function.setCurrentText("Greet")
    assert dialog.form.type.text() == "const char *(const char *)"
    dialog.form.arguments.setText('"Ada Lovelace"')
    qtbot.mouseClick(dialog.call, Qt.MouseButton.LeftButton)
    wait_for(qtbot, dialog, "Call 1, english: Greet('Ada Lovelace') → Hello <b>, Ada Lovelace")


def test_the_plugin_stays_loaded_between_calls(dialog, qtbot):
    dialog.form.function.setCurrentText("Count")
    for count in ("1", "2"):
        dialog.call.click()
        wait_for(qtbot, dialog, f"Call {count}, english: Count() → {count} ")


def test_what_cannot_be_called_is_said(dialog, qtbot):
    dialog.form.function.setCurrentText("Absent")
    dialog.call.click()
    wait_for(qtbot, dialog, "Absent() → failed. symbol Absent not found")
    dialog.form.arguments.setText('"Ada')
    dialog.call.click()
    assert dialog.news.text() == "A quotation mark has no counterpart."


def test_another_plugin_takes_over_between_two_calls(dialog, qtbot):
    dialog.form.function.setCurrentText("Greet")
    dialog.form.arguments.setText("Ada")
    dialog.form.every_second.setChecked(True)
    wait_for(qtbot, dialog, "english: Greet(Ada) → Hello")
    dialog.form.plugin.setCurrentIndex(1)
    dialog.form.plugin.activated.emit(1)
    wait_for(qtbot, dialog, "german: Greet(Ada) → Hallo, Ada")
    dialog.form.plugin.setCurrentIndex(2)
    dialog.form.plugin.activated.emit(2)
    qtbot.waitUntil(dialog.news.isVisible)
    assert dialog.news.text().startswith("dead did not take over, and the one before it goes on: Crashed in Greet")
    assert dialog.form.plugin.currentIndex() == 1
    assert not any("failed" in line for line in answers(dialog))


def test_a_plugin_that_waits_for_an_answer_says_so_and_gives_its_place_back_on_a_no(dialog, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(dialog, "_approve", lambda _report, run, leave: asked.append((run, leave)))
    dialog.form.plugin.setCurrentIndex(1)
    dialog.form.plugin.activated.emit(1)
    qtbot.waitUntil(dialog.news.isVisible)
    assert dialog.news.text().startswith("german — german.so waits for your answer in Plugdeck's window.")
    _, leave = asked[0]
    leave()
    assert not dialog.news.isVisible()
    assert dialog.form.plugin.currentIndex() == 0


def test_an_answer_that_comes_when_the_dialog_is_closed_runs_nothing(dialog, qtbot, monkeypatch):
    asked = []
    monkeypatch.setattr(dialog, "_approve", lambda _report, run, leave: asked.append((run, leave)))
    dialog.form.plugin.setCurrentIndex(1)
    dialog.form.plugin.activated.emit(1)
    dialog.close()
    qtbot.waitUntil(lambda: not isValid(dialog))
    for run, leave in asked:
        run(NO_APPROVAL_NEEDED)
        leave()


def test_other_arguments_end_the_repetition(dialog, qtbot):
    dialog.form.function.setCurrentText("Greet")
    dialog.form.arguments.setText("Ada")
    dialog.form.every_second.setChecked(True)
    wait_for(qtbot, dialog, "english")
    dialog.form.arguments.setText("Grace")
    assert not dialog.form.every_second.isChecked()


def test_only_plugins_with_the_same_symbols_are_offered(reports, sample):
    first, *others = reports
    assert alike(first, [*reports, examine(sample("invert"))]) == sorted(others, key=lambda each: each.name)
    assert has_functions(first)
    assert not has_functions(examine(Path("/bin/sh")))


def test_arguments_are_split_as_a_shell_does():
    assert split_arguments("""a 'b c' "d e" 7""") == ("a", "b c", "d e", "7")
    assert split_arguments("") == ()


def test_closing_it_ends_the_plugins_process(dialog, qtbot, until):
    dialog.form.function.setCurrentText("Count")
    dialog.call.click()
    wait_for(qtbot, dialog, "english: Count() → 1 ")
    calling = dialog.conversation._calling
    pid = calling._host.pid
    dialog.reject()
    until(lambda: calling._host.pid is None)
    assert pid is not None
