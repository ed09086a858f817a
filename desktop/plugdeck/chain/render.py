"""Running the chain over one picture, step by step, reusing what did not change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from plugdeck.chain.chain import Chain
from plugdeck.chain.step import StepView
from plugdeck.chain.transform_host import FrameFactory
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frames import Frame
from plugdeck.image import Image

# Results of steps are kept for reuse while they are smaller than this in sum.
_KEPT_BYTES = 512 * 1024 * 1024

StepMark = tuple[str, int]
"""A step's key and revision: equal marks over an equal input give equal pictures."""


@dataclass(slots=True)
class _Result:
    """A step's picture. The frame is given back early when pictures are large; the mark is None after a failure."""

    mark: StepMark | None
    frame: Frame | None


class RenderCancelledError(PlugdeckError):
    """A newer request came; this picture is no longer wanted."""


@dataclass(slots=True)
class Run:
    """What running the chain gave."""

    source: Image
    frame: Frame | None = None
    """The last result, owned by the renderer; None where no step ran, and the picture is the source itself."""
    milliseconds: dict[str, float] = field(default_factory=dict)
    """By step key; only steps that really ran this time."""
    skipped: list[str] = field(default_factory=list)
    """A phrase for each switched-on step that is missing from the picture: its name and why."""

    def read(self) -> Image:
        """The picture, which no plugin can change any more."""
        return self.frame.read() if self.frame else self.source


class Renderer:
    """Runs a chain over one picture; keeps each step's result until the step or one before it changes.

    Used by one thread. ``close`` gives every frame back.
    """

    def __init__(self, chain: Chain, source: Image, frames: FrameFactory, scale: float) -> None:
        self._chain = chain
        self._source = source
        self._frames = frames
        self._source_frame: Frame | None = None
        self._kept: list[_Result] = []
        self.scale = scale

    def run(self, steps: Sequence[StepView], cancelled: Callable[[], bool]) -> Run:
        """Runs ``steps`` in order. A step that fails is left out and named in ``skipped``.

        Raises:
            RenderCancelledError: when ``cancelled`` turned true meanwhile.
        """
        run = Run(self._source)
        running = [step for step in steps if step.runs]
        run.skipped.extend(f"{step.label} ({step.standing})" for step in steps if step.enabled and not step.runs)
        marks = [(step.key, self._chain.revision(step.key)) for step in running]
        begin = self._reusable(marks)
        self._drop_from(begin)
        if begin:
            run.frame = self._kept[begin - 1].frame
        whole = True
        for step, mark in zip(running[begin:], marks[begin:], strict=True):
            whole = self._run_step(step, mark if whole else None, run, cancelled) and whole
        return run

    def close(self) -> None:
        """Gives every kept frame and the source back."""
        self._drop_from(0)
        if self._source_frame:
            self._source_frame.release()
            self._source_frame = None

    def _input(self, run: Run) -> Frame:
        """What the next step reads. The source becomes a frame only when a step wants it: it may be large."""
        if run.frame:
            return run.frame
        if self._source_frame is None:
            self._source_frame = self._frames.frame(self._source)
        return self._source_frame

    def _reusable(self, marks: Sequence[StepMark]) -> int:
        """How many steps can be left out because the result of the last of them is still there."""
        same = 0
        for mark, kept in zip(marks, self._kept, strict=False):
            if kept.mark != mark:
                break
            same += 1
        while same and self._kept[same - 1].frame is None:
            same -= 1
        return same

    def _run_step(self, step: StepView, mark: StepMark | None, run: Run, cancelled: Callable[[], bool]) -> bool:
        if cancelled():
            raise RenderCancelledError("A newer picture is wanted.")
        began = perf_counter()
        try:
            frame = self._chain.run_step(step, self._input(run), scale=self.scale, cancelled=cancelled)
        except PlugdeckError as error:
            if cancelled():
                raise RenderCancelledError("A newer picture is wanted.") from error
            run.skipped.append(f"{step.label} ({error})")
            return False
        self._kept.append(_Result(mark, frame))
        if cancelled():
            self._kept[-1].mark = None
            raise RenderCancelledError("A newer picture is wanted.")
        run.milliseconds[step.key] = (perf_counter() - began) * 1000
        run.frame = frame
        self._trim()
        return True

    def _trim(self) -> None:
        """Gives early results back when all of them together are large; the last one is always kept."""
        held = [kept for kept in self._kept if kept.frame is not None]
        total = sum(kept.frame.layout.size_bytes for kept in held if kept.frame)
        for kept in held[:-1]:
            if total <= _KEPT_BYTES or kept.frame is None:
                return
            total -= kept.frame.layout.size_bytes
            kept.frame.release()
            kept.frame = None

    def _drop_from(self, index: int) -> None:
        for kept in self._kept[index:]:
            if kept.frame:
                kept.frame.release()
        del self._kept[index:]
