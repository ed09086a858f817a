"""A new build takes the place of the one that runs, between two frames: none is lost, and none is of neither."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event, Thread

import pytest

from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import Ending, PluginState
from plugdeck.hosting.sandbox.confinement import Approval

SWAPS = 50
# What each build adds to every channel but alpha; a frame is of one of them, and of that one alone.
BUILDS = (3, 30)
ADD_TO_ALL = """
#include "plugdeck.h"
PD_PLUGIN("plus", "%(amount)s.0.0", "", "MIT", "Adds to three channels; its name is not %(name)s.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
int Transform(const pd_image *in, pd_image *out) {
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++)
      out->data[y * out->stride + x] = in->data[y * in->stride + x] + (x %% 4 == 3 ? 0 : %(amount)s);
  return 0;
}
"""
BROKEN = {
    "crashes": "abort();",
    "says no": 'if (host) host->fail(host, "the moon is new"); return 3;',
}
BROKEN_BUILD = """
#include "plugdeck.h"
#include <stdlib.h>
PD_PLUGIN("%(name)s", "2.0.0", "", "MIT", "Fails at every picture; %(amount)s is of no use.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
PD_INIT()
static const pd_host *host;
int Init(const pd_host *given) { host = given; return 0; }
int Transform(const pd_image *in, pd_image *out) { BODY }
"""
# Waits in the middle of a picture until the test lets it go on; not in the first one, by which it is tried out.
SLOW = """
#include "plugdeck.h"
#include <stdio.h>
#include <unistd.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Waits; %(amount)s is of no use.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
int Transform(const pd_image *in, pd_image *out) {
  puts("begun");
  while (access("GATE", F_OK)) usleep(1000);
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++) out->data[y * out->stride + x] = in->data[y * in->stride + x] + 1;
  return 0;
}
"""


@pytest.fixture
def place(adding, tmp_path):
    """A path with one plugin, and a function that puts another one there by rename, as builds do."""
    path = Path(shutil.copy(adding("plus", 3), tmp_path / "plus.so"))

    def put(built: Path) -> Path:
        shutil.copy(built, tmp_path / "new")
        return (tmp_path / "new").rename(path)

    return path, put


class Frames:
    """Runs a step over one picture without end, and keeps what came."""

    def __init__(self, deck, key: str) -> None:
        self.seen: list[tuple[int, ...]] = []
        self.lost: list[str] = []
        self._deck, self._key = deck, key
        self._stop = Event()
        self._threads = [Thread(target=self._run) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with self._deck.supervisor.frame(self._deck.plain(10)) as source:
            while not self._stop.is_set():
                try:
                    result = self._deck.chain.run_step(self._deck.step(self._key), source, scale=1.0)
                except PlugdeckError as error:
                    self.lost.append(str(error))
                    continue
                pixels = result.read().pixels
                self.seen.append(tuple(sorted({pixels[at : at + 4] for at in range(0, len(pixels), 4)})))
                result.release()


def test_fifty_swaps_while_frames_run_lose_none_and_mix_none(deck, adding, place):
    path, put = place
    builds = {amount: adding(f"plus-{amount}", amount, source=ADD_TO_ALL) for amount in BUILDS}
    put(builds[BUILDS[0]])
    key = deck.load(path).key
    frames = Frames(deck, key)
    try:
        for number in range(1, SWAPS + 1):
            before, old = len(frames.seen), deck.host(key)
            put(builds[BUILDS[number % 2]])
            deck.chain.replace(key, deck.manifest(path))
            deck.until(lambda: deck.host(key) is not old)  # noqa: B023 - used at once
            deck.until(lambda: len(frames.seen) > before + 2)  # noqa: B023 - used at once
    finally:
        frames.end()

    assert frames.lost == []
    assert set(frames.seen) == {(bytes((10 + add, 2 + add, 3 + add, 255)),) for add in BUILDS}
    assert deck.step(key).not_taken is None
    deck.settle()
    assert len(deck.chain._loader._hosts._used) == 1


def test_a_frame_under_way_is_finished_by_the_old_build(deck, adding, place, tmp_path):
    path, put = place
    gate = tmp_path / "gate"
    put(adding("plus", 0, source=SLOW.replace("GATE", str(gate))))
    key = deck.load(path).key
    old = deck.host(key)
    pictures = []

    def run() -> None:
        with deck.supervisor.frame(deck.plain(10)) as source:
            result = deck.chain.run_step(deck.step(key), source, scale=1.0)
            pictures.append(result.read().pixels[0])
            result.release()

    rendering = Thread(target=run)
    rendering.start()
    deck.until(lambda: "begun" in [line.text for line in old.log.lines()])
    put(adding("plus", 30))
    deck.chain.replace(key, deck.manifest(path))
    deck.until(lambda: deck.host(key) is not old)
    assert old.is_loaded
    gate.touch()
    rendering.join()

    assert pictures == [11]
    deck.until(lambda: old.state is PluginState.NOT_LOADED)
    run()
    assert pictures == [11, 40]


@pytest.mark.parametrize("how", BROKEN)
def test_a_new_build_that_makes_no_picture_is_not_taken(deck, adding, place, how):
    path, put = place
    key = deck.load(path).key
    old = deck.host(key)
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)
    put(adding("plus", 0, source=BROKEN_BUILD.replace("BODY", BROKEN[how])))

    deck.chain.replace(key, deck.manifest(path))
    deck.until(lambda: deck.step(key).not_taken)
    deck.settle()

    not_taken = deck.step(key).not_taken
    assert "the old code keeps running" in not_taken.sentence
    assert not_taken.outcome.ending is Ending.CRASHED if how == "crashes" else "the moon is new" in not_taken.sentence
    assert deck.host(key) is old
    assert deck.state(key) is PluginState.LOADED
    deck.preview.set_source(deck.plain(20))
    deck.until(lambda: deck.red() == 23)
    assert deck.step(key).not_taken == not_taken  # which a good frame does not take away


def test_other_bytes_than_were_allowed_are_not_taken(deck, place):
    path, _ = place
    key = deck.load(path).key

    deck.chain.replace(key, deck.manifest(path), Approval(sha256="0" * 64))

    deck.until(lambda: deck.step(key).not_taken)
    assert "not the ones that you allowed" in deck.step(key).not_taken.sentence


def test_a_quarantined_build_is_not_taken(deck, adding, place):
    path, put = place
    key = deck.load(path).key
    put(adding("plus", 30))
    other = deck.begin_load(Path(shutil.copy(path, path.with_name("other.so"))))
    deck.settle()
    deck.chain._loader.revival._quarantine.quarantine(deck.step(other).sha256, "plus", "It crashed.")

    deck.chain.replace(key, deck.manifest(path))

    deck.until(lambda: deck.step(key).not_taken)
    assert "quarantine" in deck.step(key).not_taken.sentence


def test_a_new_build_takes_the_place_of_one_that_crashed_and_has_its_own_chances(deck, adding, place):
    import os
    import signal

    path, put = place
    key = deck.load(path).key
    os.kill(deck.host(key).pid, signal.SIGSEGV)
    deck.until(lambda: deck.step(key).restarts_in_s is not None)
    put(adding("plus", 30))

    deck.chain.replace(key, deck.manifest(path))
    deck.until(lambda: deck.state(key) is PluginState.LOADED)

    assert deck.step(key).outcome is None
    assert deck.step(key).restarts_in_s is None
    deck.clock.advance(3600)
    deck.settle()
    assert deck.step(key).values["amount"] == 30


def test_a_deleted_file_changes_nothing_but_a_word(deck, place):
    path, _ = place
    key = deck.load(path).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)
    host, revision = deck.host(key), deck.chain.revision(key)
    path.unlink()

    deck.chain.mark_deleted(key)

    assert deck.step(key).is_deleted
    assert deck.state(key) is PluginState.LOADED
    assert (deck.host(key), deck.chain.revision(key)) == (host, revision)
    deck.chain.mark_stale(key, False)
    assert not deck.step(key).is_deleted
