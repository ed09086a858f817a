"""A Go plugin in a chain: priority, panic, restart, and a new build that takes its place between two frames."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.outcome import PluginState

GO = Path(sys.executable).parent / "go"
BUILD = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "CGO_ENABLED": "1"}
SOURCE = """
package main

import (
	"image"
	"os"
)

var Priority = 7

func Transform(to, from *image.NRGBA) {
	if from.Pix[0] == 99 {
		panic("ninety-nine")
	}
	if from.Pix[0] == 98 {
		os.Exit(5)
	}
	for i, value := range from.Pix {
		to.Pix[i] = value
		if i&3 == 0 {
			to.Pix[i] += %d
		}
	}
	%s
}

func main() {}
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``build(amount)``: a plugin that adds to red."""

    def build(amount: int, then: str = "") -> Path:
        folder = tmp_path_factory.mktemp("tint")
        (folder / "go.mod").write_text("module example.org/tint\n\ngo 1.21\n")
        (folder / "tint.go").write_text(SOURCE % (amount, then))
        command = [str(GO), "build", "-trimpath", "-buildmode=plugin", "-ldflags=-s -w", "-o", "tint.so", "."]
        subprocess.run(command, cwd=folder, env={**os.environ, **BUILD}, check=True)
        return folder / "tint.so"

    return build


@pytest.fixture
def loaded(deck, build, tmp_path, own_folders, tmp_path_factory, monkeypatch):
    """The key of a Go plugin that adds 3, in a chain with a picture, and its file."""
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path_factory.getbasetemp() / "go-chain-runners"))
    path = Path(shutil.copy(build(3), tmp_path / "tint.so"))
    key = deck.load(path).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)
    return key, path


def test_it_is_a_step_as_any_other(deck, loaded) -> None:
    key, _ = loaded
    assert deck.step(key).priority == 7
    deck.chain.set_priority(key, 70)
    deck.until(lambda: deck.host(key).read("Priority") == 70)


def test_a_panic_fails_one_picture_and_the_plugin_stays(deck, loaded) -> None:
    key, _ = loaded
    pid = deck.host(key).pid
    deck.preview.set_source(deck.plain(99))
    deck.until(lambda: "panic: ninety-nine" in deck.step(key).error)
    deck.preview.set_source(deck.plain(20))
    deck.until(lambda: deck.red() == 23)
    assert (deck.host(key).pid, deck.step(key).state) == (pid, PluginState.LOADED)


def test_one_that_exits_comes_back_by_itself(deck, loaded, clock) -> None:
    key, _ = loaded
    deck.preview.set_source(deck.plain(98))
    deck.until(lambda: deck.state(key) is PluginState.CRASHED)
    outcome = deck.step(key).outcome
    assert outcome
    assert outcome.exit_code == 5
    deck.preview.set_source(deck.plain(30))
    clock.advance(10)
    deck.until(lambda: deck.red() == 33)


def test_a_new_build_takes_its_place_and_one_that_fails_does_not(deck, loaded, build) -> None:
    key, path = loaded
    shutil.copy(build(40), path.with_name("new"))
    path.with_name("new").rename(path)
    deck.chain.mark_stale(key, True)
    manifest = examine(path).manifest
    assert manifest
    deck.chain.replace(key, manifest)
    deck.until(lambda: deck.red() == 50)
    assert not deck.step(key).stale

    shutil.copy(build(50, then='panic("half done")'), path.with_name("new"))
    path.with_name("new").rename(path)
    deck.chain.replace(key, manifest)
    deck.settle()
    assert "half done" in deck.step(key).not_taken.sentence
    deck.preview.set_source(deck.plain(20))
    deck.until(lambda: deck.red() == 60)
