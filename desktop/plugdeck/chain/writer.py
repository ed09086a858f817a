"""Tells plugins what the user set, also while no picture is shown, without anybody waiting for them."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from plugdeck.chain.step import Step, sentence_of
from plugdeck.chain.uncaught import tell_uncaught
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import HostError, PluginState


class ValueWriter:
    """One thread for all steps, from its making until ``close``."""

    def __init__(self, on_refused: Callable[[Step, str], None]) -> None:
        """Starts the thread; ``on_refused`` is told on it, in a sentence, what a plugin does not take."""
        self._on_refused = on_refused
        self._dirty: SimpleQueue[Step | None] = SimpleQueue()
        self._thread = Thread(target=self._write, name="plugdeck-chain-writer", daemon=True)
        self._thread.start()

    def write_soon(self, step: Step) -> None:
        """Something of the step is pending; returns at once."""
        self._dirty.put(step)

    def begin_close(self) -> None:
        """Nothing more is written after what is pending now."""
        self._dirty.put(None)

    def finish_close(self) -> None:
        """Waits for the thread, whose last write may have to be ended first."""
        self._thread.join()

    def _write(self) -> None:
        while (step := self._dirty.get()) is not None:
            try:
                self._write_pending(step)
            except Exception:  # noqa: BLE001 - the thread's top level: no value would reach a plugin after it
                tell_uncaught()

    def _write_pending(self, step: Step) -> None:
        if step.host.state is not PluginState.LOADED:
            return
        try:
            step.post.flush()
        except HostError:
            return  # the host's outcome tells why
        except PlugdeckError as error:
            self._on_refused(step, sentence_of(error))
