"""What must not end the preview, hold it up, or leave a wrong picture behind."""

from __future__ import annotations

import gc
import os
import signal
import threading

import pytest

from plugdeck.chain.batch import export_chain
from plugdeck.chain.preview import Preview
from plugdeck.errors import PictureError
from plugdeck.hosting.outcome import PluginState

HANGING = """
#include "plugdeck.h"
#include <unistd.h>
PD_PLUGIN("hanging", "1.0.0", "", "MIT", "")
PD_IMAGE_TRANSFORM(1, "pointwise")
PD_INIT()
static const pd_host *host;
int Init(const pd_host *given) { host = given; return 0; }
int Transform(const pd_image *in, pd_image *out) {
  (void)in, (void)out;
  host->log(host, PD_LOG_INFO, "begun");
  for (;;) pause();
}
"""


@pytest.fixture
def frames_open(descriptors):
    """``frames_open()``: how many pictures in shared memory this process holds."""

    def count() -> int:
        return sum("plugdeck-frame" in link for link in descriptors())

    gc.collect()  # what a test before this one has left
    before = count()
    return lambda: count() - before


def test_without_a_running_step_the_picture_is_the_source_itself_and_takes_no_memory(deck, frames_open):
    source = deck.plain(10)

    deck.preview.set_source(source)

    deck.until(lambda: deck.red() == 10)
    assert deck.rendered[-1].image is source
    assert frames_open() == 0


def test_closing_does_not_wait_for_a_transform_that_hangs(deck, build_plugin):
    key = deck.load(build_plugin(HANGING, name="hanging.so")).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: any(line.text == "begun" for line in deck.chain.log(key).lines()))

    deck.close()  # or it would wait for ever, since the deadlines are patient

    assert deck.rendered == deck.failed == []


def test_a_listener_that_fails_is_reported_and_the_next_picture_comes(deck, adding, monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    rendered = []

    def fail_first(picture):
        rendered.append(picture)
        if len(rendered) == 1:
            raise ValueError("the view is confused")

    preview = Preview(deck.chain, deck.supervisor, lambda image, width, height: image, fail_first)
    preview.set_source(deck.plain(1))
    deck.until(lambda: reported)
    preview.set_source(deck.plain(2))
    deck.until(lambda: len(rendered) == 2)
    preview.close()

    assert rendered[1].image.pixels[0] == 2
    assert isinstance(reported[0].exc_value, ValueError)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PictureError("It is too odd.", remedy="Straighten it."), "It is too odd. Straighten it."),
        (MemoryError(), "not enough memory"),
        (OSError(12, "Cannot allocate memory"), "Cannot allocate memory"),
    ],
)
def test_a_picture_that_cannot_be_rendered_is_told_and_the_next_one_comes(deck, error, words):
    failed, rendered = [], []

    def resize(image, width, height):
        raise error

    preview = Preview(deck.chain, deck.supervisor, resize, rendered.append, failed.append)
    preview.set_view_limit(64, 64)
    preview.set_source(deck.plain(1, 200, 100))
    deck.until(lambda: failed)
    preview.set_source(deck.plain(2, 50, 50))
    deck.until(lambda: rendered)
    preview.close()

    assert words in failed[0]
    assert rendered[-1].image.pixels[0] == 2


def test_a_plugin_killed_again_and_again_while_values_are_set_ends_in_the_right_picture(deck, adding):
    key = deck.load(adding("plus", 3)).key
    deck.preview.set_source(deck.plain(10))
    for amount in range(1, 6):
        os.kill(deck.host(key).pid, signal.SIGKILL)
        for value in range(20):
            deck.chain.set_value(key, "amount", value)
        deck.chain.set_value(key, "amount", 100 + amount)
        deck.until(lambda: deck.state(key) is PluginState.CRASHED)
        deck.chain.restart(key)
        deck.until(lambda: deck.state(key) is PluginState.LOADED)
        deck.clock.advance(60)

    deck.until(lambda: deck.red() == 115)
    assert deck.rendered[-1].skipped == ()


def test_an_export_while_the_preview_runs_gives_the_picture_as_it_was_asked_for(deck, adding):
    key = deck.load(adding("plus", 3)).key
    deck.preview.set_source(deck.plain(10, 800, 600))
    stop = threading.Event()

    def hammer():
        while not stop.wait(0.001):
            deck.preview.request(interactive=True)

    hammering = threading.Thread(target=hammer)
    hammering.start()
    try:
        pictures = [export_chain(deck.plain(20, 500, 400), deck.chain, deck.supervisor)[0] for _ in range(20)]
    finally:
        stop.set()
        hammering.join()

    assert {bytes(picture.pixels) for picture in pictures} == {bytes(deck.plain(23, 500, 400).pixels)}
    deck.chain.set_value(key, "amount", 50)
    deck.until(lambda: deck.red() == 60)


def test_frames_are_given_back_when_pictures_change_and_when_the_preview_ends(deck, adding, frames_open):
    deck.load(adding("plus", 3, 1))
    deck.load(adding("more", 4, 2))
    held = []
    for width in range(100, 120):
        deck.preview.set_source(deck.plain(width, width, 50))
        deck.until(lambda width=width: deck.red() == width + 7)
        held.append(frames_open())

    assert max(held[5:]) <= max(held[:5])
    deck.close()
    deck.supervisor.close()
    assert frames_open() == 0


def test_a_picture_of_another_size_is_never_mixed_with_results_of_the_one_before(deck, adding):
    deck.load(adding("plus", 3))
    for index in range(30):
        deck.preview.set_source(deck.plain(index, 40 + index % 3, 30))
        deck.preview.set_view_limit(64 + index, 64)
    deck.until(lambda: deck.red() == 32)

    for rendered in deck.rendered:
        layout = rendered.image.layout
        assert layout == rendered.source.layout
        assert (rendered.image.pixels[0] - 3) % 3 == (layout.width - 40) % 3


def test_requests_from_many_threads_end_in_the_latest_picture(deck, adding):
    key = deck.load(adding("plus", 3)).key
    deck.preview.set_source(deck.plain(0, 300, 200))

    def drag(base):
        for value in range(50):
            deck.chain.set_value(key, "amount", base + value)
            deck.preview.request(interactive=value % 2 == 0)

    threads = [threading.Thread(target=drag, args=(base,)) for base in (0, 60, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deck.chain.set_value(key, "amount", 250)

    deck.until(lambda: deck.red() == 250)
    deck.until(lambda: deck.host(key).read("amount") == 250)


def test_a_step_that_fails_is_named_and_left_out_until_it_works_again(deck, native, number_of):
    key = deck.load(native("misbehave")).key
    deck.preview.set_source(deck.plain(10))
    deck.until(lambda: deck.red() == 10)

    deck.chain.set_value(key, "behaviour", number_of("fail"))
    deck.until(lambda: deck.rendered[-1].skipped)
    assert "moon" in deck.rendered[-1].skipped[0]
    assert deck.state(key) is PluginState.LOADED

    deck.chain.set_value(key, "behaviour", 0)
    deck.until(lambda: deck.rendered[-1].skipped == ())
    deck.until(lambda: deck.step(key).error == "")
