"""How long the window takes to be on the screen, against a bare main window of the same library."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w

ROUNDS = 9
PLUGINS = 200

APPLICATION = "from PySide6.QtWidgets import QApplication; QApplication([])"
# Both say "shown" when the event loop has turned once after the first paint.
BARE = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: print("shown", flush=True))
application = QApplication([])
window = Window()
window.resize(1280, 800)
window.show()
application.exec()
"""
OURS = """
from plugdeck import app
from plugdeck.ui import window_life
class WindowLife(window_life.WindowLife):
    def _go_on(self, shell):
        plugins = shell.plugins
        # What a user sees by now: the menus, the folder, the search, and that the folder is being read.
        assert plugins.isVisible() and plugins.feed.is_scanning and shell.menuBar().isVisible()
        print("shown", flush=True)
        plugins.scanned.connect(lambda: print("listed", plugins.model.rowCount(), flush=True))
        super()._go_on(shell)
app.WindowLife = WindowLife
app.run_window(size=(1280, 800))
"""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A display of our own where there is Xvfb, since showing a window there costs what it really costs."""
    server = shutil.which("Xvfb")
    if not server:
        yield "offscreen"
        return
    reading, writing = os.pipe()
    command = [server, "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            monkeypatch.setenv("DISPLAY", f":{pipe.readline().strip()}")
        monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
        if subprocess.run([sys.executable, "-c", APPLICATION], capture_output=True).returncode == 0:
            yield "Xvfb"
        else:  # the platform's libraries are missing here
            monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
            yield "offscreen"
        process.terminate()


@pytest.fixture
def folder(tmp_path: Path, build_plugin, own_folders: Path) -> Path:
    """Two hundred plugins, and settings that open them."""
    source = '#include "plugdeck.h"\nPD_PLUGIN("one of many", "1.0.0", "", "MIT", "")\n'
    built = build_plugin(source, name="many.so")
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(PLUGINS):
        shutil.copy(built, folder / f"plugin-{number}.so")
    settings = own_folders / "config" / "plugdeck" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text(tomli_w.dumps({"plugins": {"folder": str(folder)}}))
    return folder


def milliseconds_until(bytecode: Path, code: str, *words: str) -> list[float]:
    """From the start of a process to each of the lines it prints, in order.

    ``bytecode`` keeps compiled modules, as every start but the first finds them, out of the source tree.
    """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": os.fspath(bytecode)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    times = []
    try:
        for word in words:
            while not (line := process.stdout.readline()).startswith(word):
                assert line or process.poll() is None, f"ended before it was {word}"
            times.append((time.perf_counter() - began) * 1000)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return times


def test_window_with_200_plugins_against_a_bare_main_window(screen, folder, tmp_path, benchmark, capsys):
    milliseconds_until(tmp_path, BARE, "shown")
    milliseconds_until(tmp_path, OURS, "shown", "listed")  # fills caches, as on every start but the first
    bare, shown, listed = [], [], []
    for _ in range(ROUNDS):
        bare += milliseconds_until(tmp_path, BARE, "shown")
        first, second = milliseconds_until(tmp_path, OURS, "shown", f"listed {PLUGINS}")
        shown.append(first)
        listed.append(second)
    medians = [statistics.median(times) for times in (bare, shown, listed)]
    ratio, ratio_listed = medians[1] / medians[0], medians[2] / medians[0]
    benchmark.extra_info.update(ratio=ratio, ratio_listed=ratio_listed, screen=screen)
    benchmark.pedantic(milliseconds_until, args=(tmp_path, OURS, "shown"), rounds=1)
    with capsys.disabled():
        print(
            f"\non {screen}: bare {medians[0]:.0f} ms, window {medians[1]:.0f} ms ({ratio:.2f}), "
            f"all {PLUGINS} plugins listed {medians[2]:.0f} ms ({ratio_listed:.2f})"
        )
