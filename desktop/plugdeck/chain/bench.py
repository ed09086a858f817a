"""What isolation costs: the same plugin measured in this process and in a worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from plugdeck.chain.transform_host import TransformHost
from plugdeck.dialects.manifest import Dialect, Manifest
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.in_app import InAppPlugin
from plugdeck.hosting.in_app_admission import check_history
from plugdeck.hosting.in_app_journal import InAppJournal
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

_FRAME = ImageLayout.packed(1920, 1080)
_PIXEL = ImageLayout.packed(1, 1)
_TEXT_FUNCTION = re.compile(r"const char ?\*\s*\(((?:\s*const char ?\*\s*\w*\s*,?)+|\s*void\s*)\)")


@dataclass(frozen=True, slots=True)
class BenchRow:
    """Medians of one thing measured in both places; ``unit`` is ns or ms."""

    plugin: str
    what: str
    unit: str
    in_app: float | None
    """None for a plugin that this process cannot open."""
    isolated: float

    @property
    def ratio(self) -> float | None:
        """What a process of its own costs, times the bare call."""
        return self.isolated / self.in_app if self.in_app else None

    def as_json(self) -> dict[str, object]:
        """The row with its ratio."""
        return {**asdict(self), "ratio": self.ratio}


def measure(path: Path, manifest: Manifest, approval: Approval) -> list[BenchRow]:
    """Measures a plugin in a worker first, which is its trial: one that misbehaves does so there; then in this process.

    A transform is measured by a 1080p frame and by a single pixel, which is a bare call; any other plugin by its
    functions from text to text. Raises PlugdeckError.
    """
    with Supervisor() as supervisor:
        isolated: TransformHost = supervisor.host(path, manifest, approval)
        isolated.start()
        there = _figures(isolated, manifest, supervisor)
        here: dict[tuple[str, str], float] = {}
        if manifest.dialect is not Dialect.GO:
            in_app = tried_in_app(path, manifest, approval, supervisor)
            in_app.start()
            here = _figures(in_app, manifest, supervisor)
    return [
        BenchRow(manifest.name, what, unit, in_app=here.get((what, unit)), isolated=there[what, unit])
        for what, unit in there
    ]


def tried_in_app(path: Path, manifest: Manifest, approval: Approval, supervisor: Supervisor) -> InAppPlugin:
    """A host in this process for the very bytes that the user allowed, once they did their work in a worker.

    No call is noted on disk, which would be measured too. Raises OpenError when these bytes ended Plugdeck before.
    """
    check_history(path, approval.sha256, InAppJournal())
    return InAppPlugin(path, manifest, supervisor, approval=approval)


def _figures(host: TransformHost, manifest: Manifest, frames: Supervisor) -> dict[tuple[str, str], float]:
    if manifest.is_transform:
        return {
            ("Transform, 1 pixel", "ns"): _time_frames(host, frames, _PIXEL, rounds=2000),
            ("Transform, 1920 × 1080", "ms"): _time_frames(host, frames, _FRAME, rounds=15) / 1e6,
        }
    calls = {symbol.name: _texts_for(symbol.c_type) for symbol in manifest.symbols}
    return {
        (name, "ns"): median_ns(partial(host.call, name, *arguments), rounds=2000)
        for name, arguments in calls.items()
        if arguments is not None
    }


def _time_frames(host: TransformHost, frames: Supervisor, layout: ImageLayout, rounds: int) -> float:
    # A grey ramp: effects that look for edges or colours find some.
    pixels = bytes(range(256)) * (layout.size_bytes // 256) + bytes(layout.size_bytes % 256)
    source: Frame = frames.frame(Image(layout, pixels))
    try:
        return median_ns(lambda: host.transform(source, scale=1.0, cancelled=None).release(), rounds)
    finally:
        source.release()


def median_ns(work: Callable[[], object], rounds: int) -> float:
    """What ``work`` takes, in the median of so many rounds."""
    for _ in range(3):
        work()
    times = []
    for _ in range(rounds):
        began = perf_counter_ns()
        work()
        times.append(perf_counter_ns() - began)
    return float(median(times))


def _texts_for(c_type: str) -> tuple[str, ...] | None:
    """An argument for each parameter of a function from text to text; None for any other type."""
    match = _TEXT_FUNCTION.fullmatch(c_type)
    return ("1",) * match[1].count("*") if match else None
