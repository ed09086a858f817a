"""The chain over one picture at full size, once: for the command line and for the export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from plugdeck.chain.chain import Chain
from plugdeck.chain.render import Renderer
from plugdeck.chain.transform_host import FrameFactory, TransformHost
from plugdeck.hosting.frames import Frame
from plugdeck.image import Image


@dataclass(frozen=True, slots=True)
class Batch:
    """The picture, and the milliseconds of each step by plugin name, in run order."""

    image: Image
    milliseconds: tuple[tuple[str, float], ...]


def run_hosts(image: Image, hosts: Sequence[tuple[int, TransformHost]], frames: FrameFactory) -> Batch:
    """Runs started plugins over ``image``, lowest priority first; equal ones by name, then as they were given.

    Nothing is left out: the first failure ends the run.

    Args:
        image: the picture.
        hosts: each plugin with its priority, which those that share a process may share too.
        frames: makes a frame of the picture.

    Raises:
        CallError: a plugin returned an error.
        HostError: a plugin's process ended.
    """
    timings = []
    frame: Frame = frames.frame(image)
    try:
        for _, host in sorted(hosts, key=lambda each: (each[0], each[1].manifest.name)):
            began = perf_counter()
            result = host.transform(frame, scale=1.0, cancelled=None)
            timings.append((host.manifest.name, (perf_counter() - began) * 1000))
            frame.release()
            frame = result
        return Batch(frame.read(), tuple(timings))
    finally:
        frame.release()


def export_chain(
    image: Image, chain: Chain, frames: FrameFactory, cancelled: Callable[[], bool] = lambda: False
) -> tuple[Image, tuple[str, ...]]:
    """The picture as the window shows it, at full size, and a phrase for each step that is missing from it.

    Blocks; the preview's own results are not touched.

    Raises:
        RenderCancelledError: when ``cancelled`` turned true meanwhile.
    """
    renderer = Renderer(chain, image, frames, 1.0)
    try:
        run = renderer.run(chain.steps(), cancelled)
        return run.read(), tuple(run.skipped)
    finally:
        renderer.close()
