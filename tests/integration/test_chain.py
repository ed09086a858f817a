"""The chain and its preview over real workers."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from plugdeck.catalogue.examine import examine
from plugdeck.chain.batch import export_chain
from plugdeck.hosting.outcome import Ending, PluginState


def test_steps_run_in_priority_order_and_equal_priorities_by_name(deck, adding):
    for name, priority in (("zebra", 5), ("apple", 5), ("first", 1)):
        deck.load(adding(name, 1, priority))
    deck.until(lambda: [step.name for step in deck.chain.steps()] == ["first", "apple", "zebra"])


def test_changing_a_priority_changes_the_picture_and_the_plugins_own_variable(deck, adding, multiplying):
    plus = deck.load(adding("plus", 3, 1))
    times = deck.load(multiplying("times", 2, 2))
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 26)

    deck.chain.set_priority(times.key, -7)

    deck.until(lambda: deck.red() == 23)
    deck.until(lambda: deck.host(times.key).read("Priority") == -7)
    assert deck.step(plus.key).priority == 1


def test_moving_a_row_changes_the_order(deck, adding, multiplying):
    deck.load(adding("plus", 3, 1))
    times = deck.load(multiplying("times", 2, 2))
    deck.preview.set_source(deck.plain(10))

    deck.chain.move(times.key, 0)

    deck.until(lambda: deck.red() == 23)


def test_a_parameter_set_from_outside_shows_in_the_picture(deck, adding):
    plus = deck.load(adding("plus", 3))
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)

    deck.chain.set_value(plus.key, "amount", 100)

    deck.until(lambda: deck.red() == 110)


def test_a_step_switched_off_is_left_out_and_stays_loaded(deck, adding):
    plus = deck.load(adding("plus", 3))
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)

    deck.chain.set_enabled(plus.key, False)

    deck.until(lambda: deck.red() == 10)
    assert deck.state(plus.key) is PluginState.LOADED


def test_a_large_picture_is_shown_reduced_first_and_then_whole(deck, adding):
    deck.load(adding("plus", 3))
    deck.preview.set_view_limit(100, 100)
    deck.rendered.clear()

    deck.preview.set_source(deck.plain(10, 400, 300))

    deck.until(lambda: deck.red() == 13)
    first, *_, last = [rendered for rendered in deck.rendered if rendered.source.layout.width == 400]
    assert (first.scale, first.image.layout.width, first.image.layout.height) == (0.25, 100, 75)
    assert (last.scale, last.image.layout.width) == (1.0, 400)


def test_the_latest_of_many_requests_wins_and_nothing_queues_up(deck, adding):
    plus = deck.load(adding("plus", 3))
    deck.preview.set_source(deck.plain(0, 1000, 800))
    deck.until(lambda: deck.red() == 3)
    deck.rendered.clear()

    for amount in range(200):
        deck.chain.set_value(plus.key, "amount", amount)
        deck.preview.request(interactive=True)
    deck.preview.request()

    deck.until(lambda: deck.red() == 199)
    generations = [rendered.generation for rendered in deck.rendered]
    assert generations == sorted(generations)


def test_only_the_changed_step_and_those_after_it_run_again(deck, adding, counting):
    counts = adding("counts", 1, 1, counting)
    first = deck.load(counts)
    second = deck.load(adding("plus", 3, 2))
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 14)
    host = deck.host(first.key)
    before = host.read("runs")

    deck.chain.set_value(second.key, "amount", 50)

    deck.until(lambda: deck.red() == 61)
    assert host.read("runs") == before


def test_a_step_that_crashes_is_left_out_named_and_can_be_started_again(deck, adding):
    plus = deck.load(adding("plus", 3, 1))
    other = deck.load(adding("other", 5, 2))
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 18)

    os.kill(deck.host(plus.key).pid, signal.SIGSEGV)

    deck.until(lambda: deck.red() == 15)
    crashed = deck.step(plus.key)
    assert crashed.state is PluginState.CRASHED
    assert crashed.outcome.ending is Ending.CRASHED
    assert "SIGSEGV" in crashed.outcome.sentence
    assert deck.state(other.key) is PluginState.LOADED
    assert any("plus" in phrase for phrase in deck.rendered[-1].skipped)

    deck.chain.restart(plus.key)

    deck.until(lambda: deck.red() == 18)
    assert deck.state(plus.key) is PluginState.LOADED


def test_settings_survive_a_restart(deck, adding):
    plus = deck.load(adding("plus", 3), priority=77, values={"amount": 9})
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 19)
    first = deck.host(plus.key).pid

    deck.chain.restart(plus.key)
    deck.settle()

    assert deck.state(plus.key) is PluginState.LOADED
    assert deck.host(plus.key).pid != first
    assert (deck.host(plus.key).read("amount"), deck.host(plus.key).read("Priority")) == (9, 77)


def test_an_error_of_the_plugin_is_shown_and_the_plugin_stays_loaded(deck, build_plugin):
    path = build_plugin(
        """
        #include "plugdeck.h"
        PD_PLUGIN("refuses", "1.0.0", "", "MIT", "")
        PD_IMAGE_TRANSFORM(1, "pointwise")
        PD_INIT()
        static const pd_host *table;
        int Init(const pd_host *host) { table = host; return 0; }
        int Transform(const pd_image *in, pd_image *out) {
          (void)in; out->data[0] = 99;
          table->fail(table, "the moon is not full");
          return 4;
        }
        """,
        name="refuses.so",
    )
    step = deck.load(path)

    deck.preview.set_source(deck.plain(10))

    deck.until(lambda: deck.red() == 10)
    deck.until(lambda: "the moon is not full" in deck.step(step.key).error)
    assert deck.state(step.key) is PluginState.LOADED


def test_a_new_file_at_the_same_path_is_swapped_in_only_when_asked_for(deck, adding, tmp_path):
    path = Path(shutil.copy(adding("plus", 3), tmp_path / "plus.so"))
    step = deck.load(path)
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)
    other = tmp_path / "new"
    shutil.copy(adding("plus", 30), other)
    other.rename(path)

    deck.chain.mark_stale(step.key, True)
    assert deck.state(step.key) is PluginState.STALE
    deck.preview.request()
    assert deck.red() == 13

    deck.chain.replace(step.key, examine(path).manifest)
    deck.until(lambda: deck.red() == 40)
    assert deck.state(step.key) is PluginState.LOADED


def test_a_new_file_that_does_not_load_leaves_the_old_code_running(deck, adding, tmp_path):
    path = Path(shutil.copy(adding("plus", 3), tmp_path / "plus.so"))
    step = deck.load(path)
    manifest = examine(path).manifest
    other = tmp_path / "new"
    other.write_bytes(b"\x7fELF not really")
    other.rename(path)

    deck.chain.replace(step.key, manifest)

    deck.until(lambda: deck.step(step.key).not_taken)
    assert "old code keeps running" in deck.step(step.key).not_taken.sentence
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 13)


def test_the_export_is_the_picture_at_full_size(deck, adding):
    deck.load(adding("plus", 3))
    image, skipped = export_chain(deck.plain(10, 300, 200), deck.chain, deck.supervisor)

    assert image.pixels[:4] == bytes((13, 2, 3, 255))
    assert (image.layout.width, skipped) == (300, ())


def test_closing_ends_every_worker(deck, adding):
    step = deck.load(adding("plus", 3))
    pid = deck.host(step.key).pid

    deck.close()

    assert not Path(f"/proc/{pid}").exists()
