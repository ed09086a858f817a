"""The steps of a chain by their keys: which there are, in which order they run, and what views see of them."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from plugdeck.chain.clock import Clock
from plugdeck.chain.naming import file_names
from plugdeck.chain.step import Step, StepView


class Steps:
    """Any thread, but for what says that ``lock`` is held by the caller; that also guards every step's fields."""

    def __init__(self, clock: Clock) -> None:
        self.lock = Lock()
        self._clock = clock
        self._steps: dict[str, Step] = {}
        self._past_revisions: dict[str, int] = {}  # so that a step loaded again never passes for the one before it

    def find(self, key: str) -> Step | None:
        """The step; None for one that is not there, or not any more."""
        return self._steps.get(key)

    def all(self) -> tuple[Step, ...]:
        """Every step, in the order in which they came."""
        return tuple(self._steps.values())

    def in_order(self) -> list[Step]:
        """Lowest priority first, equal ones by name. The lock is held."""
        return sorted(self._steps.values(), key=lambda step: step.order)

    def add(self, step: Step) -> None:
        """One more. The lock is held."""
        step.revision = self._past_revisions.get(step.key, 0)
        self._steps[step.key] = step

    def take_out(self, key: str) -> Step | None:
        """Takes it out, and returns it."""
        with self.lock:
            if step := self._steps.pop(key, None):
                step.is_removed = True
                self._past_revisions[key] = step.revision + 1
            return step

    def views(self) -> tuple[StepView, ...]:
        """What there is to see of each, in run order, at one moment."""
        with self.lock:
            names, now = self._file_names(), self._clock.now()
            return tuple(step.view(now, names.get(step.key, "")) for step in self.in_order())

    def view(self, key: str) -> StepView | None:
        """What there is to see of one, or None."""
        with self.lock:
            known = self._steps.get(key)
            return known.view(self._clock.now(), self._file_names().get(key, "")) if known else None

    def _file_names(self) -> Mapping[str, str]:
        return file_names((step.key, step.host.manifest.name, step.path) for step in self._steps.values())
