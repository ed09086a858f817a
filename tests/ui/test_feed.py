"""The list follows the folder: what a change concerns is judged again by itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from plugdeck.ui.background import Background
from plugdeck.ui.plugins.feed import PluginFeed

Build = Callable[..., Path]
LIBRARY = '__attribute__((visibility("default"))) int {}(void) {{ return 1; }}\n'
PLUGIN = "int answer(void);\nint Call(void) { return answer(); }\n"
PATIENCE_MS = 60_000


@pytest.fixture
def loads() -> dict[str, bool]:
    """Whether each file of the list loads, by its name."""
    return {}


@pytest.fixture
def feed(qtbot: QtBot, loads: dict[str, bool]) -> Iterator[PluginFeed]:
    feed = PluginFeed(Background())
    feed.reports_arrived.connect(lambda reports: loads.update((each.path.name, each.loads) for each in reports))
    feed.files_gone.connect(lambda paths: [loads.pop(path.name, None) for path in paths])
    yield feed
    feed.leave()


@pytest.fixture
def folder(tmp_path: Path, build_plugin: Build) -> Path:
    """A folder with ``plugin.so`` and the ``liba.so`` beside it that it needs."""
    library = build_plugin(LIBRARY.format("answer"), name="liba.so", flags=["-Wl,-soname,liba.so"])
    plugin = build_plugin(PLUGIN, flags=[os.fspath(library), "-Wl,-rpath,$ORIGIN"])
    for path in (library, plugin):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_plugin_is_judged_again_when_the_library_beside_it_changes(
    qtbot: QtBot, feed: PluginFeed, loads: dict[str, bool], folder: Path, build_plugin: Build
):
    with qtbot.waitSignal(feed.finished, timeout=PATIENCE_MS):
        feed.open(folder)
    assert loads == {"plugin.so": True, "liba.so": True}
    qtbot.waitUntil(lambda: feed._end_watch is not None, timeout=PATIENCE_MS)
    other = build_plugin(LIBRARY.format("other"), name="liba.so", flags=["-Wl,-soname,liba.so"])
    shutil.copy(other, folder / ".new")
    (folder / ".new").rename(folder / "liba.so")
    qtbot.waitUntil(lambda: loads == {"plugin.so": False, "liba.so": True}, timeout=PATIENCE_MS)
    (folder / "liba.so").unlink()
    qtbot.waitUntil(lambda: loads == {"plugin.so": False}, timeout=PATIENCE_MS)
    shutil.copy(build_plugin(LIBRARY.format("answer"), name="liba.so", flags=["-Wl,-soname,liba.so"]), folder)
    qtbot.waitUntil(lambda: loads == {"plugin.so": True, "liba.so": True}, timeout=PATIENCE_MS)


def test_scan_again_judges_by_libraries_that_are_not_watched(
    qtbot: QtBot, feed: PluginFeed, loads: dict[str, bool], tmp_path: Path, build_plugin: Build
):
    library = build_plugin(LIBRARY.format("answer"), name="liba.so", flags=["-Wl,-soname,liba.so"])
    plugin = build_plugin(PLUGIN, flags=[os.fspath(library), "-Wl,-rpath,$ORIGIN/own"])
    (tmp_path / "own").mkdir()
    shutil.copy(library, tmp_path / "own")
    shutil.copy(plugin, tmp_path)
    with qtbot.waitSignal(feed.finished, timeout=PATIENCE_MS):
        feed.open(tmp_path)
    assert loads == {"plugin.so": True}
    (tmp_path / "own" / "liba.so").unlink()
    with qtbot.waitSignal(feed.finished, timeout=PATIENCE_MS):
        feed.rescan()
    assert loads == {"plugin.so": False}
