"""Thousands of frames through workers of which one is killed every second: each picture is right, nothing grows.

A few hundred frames by default; ten thousand with ``-m soak``.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

import psutil
import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import HostError
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

FRAMES, KILL_EVERY_S = 10_000, 1.0
FEW_FRAMES, KILL_EVERY_FRAMES = 300, 30
WORKERS = 3
# What the allocator keeps in hand: the slope over ten thousand frames of 230 KB, which are 2.3 GB, is to be none.
FLAT_BYTES = 8 << 20
# No worker is late because the machine is busy.
PATIENT = Deadlines(hello_s=600, load_s=600, call_s=600)
ADD = """
#include "plugdeck.h"
PD_PLUGIN("add", "1.0.0", "", "MIT", "Adds one to each byte.")
PD_IMAGE_TRANSFORM(1, "pointwise")
int Transform(const pd_image *in, pd_image *out) {
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++) out->data[y * out->stride + x] = in->data[y * in->stride + x] + 1;
  return 0;
}
"""


@dataclass
class Soak:
    """A row of workers, each adding one; what it shows, and what it cost."""

    supervisor: Supervisor
    plugins: list[HostedPlugin]
    shown: int = 0
    wrong: int = 0
    lost: int = 0
    memory: list[tuple[int, int]] = field(default_factory=list)
    """Frames shown so far, and the bytes that this process alone had then."""

    def show(self, number: int) -> None:
        """One picture, of a size and colour of its own, through all of them; those that are gone start again."""
        width = 160 + number % 5 * 16
        picture = Image(ImageLayout.packed(width, 120), bytes([number % 200]) * (width * 120 * 4))
        while (result := self._through(picture)) is None:
            self.lost += 1
        self.shown += 1
        self.wrong += bytes(result) != bytes([number % 200 + len(self.plugins)]) * len(result)

    def _through(self, picture: Image) -> memoryview | None:
        frame = self.supervisor.frame(picture)
        try:
            for plugin in self.plugins:
                plugin.start()
                following = plugin.transform(frame)
                frame.release()
                frame = following
            return frame.read().pixels
        except HostError:
            return None
        finally:
            frame.release()

    def weigh(self) -> None:
        gc.collect()
        self.memory.append((self.shown, psutil.Process().memory_full_info().uss))

    @property
    def grown_bytes(self) -> float:
        """By how much the middle of the last quarter is above that of the second; the first one warms up."""
        quarter = max(1, len(self.memory) // 4)
        sizes = [size for _, size in self.memory]
        return sorted(sizes[-quarter:])[quarter // 2] - sorted(sizes[quarter : 2 * quarter])[quarter // 2]


@pytest.fixture
def soak(build_plugin) -> Iterator[Soak]:
    path = build_plugin(ADD, name="add.so")
    manifest = examine(path).manifest
    with Supervisor(deadlines=PATIENT) as supervisor:
        made = Soak(supervisor, [supervisor.host(path, manifest) for _ in range(WORKERS)])
        yield made


@pytest.fixture
def held(descriptors) -> Iterator[Callable[[], Counter[str]]]:
    yield lambda: Counter(link.partition(":[")[0] for link in descriptors())


def kill_one(plugins: list[HostedPlugin], chance: random.Random) -> None:
    """Kills the worker of one of them, whatever it does; it may be gone, or just be starting."""
    with suppress(ProcessLookupError, TypeError):
        os.kill(chance.choice(plugins).pid, signal.SIGKILL)


def test_frames_are_right_whichever_worker_is_killed(soak, held):
    chance = random.Random(4)
    soak.show(0)
    before = held()
    for number in range(FEW_FRAMES):
        if number % KILL_EVERY_FRAMES == 7:
            kill_one(soak.plugins, chance)
        soak.show(number)
    assert (soak.shown, soak.wrong) == (FEW_FRAMES + 1, 0)
    soak.show(1)
    assert sum((held() - before).values()) <= 2 * 5 * (WORKERS + 1)  # frames of five sizes, kept for the next


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_ten_thousand_frames_with_a_worker_killed_every_second(soak, held, capsys):
    chance, over, killed = random.Random(), threading.Event(), []

    def kill() -> None:
        while not over.wait(KILL_EVERY_S):
            kill_one(soak.plugins, chance)
            killed.append(monotonic())

    for number in range(100):
        soak.show(number)
    before, began = held(), monotonic()
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for number in range(FRAMES):
            soak.show(number)
            if number % 100 == 0:
                soak.weigh()
    finally:
        over.set()
        killer.join()
    seconds = monotonic() - began
    with capsys.disabled():
        print(
            f"\n{FRAMES:,} frames in {seconds:.0f} s, {len(killed)} workers killed, {soak.lost} frames begun again, "
            f"{soak.wrong} wrong; memory {soak.memory[0][1] / 1e6:.1f} MB first, {soak.memory[-1][1] / 1e6:.1f} MB "
            f"last, {soak.grown_bytes / 1e3:+.0f} KB from the second quarter to the last"
        )
    assert soak.wrong == 0
    assert soak.grown_bytes < FLAT_BYTES
    assert sum((held() - before).values()) <= 2 * 5 * (WORKERS + 1)
