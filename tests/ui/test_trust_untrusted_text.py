"""A plugin whose every word is markup, turns the reading direction or never ends: the window shows it as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QFont, QTextDocument
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from plugdeck.catalogue.incoming import sha256_of
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Tier
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.details.tab import Tab

# The offscreen platform says this of every window.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

MARKUP = "<img src='file:///etc/passwd'><a href='http://example.invalid'>here</a><b>bold</b>"
TURN = "\u202egnp.\u2066\u200f"
MOST_CHARACTERS = 6000
"""More than any text that a person reads on one widget; the plugin's are a million."""

SOURCE = r"""
#include "plugdeck.h"
#include <stdio.h>
#include <stdlib.h>
#define BAD "%(bad)s"
PD_PLUGIN(BAD " name", BAD " version", BAD " author", BAD " licence", BAD " description")
PD_IMAGE_TRANSFORM(100, "pointwise")
PD_INIT()
PD_REAL(amount, BAD " label", 0, 2, 1, BAD " unit")
PD_CHOICE(kind, BAD " choice", BAD "|" BAD "2", 0)
PD_SWITCH(wanted, BAD " switch", 0)
static const pd_host *host;
int Init(const pd_host *given) { host = given; return 0; }
__attribute__((visibility("default"))) int odd(void) __asm__("%(symbol)s");
int odd(void) { return 1; }
int Transform(const pd_image *in, pd_image *out) {
  static char text[1000001];
  for (int at = 0; at < 1000000; at++) text[at] = 'y';
  __builtin_memcpy(text, BAD, sizeof(BAD) - 1);
  fprintf(stderr, "%%s\n", text);
  host->log(host, 3, text);
  %(end)s
}
"""
ENDS = {
    "failing": "host->fail(host, text); return 1;",
    "crashing": "abort();",
}


def hostile_plugin(build_plugin, folder, *, long: int, end: str):
    """The plugin, under a file name of the same kind."""
    bad = f"{MARKUP}{TURN}{'x' * long}".encode()
    literal = "".join(f"\\{byte:03o}" for byte in bad)
    symbol = f'"{MARKUP}{TURN}"'.replace("'", "").encode()  # the assembler takes any name in quotes
    source = SOURCE % {
        "bad": literal,
        "symbol": "".join(f"\\{byte:03o}" for byte in symbol),
        "end": ENDS[end],
    }
    built = build_plugin(source, name="hostile.so", flags=[f"-Wl,-soname,<img src=x>{TURN}.so"])
    path = folder / f"<img src=x><b>{TURN}.so"
    shutil.copy(built, path)
    return path


# --- the walk


def texts_of_model(model: QAbstractItemModel) -> Iterator[tuple[str, str]]:
    """What a table says; tool tips apart, since they may be taken for markup."""
    for row in range(min(model.rowCount(), 200)):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            yield "text", str(index.data() or "")
            yield "tip", str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            yield "text", str(index.data(Qt.ItemDataRole.AccessibleTextRole) or "")


def texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Every text of one widget, with what Qt makes of it: ``text`` is drawn as it is, ``tip`` may become markup."""
    yield "tip", widget.toolTip()
    for spoken in (widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle(), widget.statusTip()):
        yield "text", spoken
    for action in widget.actions():
        yield "text", action.text()
        yield "tip", action.toolTip()
    match widget:
        case QLabel():
            yield "text" if widget.textFormat() == Qt.TextFormat.PlainText else "markup", widget.text()
        case QAbstractButton() | QLineEdit():
            yield "text", widget.text()
        case QGroupBox():
            yield "text", widget.title()
        case QComboBox():
            yield from (("text", widget.itemText(at)) for at in range(widget.count()))
        case QTabBar():
            for at in range(widget.count()):
                yield "text", widget.tabText(at)
                yield "tip", widget.tabToolTip(at)
        case QAbstractItemView() if widget.model() is not None:
            yield from texts_of_model(widget.model())
        case QPlainTextEdit():
            yield from (("text", line) for line in widget.toPlainText().splitlines())
        case QTextEdit():
            pytest.fail(f"{widget} shows rich text")


def marked_up(text: str) -> bool:
    """Whether any of it is drawn as more than its letters: an image, a link, other weight."""
    document = QTextDocument()
    document.setHtml(text)
    block = document.begin()
    while block.isValid():
        for part in block:
            form = part.fragment().charFormat()
            if form.isImageFormat() or form.isAnchor() or form.fontWeight() > QFont.Weight.Normal:
                return True
        block = block.next()
    return False


def check(widget: QWidget, kind: str, text: str) -> None:
    """Nothing is taken for markup, turned round, or endless."""
    where = f"{type(widget).__module__}.{type(widget).__name__} {widget.objectName()} ({kind}): {text[:300]!r}"
    assert len(text) <= MOST_CHARACTERS, where
    assert not any(sign in text for sign in "\u202e\u2066\u200f"), where
    if kind == "markup":
        assert not GuiQt.mightBeRichText(text), where
        assert "<img" not in text, where
    if kind == "tip" and GuiQt.mightBeRichText(text):
        assert not marked_up(text), where


def walk() -> int:
    """Checks every widget of every window; how many texts of the plugin were seen."""
    seen = 0
    for widget in QApplication.allWidgets():
        for kind, text in texts_of(widget):
            check(widget, kind, text)
            seen += "<img" in text
    return seen


@pytest.fixture(params=[0, 60_000], ids=["short", "endless"])
def long(request) -> int:
    """How many more characters each word has; with more, no reader takes the file's notes any longer."""
    return request.param


def test_no_word_of_a_plugin_is_more_than_text_in_its_question(desk, folder, build_plugin, long):
    path = hostile_plugin(build_plugin, folder, long=long, end="failing")
    desk.open(folder)
    desk.select(path)
    desk.plugins.table.setFocus()
    desk.qtbot.keyClick(desk.plugins.table, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.window.trust.asking.current is not None)
    panel = desk.window.trust.panel
    assert "<img src=" in panel.heading.text()
    assert walk() > 10
    panel.look.click()
    assert "<img src=" in desk.window.trust.waiting.text.text()
    walk()


@pytest.mark.parametrize("end", list(ENDS))
def test_no_word_of_a_loaded_plugin_is_more_than_text_anywhere(desk, folder, build_plugin, long, end):
    path = hostile_plugin(build_plugin, folder, long=long, end=end)
    TrustRecords().allow(
        sha256_of(path), name="<img src=x>", path=path, permissions=NO_PERMISSIONS, lowest_tier=Tier.LIMITED
    )
    desk.open(folder)
    desk.load(path)
    desk.window.picture.open_sample()
    step = desk.services.chain.step
    if end == "crashing":
        desk.qtbot.waitUntil(lambda: step(str(path)).outcome is not None)
    else:
        desk.qtbot.waitUntil(lambda: bool(step(str(path)).error))
    for tab in Tab:
        desk.details.open_tab(tab)
        desk.qtbot.waitUntil(desk.shell.background._jobs.empty)
        QApplication.processEvents()
        assert walk() > 10, tab
    desk.window.commands.show_preferences()
    desk.qtbot.waitUntil(
        lambda: any(
            "DecisionModel" in type(view.model()).__name__ and view.model().rowCount()
            for view in QApplication.allWidgets()
            if isinstance(view, QAbstractItemView)
        )
    )
    walk()


def test_no_word_of_a_plugin_is_more_than_text_in_proposals_and_comparisons(desk, folder, tmp_path, build_plugin, long):
    path = hostile_plugin(build_plugin, tmp_path, long=long, end="failing")
    other = hostile_plugin(build_plugin, folder, long=long, end="crashing")
    desk.open(folder)
    desk.window.propose([path])
    desk.qtbot.waitUntil(lambda: desk.window.proposals.bars[0].proposal is not None)
    desk.window.commands.compare(other, path)
    desk.qtbot.waitUntil(desk.shell.background._jobs.empty)
    assert walk() > 5


def test_messages_about_a_plugin_are_text(desk, folder, build_plugin):
    path = hostile_plugin(build_plugin, folder, long=0, end="failing")
    desk.open(folder)
    desk.window.notices.tell(f"{MARKUP}{TURN}{'x' * 1_000_000}")
    desk.window.visits.go_to(path)
    assert walk() > 0
    assert PluginState.LOADED not in {step.state for step in desk.services.chain.steps()}


def test_this_walk_would_notice_a_label_that_takes_markup(qtbot):
    label = QLabel("<b>bold</b>")
    qtbot.addWidget(label)
    with pytest.raises(AssertionError):
        walk()
    label.setText("")
    label.setToolTip("<img src='x'>")
    with pytest.raises(AssertionError):
        walk()
