"""Plain callbacks: each registration ends alone."""

from __future__ import annotations

from plugdeck.listeners import Listeners


def test_callbacks_are_called_in_the_order_of_registration():
    told: list[str] = []
    listeners: Listeners[str] = Listeners()
    listeners.add(lambda text: told.append(f"first {text}"))
    listeners.add(lambda text: told.append(f"second {text}"))

    listeners.notify("news")

    assert told == ["first news", "second news"]


def test_one_callback_registered_twice_is_called_twice_and_each_registration_ends_alone():
    told: list[int] = []
    listeners: Listeners[int] = Listeners()
    forget = listeners.add(told.append)
    listeners.add(told.append)
    listeners.notify(1)

    forget()
    forget()
    listeners.notify(2)

    assert told == [1, 1, 2]


def test_a_callback_may_end_its_own_registration_and_add_others():
    told: list[str] = []
    listeners: Listeners[()] = Listeners()

    def once():
        told.append("once")
        forget()
        listeners.add(lambda: told.append("later"))

    forget = listeners.add(once)
    listeners.notify()
    listeners.notify()

    assert told == ["once", "later"]
