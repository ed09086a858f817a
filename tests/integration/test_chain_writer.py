"""Values on their way to plugins, when something goes wrong that nobody foresaw."""

from __future__ import annotations

import threading

from plugdeck.hosting.hosted_plugin import HostedPlugin


def test_what_nobody_foresaw_is_told_and_later_values_still_reach_the_plugin(deck, adding, monkeypatch):
    key = deck.load(adding("plus", 3)).key
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda died: reported.append(str(died.exc_value)))

    with monkeypatch.context() as patched:

        def stumble(*_: object) -> None:
            raise ValueError("the pipe is a cigar")

        patched.setattr(HostedPlugin, "write", stumble)
        deck.chain.set_value(key, "amount", 7)
        deck.until(lambda: reported == ["the pipe is a cigar"])

    deck.chain.set_value(key, "amount", 8)
    deck.until(lambda: deck.host(key).read("amount") == 8)
