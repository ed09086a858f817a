"""What becomes of plugins that end badly: started again after a while, quarantined, kept off; the others go on."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from plugdeck.catalogue.incoming import sha256_of
from plugdeck.chain.chain import Chain
from plugdeck.chain.quarantine import PassingQuarantine
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.outcome import Ending, PluginState
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Approval, Tier
from plugdeck.trust.records import TrustRecords

CRASHES_AT_ITS_START = """
#include "plugdeck.h"
#include <stdlib.h>
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Ends when it is opened; %(amount)s is of no use.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
int Transform(const pd_image *in, pd_image *out) { return 0; }
__attribute__((constructor)) static void enter(void) { abort(); }
"""


def crash(deck, key: str, number: int = signal.SIGSEGV) -> None:
    """Ends the plugin's process from outside, and waits until the chain knows."""
    os.kill(deck.host(key).pid, number)
    deck.until(lambda: deck.state(key) in {PluginState.CRASHED, PluginState.QUARANTINED})
    deck.until(lambda: deck.step(key).restarts_in_s is not None or deck.step(key).quarantine)


def wait_until_it_runs(deck, key: str) -> None:
    deck.until(lambda: deck.state(key) is PluginState.LOADED)
    deck.settle()


def crash_into_quarantine(deck, key: str) -> None:
    for wait_s in (0.5, 2.0):
        crash(deck, key)
        deck.clock.advance(wait_s)
        wait_until_it_runs(deck, key)
    crash(deck, key)
    deck.until(lambda: not deck.chain._loader.revival._unrecorded)


def test_a_plugin_that_crashed_is_started_again_after_a_while_and_what_happened_stays_told(deck, adding):
    key = deck.load(adding("plus", 3), values={"amount": 9}).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 19)

    crash(deck, key)

    assert deck.step(key).restarts_in_s == 0.5
    deck.clock.advance(0.4)
    assert deck.step(key).restarts_in_s == pytest.approx(0.1)
    deck.until(lambda: deck.red() == 10)
    deck.clock.advance(0.1)
    deck.until(lambda: deck.red() == 19)
    assert deck.state(key) is PluginState.LOADED
    assert deck.step(key).restarts_in_s is None
    assert deck.step(key).outcome.ending is Ending.CRASHED
    deck.chain.forget_outcome(key)
    assert deck.step(key).outcome is None


def test_the_second_time_it_waits_longer_and_the_third_time_it_is_quarantined(deck, adding):
    key = deck.load(adding("plus", 3)).key
    crash(deck, key)
    deck.clock.advance(0.5)
    wait_until_it_runs(deck, key)

    crash(deck, key)
    assert deck.step(key).restarts_in_s == 2.0
    deck.clock.advance(2.0)
    wait_until_it_runs(deck, key)

    crash(deck, key)
    assert deck.state(key) is PluginState.QUARANTINED
    assert "3 times within a minute" in deck.step(key).quarantine
    assert "SIGSEGV" in deck.step(key).quarantine
    deck.clock.advance(3600)
    deck.settle()
    assert deck.host(key).pid is None


def test_bad_ends_longer_ago_than_a_minute_count_no_more(deck, adding):
    key = deck.load(adding("plus", 3)).key
    for _ in range(5):
        crash(deck, key)
        assert deck.step(key).restarts_in_s == 0.5
        deck.clock.advance(0.5)
        wait_until_it_runs(deck, key)
        deck.clock.advance(60)


def test_the_others_run_on_while_one_crashes_again_and_again(deck, adding, children):
    plus, other = deck.load(adding("plus", 3, 1)).key, deck.load(adding("other", 5, 2)).key
    pid = deck.host(other).pid
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 18)

    crash_into_quarantine(deck, plus)

    deck.until(lambda: deck.rendered[-1].skipped == ("plus (quarantined)",))  # pictures of earlier crashes come first
    assert deck.red() == 15
    assert deck.state(other) is PluginState.LOADED
    assert children() == [pid]


def test_quarantine_is_by_content_wherever_the_file_lies_and_until_it_is_lifted(deck, adding, tmp_path):
    path = adding("plus", 3)
    key = deck.load(path).key
    crash_into_quarantine(deck, key)
    deck.settle()

    copy = deck.begin_load(shutil.copy(path, tmp_path / "copy.so"))
    deck.until(lambda: deck.state(copy) is PluginState.QUARANTINED)
    deck.chain.restart(copy)
    deck.settle()
    assert deck.state(copy) is PluginState.QUARANTINED
    assert deck.host(copy).pid is None

    deck.chain.lift_quarantine(copy)
    deck.until(lambda: deck.state(copy) is PluginState.LOADED)
    deck.until(lambda: not deck.step(key).quarantine)
    assert deck.state(key) is PluginState.CRASHED


def test_a_lifted_plugin_has_all_its_chances_again(deck, adding):
    key = deck.load(adding("plus", 3)).key
    crash_into_quarantine(deck, key)
    deck.chain.lift_quarantine(key)
    wait_until_it_runs(deck, key)
    assert deck.step(key).outcome is None

    crash(deck, key)

    assert deck.step(key).restarts_in_s == 0.5


def test_the_records_of_a_later_session_keep_it_from_running(deck, adding, clock):
    records = PassingQuarantine()
    path = adding("plus", 3)
    for _ in range(2):
        chain, deck.chain = deck.chain, Chain(Hosts(deck.supervisor), records, clock)
        chain.close()
        key = deck.begin_load(path)
        deck.settle()
        if not deck.step(key).quarantine:
            crash_into_quarantine(deck, key)
            deck.settle()
    assert deck.state(key) is PluginState.QUARANTINED
    assert deck.host(key).pid is None
    records.lift(deck.step(key).sha256)
    assert deck.state(key) is PluginState.NOT_LOADED


def test_a_plugin_that_crashes_while_it_is_opened_is_quarantined_too(deck, adding):
    key = deck.begin_load(adding("dies", 0, source=CRASHES_AT_ITS_START))
    for wait_s in (0.5, 2.0):
        deck.until(lambda: deck.step(key).restarts_in_s is not None)
        deck.settle()
        deck.clock.advance(wait_s)
    deck.until(lambda: deck.state(key) is PluginState.QUARANTINED)


def test_a_plugin_that_is_refused_is_not_tried_again(deck, adding, tmp_path):
    path = tmp_path / "plus.so"
    shutil.copy(adding("plus", 3), path)
    manifest = deck.manifest(path)
    path.unlink()
    key = deck.chain.load(path, manifest)
    deck.until(lambda: deck.step(key).outcome)
    assert deck.step(key).outcome.ending is Ending.REFUSED
    assert deck.step(key).restarts_in_s is None


def test_kept_off_it_is_not_started_again_until_the_user_says_so(deck, adding):
    key = deck.load(adding("plus", 3)).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)
    crash(deck, key)

    deck.chain.keep_off(key)
    deck.clock.advance(3600)
    deck.settle()

    assert deck.step(key).is_kept_off
    assert deck.step(key).restarts_in_s is None
    assert deck.host(key).pid is None
    deck.until(lambda: deck.rendered[-1].skipped == ("plus (kept off)",))
    deck.chain.restart(key)
    deck.until(lambda: deck.red() == 13)
    assert not deck.step(key).is_kept_off


def test_what_runs_or_is_being_started_can_be_kept_off(deck, adding, gate, children):
    running = deck.load(adding("plus", 3)).key
    loading = deck.begin_load(adding("slow", 3, source=gate.source))
    deck.until(lambda: deck.state(loading) is PluginState.LOADING and deck.host(loading).pid)

    for key in (running, loading):
        deck.chain.keep_off(key)

    deck.until(lambda: children() == [])
    deck.settle()
    assert [step.outcome for step in deck.chain.steps()] == [None, None]


def test_a_step_can_be_taken_into_the_chain_kept_off(deck, adding, children):
    key = deck.begin_load(adding("plus", 3), priority=7, values={"amount": 9}, keep_off=True)
    deck.settle()
    assert deck.state(key) is PluginState.NOT_LOADED
    assert children() == []
    assert (deck.step(key).priority, deck.step(key).values["amount"]) == (7, 9)

    deck.chain.restart(key)
    deck.until(lambda: deck.state(key) is PluginState.LOADED)
    deck.until(lambda: deck.host(key).read("amount") == 9)


def test_starting_it_by_hand_does_not_wait_and_takes_back_the_start_that_was_to_come(deck, adding, children):
    key = deck.load(adding("plus", 3)).key
    crash(deck, key)
    deck.chain.restart(key)
    wait_until_it_runs(deck, key)
    pid = deck.host(key).pid

    deck.clock.advance(3600)
    deck.settle()

    assert deck.host(key).pid == pid
    assert deck.step(key).outcome is None


def test_a_step_taken_out_or_a_closed_chain_starts_nothing_again(deck, adding, children):
    plus, other = deck.load(adding("plus", 3, 1)).key, deck.load(adding("other", 5, 2)).key
    for key in (plus, other):
        crash(deck, key)
    deck.chain.remove(plus)
    deck.close()

    deck.clock.advance(3600)

    assert children() == []


def test_a_plugin_that_hangs_is_ended_and_started_again(deck, adding):
    hanging = CRASHES_AT_ITS_START.replace("return 0;", "for (;;) pause();").replace("abort();", "")
    key = deck.load(adding("hangs", 0, source=hanging.replace("stdlib", "unistd"))).key
    deck.supervisor._deadlines = deck.host(key)._deadlines
    object.__setattr__(deck.host(key), "_deadlines", type(deck.supervisor._deadlines)(call_s=0.2))
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.step(key).restarts_in_s is not None)
    assert deck.state(key) is PluginState.TIMED_OUT


@pytest.fixture
def records(deck, clock, tmp_path) -> TrustRecords:
    """The records that the deck's chain asks."""
    records = TrustRecords(tmp_path / "decisions.jsonl")
    deck.chain.close()
    deck.chain = Chain(Hosts(deck.supervisor), records, clock)
    return records


def allow(records: TrustRecords, path: Path) -> Approval:
    sha256 = sha256_of(path)
    records.allow(sha256, name="plus", path=path, permissions=NO_PERMISSIONS, lowest_tier=Tier.LIMITED)
    approval = records.approval(sha256)
    assert approval
    return approval


@pytest.mark.parametrize("is_kept_off", [False, True])
def test_what_the_user_took_his_yes_back_from_is_not_started_again_by_hand(deck, adding, records, is_kept_off):
    path = adding("plus", 3)
    approval = allow(records, path)
    key = deck.begin_load(path, approval=approval, keep_off=is_kept_off)
    deck.settle()
    records.withdraw(approval.sha256)
    assert (deck.state(key) is PluginState.LOADED) is not is_kept_off

    deck.chain.restart(key)
    deck.settle()

    step = deck.step(key)
    assert (step.state, step.standing, deck.host(key).pid) == (PluginState.NOT_LOADED, "not loaded", None)
    assert "yes to these bytes does not hold" in step.outcome.sentence and "load it again" in step.outcome.sentence
    allow(records, path)
    deck.chain.restart(key)
    wait_until_it_runs(deck, key)
    assert deck.step(key).outcome is None


def test_what_the_user_took_his_yes_back_from_is_not_started_again_by_itself(deck, adding, records):
    approval = allow(records, path := adding("plus", 3))
    key = deck.load(path, approval=approval).key
    records.withdraw(approval.sha256)
    crash(deck, key)
    deck.clock.advance(0.5)
    deck.settle()

    assert (deck.state(key), deck.host(key).pid) == (PluginState.NOT_LOADED, None)
    assert "yes to these bytes does not hold" in deck.step(key).outcome.sentence


def test_what_the_user_took_his_yes_back_from_moves_to_no_other_process(deck, adding, records):
    approval = allow(records, path := adding("plus", 3))
    key = deck.load(path, approval=approval).key
    pid = deck.host(key).pid
    records.withdraw(approval.sha256)
    deck.chain.rehost(key, HostingMode.TOGETHER)
    deck.settle()

    assert (deck.state(key), deck.host(key).pid) == (PluginState.LOADED, pid)
    assert "yes to these bytes does not hold" in deck.step(key).not_taken.sentence


def test_what_needs_no_yes_is_started_again_without_one(deck, adding, records):
    """As Plugdeck's own samples, which the records may know from a quarantine that was lifted."""
    path = adding("plus", 3)
    key = deck.load(path, approval=Approval(sha256=sha256_of(path))).key
    crash_into_quarantine(deck, key)
    deck.chain.lift_quarantine(key)
    wait_until_it_runs(deck, key)
