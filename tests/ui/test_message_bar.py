"""The line at the top: plain text, a shape for every palette, and no place taken while there is nothing to say."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from plugdeck.ui.marks import Shape
from plugdeck.ui.message_bar import MessageBar
from plugdeck.ui.theme import Tone, palette_of

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def bar(qtbot):
    made = MessageBar((Shape.CLOCK, Tone.CAUTION))
    qtbot.addWidget(made)
    return made


def shape(bar):
    return bar.findChild(QLabel).pixmap().toImage()


def test_it_is_hidden_until_it_says_something_and_when_it_has_nothing_to_say(bar):
    assert bar.isHidden()
    bar.say("Two plugins wait.")
    assert not bar.isHidden()
    assert bar.accessibleName() == "Two plugins wait."
    bar.say("")
    assert bar.isHidden()


def test_what_it_says_is_plain_text_with_hidden_characters_made_visible(bar):
    bar.say("<b>bold</b>\u202e")
    assert bar.text.text() == "<b>bold</b>⟨U+202E⟩"
    assert bar.text.textFormat() == Qt.TextFormat.PlainText


def test_its_buttons_do_what_they_say_and_have_names(bar, qtbot):
    done = []
    bar.say("Well?")
    qtbot.mouseClick(bar.add_button("Do it", lambda: done.append("done")), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bar.add_cross("Dismiss", lambda: done.append("dismissed")), Qt.MouseButton.LeftButton)
    assert done == ["done", "dismissed"]


def test_its_shape_is_painted_for_the_palette_that_holds_and_for_what_it_says(bar):
    bar.setPalette(palette_of(dark=False))
    light = shape(bar)
    bar.setPalette(palette_of(dark=True))
    dark = shape(bar)
    assert light != dark
    bar.say("Worse.", (Shape.CROSS, Tone.BAD))
    assert shape(bar) != dark
