"""Whatever a plugin of the chain does, the window goes on: it answers, shows the outcome, and the picture without it.

A few behaviours by default; all of them with ``-m hostile``, which measures how long the window's thread was kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from plugdeck.chain.preview import Rendered
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.image import Image, ImageLayout
from plugdeck.ui.chain.pane import ChainPane
from plugdeck.ui.chain.row import StepRow

from ..native.behaviours import BEHAVIOURS, Behaviour, Target
from ..native.runs import HASTE_S, THROWS
from ..native.targets import made

PICTURE = Image(ImageLayout.packed(640, 480), bytes((50, 2, 3, 255)) * (640 * 480))
MOST_MS = 50
ROUNDS = 4
# Those that the window could feel: ends of each kind, floods, words, and what uses the machine up.
SOME = frozenset(
    """segfault exit spin stop-process bomb-threads overrun-output send-garbage flood-channel flood-stderr flood-log
    print-markup print-bidi fail-with-markup set-absurd connect-tcp""".split()  # noqa: SIM905
)
CASES = {
    f"{each.name}{f' {each.target.name}' if each.target else ''}": each
    for each in BEHAVIOURS
    if each.name not in THROWS and each.target in {Target.NOTHING, Target.TCP, Target.PROCESS, Target.TEMPORARY}
}


class Heart(QObject):
    """Beats on the window's thread, and knows the longest time without a beat."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.beats = 0
        self.longest_ms = 0.0
        self._last = perf_counter()
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self._beat)
        timer.start(1)

    def restart(self) -> None:
        self.longest_ms, self._last = 0.0, perf_counter()

    def _beat(self) -> None:
        now = perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now
        self.beats += 1


@dataclass
class Hall:
    """A chain of two with its preview: one adds ten to red, the other misbehaves."""

    deck: object
    window: QWidget
    pane: ChainPane
    heart: Heart
    good: str
    bad: str
    number_of: Callable[[str], int]
    folder: Path
    shown: list[Rendered] = field(default_factory=list)

    @property
    def row(self) -> StepRow:
        return self.pane.row(self.bad)

    def misbehave(self, behaviour: Behaviour) -> None:
        """Returns when the window has shown what came of it."""
        host = self.deck.chain._steps.find(self.bad).host
        with made(behaviour.target, self.folder, self.folder / "own.so") as told:
            host.call("With", "/tmp" if behaviour.target is Target.TEMPORARY else told)
            patient = host._deadlines
            if behaviour.hangs:
                host._deadlines = replace(patient, call_s=HASTE_S)
            self.heart.restart()
            seen = len(self.shown)
            self.deck.chain.set_value(self.bad, "behaviour", self.number_of(behaviour.name))
            comes = behaviour.expected(Tier.SEALED)
            if behaviour.ends and comes.startswith("later"):
                self.deck.qtbot.waitUntil(lambda: len(self.shown) > seen)
                self.deck.chain.set_value(self.bad, "behaviour", 0)
            if behaviour.ends and not comes.startswith("lives"):
                self.deck.qtbot.waitUntil(self.row.card.isVisible)
            elif comes.startswith("fails"):
                self.deck.qtbot.waitUntil(lambda: bool(self.deck.step(self.bad).error))
            self.deck.qtbot.waitUntil(lambda: len(self.shown) > seen)
            host._deadlines = patient

    def recover(self) -> None:
        """Has it loaded and well-behaved again."""
        self.deck.chain.set_value(self.bad, "behaviour", 0)
        if not self.deck.step(self.bad).is_loaded:
            self.deck.chain.lift_quarantine(self.bad)
            self.deck.chain.restart(self.bad)
            self.deck.qtbot.waitUntil(lambda: self.deck.is_settled(self.bad))

    def red(self) -> int:
        return self.shown[-1].image.pixels[0]


@pytest.fixture
def hall(deck, qtbot, native, number_of, tmp_path) -> Iterator[Hall]:
    window = QWidget()
    pane = ChainPane(deck.chain, deck.bridge, window)
    qtbot.addWidget(window)
    window.resize(380, 600)
    pane.resize(380, 600)
    window.show()
    hall = Hall(deck, window, pane, Heart(window), deck.load("good", priority=300), deck.load_file(native("misbehave")),
                number_of, tmp_path)  # fmt: skip
    deck.bridge.rendered.connect(hall.shown.append)
    deck.preview.set_view_limit(640, 480)
    deck.preview.set_source(PICTURE)
    qtbot.waitUntil(lambda: bool(hall.shown) and hall.red() == 60)
    return hall


@pytest.mark.parametrize("name", [name for name, behaviour in CASES.items() if behaviour.name in SOME])
def test_the_window_answers_and_shows_what_came_of_it(hall, qtbot, name):
    behaviour = CASES[name]
    hall.misbehave(behaviour)

    before = hall.heart.beats
    qtbot.waitUntil(lambda: hall.heart.beats > before + 10)
    qtbot.waitUntil(lambda: hall.red() == 60)  # with it or without: it only copies
    comes = behaviour.expected(Tier.SEALED)
    if behaviour.ends and not comes.startswith("lives"):
        assert hall.deck.step(hall.bad).outcome
        assert hall.row.card.happened.text()
        qtbot.waitUntil(lambda: any("misbehave" in phrase for phrase in hall.shown[-1].skipped))
    else:
        assert hall.deck.step(hall.bad).is_loaded


@pytest.mark.parametrize("name", ["print-markup", "print-bidi", "fail-with-markup"])
def test_what_a_plugin_says_is_neither_markup_nor_hidden(hall, name):
    hall.misbehave(CASES[name])
    for widget in hall.window.findChildren(QWidget):
        label = widget if isinstance(widget, QLabel) else None
        if label and re.search(r"<\w", label.text()) and "Trust" in label.text():
            assert label.textFormat() is Qt.TextFormat.PlainText
        for text in (label.text() if label else "", widget.accessibleName(), widget.accessibleDescription()):
            assert not set(text) & set("\u202e\u2066\x1b\x07")
        tip = widget.toolTip()
        assert "<b>Trust" not in tip or not Qt.mightBeRichText(tip)
        assert not set(tip) & set("\u202e\u2066\x1b\x07")


@pytest.mark.hostile
@pytest.mark.timeout(3600)
def test_nothing_that_a_plugin_does_keeps_the_windows_thread(hall, capsys):
    worst: dict[str, float] = {}
    for name, behaviour in CASES.items():
        times = []
        for _ in range(ROUNDS):
            hall.misbehave(behaviour)
            times.append(hall.heart.longest_ms)
            hall.recover()
            if times[-1] <= MOST_MS:
                break
        worst[name] = min(times)
    longest = sorted(worst, key=worst.__getitem__)[-5:]
    with capsys.disabled():
        print(
            f"\n{len(worst)} behaviours in the window; its thread was kept for at most {max(worst.values()):.0f} ms: "
            + ", ".join(f"{name} {worst[name]:.0f}" for name in reversed(longest))
        )
    assert max(worst.values()) <= MOST_MS
