"""Chains whose plugins share a process, or run inside this one, and what that changes when one of them ends."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plugdeck.catalogue.incoming import sha256_of
from plugdeck.chain.admission import for_mode
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import Ending, PluginState
from plugdeck.hosting.sandbox.confinement import Approval, Tier

# Another Plugdeck, which crashes with the plugin inside.
CRASHES_INSIDE = """
import os, pathlib, signal
from plugdeck.hosting.in_app_journal import InAppJournal
InAppJournal(pathlib.Path({folder!r})).begin({sha256!r}, "plus", "Transform")
os.kill(os.getpid(), signal.SIGKILL)
"""
CRASHES_AT_255 = """
#include "plugdeck.h"
#include <stdlib.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Adds, unless the first channel is full.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
PD_INTEGER(amount, "Amount", 0, 255, %(amount)s, "")
int Transform(const pd_image *in, pd_image *out) {
  if (in->data[0] == 255) abort();
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++)
      out->data[y * out->stride + x] = in->data[y * in->stride + x] + (x %% 4 ? 0 : amount);
  return 0;
}
"""


WAITS_AT_LOAD = """
#include "plugdeck.h"
#include <unistd.h>
#include <fcntl.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Waits while it is loaded.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
int Transform(const pd_image *in, pd_image *out) { return %(amount)s; }
__attribute__((constructor)) static void enter(void) {
  close(open("BEGUN", O_CREAT | O_WRONLY, 0600));
  while (access("GATE", F_OK)) usleep(1000);
}
"""


@pytest.fixture
def together(deck):
    """A chain whose plugins share a process."""
    deck.chain._loader._hosts.factory.mode = HostingMode.TOGETHER
    return deck


def test_plugins_that_share_a_process_make_the_same_picture(together, adding, children):
    for name, priority in (("plus", 1), ("other", 2)):
        together.load(adding(name, 3, priority))
    together.preview.set_source(together.plain(10))
    together.until(lambda: together.red() == 16)
    assert len(children()) == 1


def test_nobody_waits_for_a_plugin_that_is_being_loaded_into_the_shared_process(together, adding, tmp_path):
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    source = WAITS_AT_LOAD.replace("BEGUN", str(begun)).replace("GATE", str(gate))
    slow = together.begin_load(adding("slow", 0, source=source))
    together.until(begun.exists)

    other = together.begin_load(adding("plus", 3))  # on the window's own thread
    assert together.state(slow) is PluginState.LOADING

    gate.touch()
    together.until(lambda: all(together.state(key) is PluginState.LOADED for key in (slow, other)))


def test_the_one_that_crashed_is_named_and_the_others_come_back_with_their_values(together, adding):
    plus = together.load(adding("plus", 3, 1), values={"amount": 20}).key
    bad = together.load(adding("bad", 1, 2, source=CRASHES_AT_255)).key
    together.preview.set_source(together.plain(10))
    together.until(lambda: together.red() == 31)

    together.chain.set_value(plus, "amount", 245)  # 255 for the one after it

    together.until(lambda: together.step(bad).restarts_in_s is not None)
    together.until(lambda: together.red() == 255)
    assert together.step(bad).outcome.ending is Ending.CRASHED
    assert together.step(plus).outcome is None
    assert together.step(plus).restarts_in_s is None
    together.until(lambda: together.host(plus).read("amount") == 245)

    together.chain.set_value(plus, "amount", 30)
    together.clock.advance(0.5)
    together.until(lambda: together.red() == 41)
    assert together.host(bad).pid != together.host(plus).pid


def test_a_step_moves_to_another_mode_without_losing_its_settings(deck, adding, children):
    key = deck.load(adding("plus", 3), values={"amount": 9}).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 19)
    for number in (1, 2):
        deck.load(adding(f"other-{number}", 0, 50))
    assert len(children()) == 3

    deck.chain._loader._hosts.factory.mode = HostingMode.TOGETHER
    for step in deck.chain.steps():
        deck.chain.rehost(step.key, None)

    deck.until(lambda: len(children()) == 1)
    deck.until(lambda: deck.host(key).read("amount") == 9)
    deck.until(lambda: deck.red() == 19)


def test_a_new_build_gets_a_process_of_its_own_where_the_others_share_one(together, adding, children):
    keys = [together.load(adding(name, 3, 1)).key for name in ("plus", "other")]
    together.chain.replace(keys[0], together.manifest(adding("plus", 3, 1)))
    together.until(lambda: together.host(keys[0]).pid not in {None, together.host(keys[1]).pid})
    together.until(lambda: all(together.state(key) is PluginState.LOADED for key in keys))
    assert together.step(keys[0]).mode is None


def test_inside_this_process_there_is_no_other_and_back_again(deck, adding, children):
    key = deck.load(adding("plus", 3)).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)

    deck.chain.rehost(key, HostingMode.IN_APP)
    deck.until(lambda: deck.step(key).mode is HostingMode.IN_APP)
    deck.until(lambda: children() == [])
    deck.chain.set_value(key, "amount", 7)
    deck.until(lambda: deck.red() == 17)
    assert "your own rights" in deck.step(key).confinement

    deck.chain.rehost(key, None)
    deck.until(lambda: deck.step(key).mode is None)
    deck.until(lambda: deck.host(key).pid is not None)
    deck.chain.set_value(key, "amount", 8)
    deck.until(lambda: deck.red() == 18)


def test_a_plugin_that_plugdeck_crashed_with_inside_is_not_taken_in(deck, adding):
    key = deck.load(adding("plus", 3)).key
    journal = deck.chain._loader._hosts.factory.journal
    code = CRASHES_INSIDE.format(folder=str(journal.folder), sha256=deck.step(key).sha256)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL

    deck.chain.rehost(key, HostingMode.IN_APP)
    deck.until(lambda: deck.step(key).not_taken)

    assert "inside Plugdeck itself" in deck.step(key).not_taken.sentence
    assert deck.state(key) is PluginState.LOADED


def test_a_new_build_is_not_inside_this_process_unless_it_is_let_in_too(deck, adding, children, tmp_path):
    path = Path(shutil.copy(adding("plus", 3), tmp_path / "plus.so"))
    key = deck.load(path).key
    deck.chain.rehost(key, HostingMode.IN_APP)
    deck.until(lambda: deck.step(key).mode is HostingMode.IN_APP)

    new = Path(shutil.copy(adding("plus", 5), tmp_path / "new")).rename(path)
    confined = Approval(sha256=sha256_of(new), lowest_tier=Tier.LIMITED)
    deck.chain.replace(key, deck.manifest(new), confined)
    deck.until(lambda: deck.step(key).mode is None)
    assert deck.step(key).not_taken is None
    assert deck.host(key).pid is not None

    deck.chain.replace(key, deck.manifest(new), for_mode(confined, HostingMode.IN_APP), HostingMode.IN_APP)
    deck.until(lambda: deck.step(key).mode is HostingMode.IN_APP)
    deck.until(lambda: children() == [])
