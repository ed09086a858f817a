"""The chain with real workers, and its preview, for the window's widgets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.incoming import sha256_of
from plugdeck.chain.chain import Chain
from plugdeck.chain.clock import Clock
from plugdeck.chain.preview import Preview
from plugdeck.chain.step import StepView
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Permissions, Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.settings import Settings
from plugdeck.trust.records import TrustRecords
from plugdeck.ui.background import Background
from plugdeck.ui.bridge import ChainBridge
from plugdeck.ui.main_window import MainWindow
from plugdeck.ui.preview.scaling import resize_picture
from plugdeck.ui.services import make_services
from plugdeck.ui.shell import Shell
from plugdeck.ui.window_state import restore_window

# For what is sure to come: it costs nothing on a quick machine, and a busy one gets there too.
PATIENCE_MS = 90_000


class PatientBot(QtBot):
    """Gives everything that is waited for at least that long."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = 0) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitSignal(self, signal: SignalInstance, *, timeout: int = 0, **options: object) -> SignalBlocker:
        # What must not come (``assertNotEmitted``) would always take the whole time.
        patience_ms = PATIENCE_MS if options.get("raising", True) else 0
        return super().waitSignal(signal, timeout=max(timeout, patience_ms), **options)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's, with more patience."""
    return PatientBot(request)


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    """What works beside the window, for a widget by itself."""
    made = Background()
    yield made
    made.close()


# Adds `amount` to the red channel; crashes, fails or hangs when told to by `trouble`.
ADDER = """
#include "plugdeck.h"
#include <stdlib.h>
#include <unistd.h>
PD_PLUGIN("%(name)s", "%(version)s", "", "MIT", "Adds to the red channel.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
PD_INIT()
PD_INTEGER(amount, "Amount", 0, 255, 10, "steps")
PD_REAL(gain, "Gain <b>& more", 0, 2, 1, "")
PD_SWITCH(doubled, "Doubled", 0)
PD_CHOICE(trouble, "Trouble", "None|Crash|Fail|Hang", 0)
static const pd_host *host;
int Init(const pd_host *given) { host = given; return 0; }
int Transform(const pd_image *in, pd_image *out) {
  if (trouble == 1) abort();
  if (trouble == 2) { host->fail(host, "the moon is in the wrong place"); return 3; }
  if (trouble == 3) for (;;) pause();
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++) {
      const int more = x %% 4 ? 0 : (doubled ? 2 * amount : amount);
      out->data[y * out->stride + x] = in->data[y * in->stride + x] + more;
    }
  return 0;
}
"""


# No worker is late because the machine is busy.
PATIENT = Deadlines(hello_s=600, load_s=600, call_s=600)


class Deck:
    """A chain over real worker processes, its preview, and the bridge to Qt."""

    def __init__(self, qtbot: QtBot, build: Callable[..., Path], clock: Clock) -> None:
        self.qtbot, self.build, self.clock = qtbot, build, clock
        self.supervisor = Supervisor(deadlines=PATIENT)
        self.chain = Chain(Hosts(self.supervisor), clock=clock)
        self.bridge = ChainBridge(self.chain)
        self.failed: list[str] = []
        self.preview = Preview(
            self.chain, self.supervisor, resize_picture, self.bridge.deliver_rendered, self.failed.append
        )

    def compile(self, name: str, *, priority: int = 100, version: str = "1.0.0") -> Path:
        """The adding plugin under a name."""
        source = ADDER % {"name": name, "priority": priority, "version": version}
        return self.build(source, name=f"{abs(hash(name))}.so")

    def load(self, name: str, *, priority: int = 100, **settings: object) -> str:
        """Compiles and loads the adding plugin; waits until it is loaded."""
        return self.load_file(self.compile(name, priority=priority), **settings)

    def load_file(self, path: Path, **settings: object) -> str:
        """Loads a plugin; waits until it is loaded, or is not, and until the widgets know."""
        manifest = examine(path).manifest
        assert manifest
        key = self.chain.load(path, manifest, **settings)
        self.qtbot.waitUntil(lambda: self.is_settled(key) and not self.bridge._steps_pending)
        return key

    def hurry(self, key: str) -> None:
        """Whatever the plugin does from now on, it has a second for it."""
        self.chain._steps.find(key).host._deadlines = replace(PATIENT, call_s=1.0)

    def is_settled(self, key: str) -> bool:
        """Whether it is loaded and has told its own settings, or has failed."""
        if any(thread.is_alive() for thread in self.chain._loader._threads):
            return False
        state = self.step(key).state
        told = self.chain.revision(key) > 0
        return state not in {PluginState.LOADING, PluginState.NOT_LOADED} and (told or state is not PluginState.LOADED)

    def step(self, key: str) -> StepView:
        """A step as it is now."""
        step = self.chain.step(key)
        assert step
        return step

    def names(self) -> list[str]:
        """The steps in run order."""
        return [step.name for step in self.chain.steps()]

    def close(self) -> None:
        """Ends everything."""
        self.preview.close()
        self.bridge.close()
        self.chain.close()
        self.preview._thread.join(PATIENCE_MS / 1000)  # it gives its frames back when its call has ended
        self.supervisor.close()


@pytest.fixture
def deck(qtbot: QtBot, build_plugin: Callable[..., Path], clock: Clock) -> Iterator[Deck]:
    """A ``Deck``; see there."""
    made = Deck(qtbot, build_plugin, clock)
    yield made
    made.close()


@pytest.fixture
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window's workers have all the time that they need, but for what ``Desk.hurry`` hurries."""
    monkeypatch.setattr("plugdeck.ui.services.Deadlines", lambda **_: PATIENT)


class Desk:
    """A whole window over real workers, as ``app`` puts it together, with settings of the test's own."""

    def __init__(
        self,
        qtbot: QtBot,
        settings: Settings,
        size: tuple[int, int] | None = (1100, 700),
        clock: Clock | None = None,
        folder: Path | None = None,
    ) -> None:
        """``folder`` is read before the rest of the window is there."""
        self.qtbot = qtbot
        self.shell = Shell(Background())
        self.services = make_services(settings, self.shell.background, clock)
        restore_window(self.shell, settings, size)
        if folder:
            with qtbot.waitSignal(self.shell.plugins.scanned, timeout=PATIENCE_MS):
                self.shell.plugins.open_folder(folder)
        self.window = MainWindow(self.shell, self.services)
        self.plugins, self.details = self.window.plugins, self.window.details
        qtbot.addWidget(self.shell)
        self.shell.show()

    def open(self, folder: Path) -> None:
        """Opens a folder and waits until it is read and watched."""
        with self.qtbot.waitSignal(self.plugins.scanned, timeout=20_000):
            self.plugins.open_folder(folder)
        self.qtbot.waitUntil(lambda: self.plugins.feed._end_watch is not None)

    def rows(self) -> list[list[str]]:
        """The table's text, row by row."""
        model = self.plugins.model
        columns = range(model.columnCount())
        return [[model.index(row, column).data() for column in columns] for row in range(model.rowCount())]

    def names(self) -> list[str]:
        """The names in the order that the table shows."""
        return [row[0] for row in self.rows()]

    def select(self, path: Path) -> None:
        """Selects a file that is listed."""
        self.plugins.table.select_path(path)

    def load(
        self,
        path: Path,
        state: PluginState = PluginState.LOADED,
        permissions: Permissions = NO_PERMISSIONS,
    ) -> str:
        """Loads a listed file with the keyboard, as one that the user knows; waits for a state."""
        trust(path, permissions)
        self.select(path)
        self.qtbot.keyClick(self.plugins.table, Qt.Key.Key_Return)
        self.wait_for_state(path, state)
        return str(path)

    def hurry(self, key: str) -> None:
        """Whatever the plugin does from now on, it has a second for it."""
        self.services.chain._steps.find(key).host._deadlines = replace(PATIENT, call_s=1.0)

    def wait_for_state(self, path: Path, state: PluginState) -> None:
        """Waits until the list shows the state."""
        model = self.plugins.model

        def has_state() -> None:
            place = model.place_of(path)
            row = model.row_at(place) if place is not None else None
            assert row is not None
            assert row.state is state, f"{row.state}: {self.services.chain.steps()}"

        self.qtbot.waitUntil(has_state, timeout=20_000)

    def notices(self) -> str:
        """What is said above everything."""
        return "\n".join(notice.text for notice in self.window.notices.shown)

    def close(self) -> None:
        """Closes the window and ends every process."""
        self.shell.close()
        self.shell.background.close()
        self.services.close()
        self.services.preview._thread.join(PATIENCE_MS / 1000)


def trust(path: Path, permissions: Permissions = NO_PERMISSIONS) -> None:
    """The user has allowed these bytes already, however they are confined."""
    TrustRecords().allow(sha256_of(path), name=path.name, path=path, permissions=permissions, lowest_tier=Tier.LIMITED)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that nobody else has."""
    return Settings(tmp_path / "settings.toml")


@pytest.fixture
def desk(qtbot: QtBot, settings: Settings, clock: Clock, no_haste: None) -> Iterator[Desk]:
    """A ``Desk``; see there."""
    made = Desk(qtbot, settings, clock=clock)
    yield made
    made.close()


@pytest.fixture
def another_desk(qtbot: QtBot, clock: Clock, no_haste: None) -> Iterator[Callable[[Settings], Desk]]:
    """``another_desk(settings, folder=None)``: one more window, of the size that the settings say."""
    made: list[Desk] = []

    def make(settings: Settings, folder: Path | None = None) -> Desk:
        made.append(Desk(qtbot, settings, size=None, clock=clock, folder=folder))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


TRANSFORM = """
#include "plugdeck.h"
#include <stdlib.h>
#include <stdio.h>
PD_PLUGIN("%(name)s", "%(version)s", "Ann Author", "MIT", "Copies the picture.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
PD_FUNCTION(int, Answer, (int))
int Answer(int question) { return question; }
int Transform(const pd_image *in, pd_image *out) {
  %(body)s
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++) out->data[y * out->stride + x] = in->data[y * in->stride + x];
  return 0;
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for plugins."""
    made = tmp_path / "plugins"
    made.mkdir()
    return made


@pytest.fixture
def put(folder: Path, build_plugin: Callable[..., Path]) -> Callable[..., Path]:
    """``put(name, *, file="", version="1.0.0", priority=100, body="", flags=(), is_known=True)``: a transform.

    ``is_known``: the user allowed these bytes earlier; otherwise he is asked before they run.
    """

    def make(
        name: str,
        *,
        file: str = "",
        version: str = "1.0.0",
        priority: int = 100,
        body: str = "",
        flags=(),
        is_known: bool = True,
    ) -> Path:
        source = TRANSFORM % {"name": name, "version": version, "priority": priority, "body": body}
        built = build_plugin(source, name="transform.so", flags=flags)
        target = folder / (file or f"{name}.so")
        unfinished = folder / "unfinished.tmp"
        shutil.copy(built, unfinished)
        if is_known:
            trust(unfinished)
        return unfinished.rename(target)

    return make
