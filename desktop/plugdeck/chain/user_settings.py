"""What the user sets of the steps: noted at once for the views, and written to the plugins by a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plugdeck.chain.fitting import PRIORITY, fit_values
from plugdeck.chain.ordering import clamped_priority, priorities_after_move
from plugdeck.chain.step import Step
from plugdeck.chain.steps import Steps
from plugdeck.chain.writer import ValueWriter


class UserSettings:
    """Any thread; every method returns at once, but for ``finish_close``."""

    def __init__(self, steps: Steps, notify: Callable[[], None], on_refused: Callable[[Step, str], None]) -> None:
        """Starts the thread; ``on_refused`` is told on it, in a sentence, what a plugin does not take."""
        self._steps = steps
        self._notify = notify
        self._writer = ValueWriter(on_refused)

    def set_priorities(self, priorities: Mapping[str, int]) -> None:
        """Moves steps; the values are written to the plugins' own ``Priority``."""
        written = []
        with self._steps.lock:
            for key, priority in priorities.items():
                step = self._steps.find(key)
                clamped = clamped_priority(priority)
                if step and step.priority != clamped:
                    step.priority = clamped
                    step.want(PRIORITY, clamped)
                    written.append(step)
        for step in written:
            self._writer.write_soon(step)
        if written:
            self._notify()

    def move(self, key: str, position: int) -> None:
        """Puts a step at an index of the run order by changing priorities."""
        with self._steps.lock:
            order = [(step.key, step.priority) for step in self._steps.in_order()]
        self.set_priorities(priorities_after_move(order, key, position))

    def set_value(self, key: str, name: str, value: float) -> None:
        """Sets a parameter: brought into its range, and passed over when the plugin has none of this name."""
        with self._steps.lock:
            step = self._steps.find(key)
            fitted = fit_values(step.host.manifest, {name: value}) if step else {}
            if not step or name not in step.values or step.values[name] == fitted.get(name, step.values[name]):
                return
            step.values[name] = fitted[name]
            step.want(name, fitted[name])
            step.revision += 1
        self._writer.write_soon(step)
        self._notify()

    def begin_close(self) -> None:
        """Nothing more is written after what is pending now."""
        self._writer.begin_close()

    def finish_close(self) -> None:
        """Waits for the thread, whose last write may have to be ended first."""
        self._writer.finish_close()
