"""Hosts of the chain while they are started, restarted, replaced and closed."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from plugdeck.hosting.outcome import PluginState

HANGING = """
#include "plugdeck.h"
#include <stdio.h>
#include <unistd.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Hangs; %(amount)s is of no use.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
"""
HANGING_IN_ITS_CALL = f"""{HANGING}
int Transform(const pd_image *in, pd_image *out) {{ puts("begun"); for (;;) pause(); }}
"""
HANGING_AT_ITS_END = f"""{HANGING}
int Transform(const pd_image *in, pd_image *out) {{ return 0; }}
__attribute__((destructor)) static void leave(void) {{ puts("leaving"); for (;;) pause(); }}
"""


def said(deck, key: str) -> list[str]:
    return [line.text for line in deck.chain.log(key).lines()]


@pytest.fixture
def swapped(adding, tmp_path):
    """A path with one plugin, and a function that puts another one there by rename, as installs do."""
    path = Path(shutil.copy(adding("plus", 3), tmp_path / "plus.so"))

    def swap(built: Path) -> Path:
        shutil.copy(built, tmp_path / "new")
        return (tmp_path / "new").rename(path)

    return path, swap


def test_what_is_set_while_a_plugin_is_loading_reaches_it(deck, adding, gate):
    key = deck.begin_load(adding("slow", 3, source=gate.source))
    deck.until(lambda: deck.state(key) is PluginState.LOADING)

    deck.chain.set_value(key, "amount", 44)
    deck.chain.set_priority(key, -5)
    gate.open()

    deck.until(lambda: deck.state(key) is PluginState.LOADED)
    deck.until(lambda: (deck.host(key).read("amount"), deck.host(key).read("Priority")) == (44, -5))
    assert (deck.step(key).values["amount"], deck.step(key).priority) == (44, -5)


def test_what_is_set_while_a_new_file_is_swapped_in_reaches_the_new_code(deck, adding, gate, swapped, children):
    path, swap = swapped
    key = deck.load(path).key
    old = deck.host(key)
    swap(adding("plus", 30, source=gate.source))
    deck.chain.replace(key, deck.manifest(path))
    deck.until(lambda: len(children()) == 2)

    deck.chain.set_value(key, "amount", 77)
    deck.until(lambda: old.read("amount") == 77)
    gate.open()

    deck.until(lambda: deck.host(key) is not old)
    deck.until(lambda: deck.host(key).read("amount") == 77)
    assert deck.step(key).values["amount"] == 77


def test_restarting_a_plugin_that_hangs_while_loading_starts_a_new_process(deck, adding, gate):
    key = deck.begin_load(adding("slow", 3, source=gate.source))
    deck.until(lambda: deck.state(key) is PluginState.LOADING and deck.host(key).pid)
    first = deck.host(key).pid

    deck.chain.restart(key)
    deck.until(lambda: deck.host(key).pid not in {first, None})
    gate.open()

    deck.until(lambda: deck.state(key) is PluginState.LOADED)
    assert deck.step(key).error == ""


def test_restarting_many_times_at_once_ends_with_one_loaded_process(deck, adding, children):
    key = deck.load(adding("plus", 3)).key

    for _ in range(10):
        deck.chain.restart(key)

    deck.settle()
    assert deck.state(key) is PluginState.LOADED
    assert deck.step(key).error == ""
    assert children() == [deck.host(key).pid]


def test_closing_while_plugins_load_leaves_no_process_and_does_not_wait_for_them(deck, adding, gate, children):
    for name in ("one", "two", "three"):
        deck.begin_load(adding(name, 3, source=gate.source))

    deck.close()  # or it would wait for ever, since the deadlines are patient

    assert children() == []


def test_closing_while_a_new_file_is_being_swapped_in_ends_both_processes(deck, adding, gate, swapped, children):
    path, swap = swapped
    key = deck.load(path).key
    swap(adding("plus", 30, source=gate.source))
    deck.chain.replace(key, deck.manifest(path))
    deck.until(lambda: len(children()) == 2)

    deck.close()

    assert children() == []


def test_a_closed_chain_starts_nothing_and_tells_nobody(deck, adding, children):
    key = deck.load(adding("plus", 3)).key
    told = []
    deck.chain.on_change(lambda: told.append(1))

    deck.chain.close()
    deck.chain.restart(key)

    assert children() == []
    assert told == []


def test_what_was_set_on_a_killed_plugin_reaches_its_next_process(deck, adding):
    key = deck.load(adding("plus", 3)).key
    os.kill(deck.host(key).pid, signal.SIGKILL)

    deck.chain.set_value(key, "amount", 99)
    deck.until(lambda: deck.state(key) is PluginState.CRASHED)
    deck.chain.restart(key)

    deck.until(lambda: deck.state(key) is PluginState.LOADED)
    deck.until(lambda: deck.host(key).read("amount") == 99)


def test_stored_values_that_no_longer_fit_are_brought_into_range_or_left_out(deck, adding):
    step = deck.load(adding("plus", 3), priority=2**40, values={"amount": 9999, "gone": 1, "Priority": float("nan")})

    deck.until(lambda: deck.step(step.key).priority == 2**31 - 1)
    deck.until(lambda: deck.host(step.key).read("amount") == 255)
    assert deck.step(step.key).values == {"amount": 255}
    assert deck.step(step.key).error == ""


def test_a_value_out_of_range_or_of_no_parameter_does_no_harm(deck, adding):
    key = deck.load(adding("plus", 3)).key

    deck.chain.set_value(key, "amount", float("nan"))
    deck.chain.set_value(key, "gone", 7)
    deck.chain.set_value(key, "amount", -4)

    deck.until(lambda: deck.host(key).read("amount") == 0)
    assert deck.step(key).values == {"amount": 0}
    assert deck.step(key).error == ""


def test_a_restart_takes_the_file_as_it_is_now_and_is_stale_no_longer(deck, adding, gate, swapped):
    path, swap = swapped
    key = deck.load(path).key
    swap(adding("plus", 3, source=gate.source))
    gate.open()
    deck.chain.mark_stale(key, True)

    deck.chain.restart(key)

    deck.settle()
    assert deck.state(key) is PluginState.LOADED  # which it would not be called if it were stale


def test_a_restart_refuses_a_file_that_says_something_else_by_now_and_stays_stale(deck, adding, swapped):
    path, swap = swapped
    key = deck.load(path).key
    swap(adding("other", 5))
    deck.chain.mark_stale(key, True)

    deck.chain.restart(key)

    deck.until(lambda: deck.step(key).outcome)
    assert "changed since it was read" in deck.step(key).outcome.sentence
    assert deck.step(key).stale


def test_a_failed_swap_does_not_claim_that_crashed_code_keeps_running(deck, adding, swapped):
    path, _ = swapped
    key = deck.load(path).key
    manifest = deck.manifest(path)
    os.kill(deck.host(key).pid, signal.SIGKILL)
    deck.until(lambda: deck.state(key) is PluginState.CRASHED)
    path.write_bytes(b"\x7fELF not really")

    deck.chain.replace(key, manifest)

    deck.until(lambda: deck.step(key).not_taken)
    assert "keeps running" not in deck.step(key).not_taken.sentence


def test_several_plugins_that_hang_at_their_end_are_ended_side_by_side(deck, adding, children, patient):
    deck.supervisor._deadlines = replace(patient, stop_s=600)
    keys = [deck.load(adding(name, 0, source=HANGING_AT_ITS_END)).key for name in ("one", "two", "three", "four")]
    hosts = [deck.host(key).pid for key in keys]
    closing = Thread(target=deck.chain.close)

    closing.start()
    try:
        deck.until(lambda: all("leaving" in said(deck, key) for key in keys))
    finally:
        for pid in hosts:
            os.kill(pid, signal.SIGKILL)
        closing.join()

    assert children() == []


def test_a_step_taken_out_ends_its_process_and_leaves_the_picture(deck, adding, children):
    plus, other = deck.load(adding("plus", 3, 1)), deck.load(adding("other", 5, 2))
    host = deck.host(plus.key)
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 18)

    deck.chain.remove(plus.key)

    assert deck.chain.step(plus.key) is None
    deck.until(lambda: deck.red() == 15)
    deck.settle()
    assert children() == [deck.host(other.key).pid]
    assert host.state is PluginState.NOT_LOADED
    deck.until(lambda: deck.rendered[-1].skipped == ())  # one that was under way may have been without it
    assert host not in deck.chain._loader._hosts._used


def test_a_step_taken_out_can_be_loaded_again_with_fresh_state(deck, adding, children):
    path = adding("plus", 3)
    key = deck.load(path).key
    deck.preview.set_source(deck.plain(10))
    deck.chain.set_value(key, "amount", 90)
    deck.chain.set_priority(key, -4)
    deck.until(lambda: deck.red() == 100)
    first = deck.host(key).pid

    deck.chain.remove(key)
    deck.load(path)

    deck.until(lambda: deck.red() == 13)
    assert deck.host(key).pid != first
    assert (deck.step(key).values["amount"], deck.step(key).priority) == (3, 10)
    assert children() == [deck.host(key).pid]


def test_a_step_that_hangs_while_loading_can_be_taken_out(deck, adding, gate, children):
    key = deck.begin_load(adding("slow", 3, source=gate.source))
    deck.until(lambda: deck.state(key) is PluginState.LOADING and deck.host(key).pid)

    deck.chain.remove(key)

    deck.until(lambda: children() == [])


def test_a_step_taken_out_before_its_process_exists_leaves_none(deck, adding, gate, children):
    for _ in range(10):
        deck.chain.remove(deck.begin_load(adding("slow", 3, source=gate.source)))

    deck.settle()
    assert children() == []
    assert deck.chain._loader._hosts._used == []


def test_a_step_that_hangs_while_rendering_can_be_taken_out(deck, adding, children):
    other = deck.load(adding("other", 5, 1))
    key = deck.load(adding("hangs", 3, 2, source=HANGING_IN_ITS_CALL)).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: "begun" in said(deck, key))

    deck.chain.remove(key)

    deck.until(lambda: deck.red() == 15)
    deck.until(lambda: children() == [deck.host(other.key).pid])


def test_a_step_that_is_being_replaced_can_be_taken_out(deck, adding, gate, swapped, children):
    path, swap = swapped
    key = deck.load(path).key
    swap(adding("plus", 30, source=gate.source))
    deck.chain.replace(key, deck.manifest(path))
    deck.until(lambda: len(children()) == 2)

    deck.chain.remove(key)

    deck.until(lambda: children() == [])
    assert deck.chain.steps() == ()


def test_taking_out_twice_an_unknown_step_or_after_the_end_is_harmless(deck, adding, children):
    keys = [deck.load(adding(name, 3)).key for name in ("one", "two")]
    deck.chain.remove(keys[0])
    deck.chain.remove(keys[0])
    deck.chain.remove("no such step")
    deck.close()

    deck.chain.remove(keys[1])

    assert deck.chain.steps() == ()
    assert children() == []
