"""A chain over real workers, its preview, plugins whose pictures can be calculated, and what a process holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.chain.chain import Chain
from plugdeck.chain.clock import Clock
from plugdeck.chain.preview import Preview, Rendered
from plugdeck.chain.step import StepView
from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.outcome import PluginState
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.sandbox.offer import offer
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

ADD = """
#include "plugdeck.h"
PD_PLUGIN("%(name)s", "1.0.0", "", "MIT", "Adds to the first channel.")
PD_IMAGE_TRANSFORM(%(priority)s, "pointwise")
PD_INTEGER(amount, "Amount", 0, 255, %(amount)s, "")
int Transform(const pd_image *in, pd_image *out) {
  for (int y = 0; y < in->height; y++)
    for (int x = 0; x < in->width * 4; x++)
      out->data[y * out->stride + x] = in->data[y * in->stride + x] + (x %% 4 ? 0 : amount);
  return 0;
}
"""
# Multiplies, so that the order of steps shows in the result.
DOUBLE = ADD.replace("+ (x %% 4 ? 0 : amount)", "* (x %% 4 ? 1 : amount)")

# No worker is late because the machine is busy. Whoever waits for one that hangs, waits in vain.
PATIENT = Deadlines(hello_s=600, load_s=600, call_s=600)


@pytest.fixture(scope="session")
def patient() -> Deadlines:
    """Deadlines that nothing reaches; only ``stop_s`` is what it is by default."""
    return PATIENT


@pytest.fixture(scope="session")
def needs_tier() -> Callable[[Tier], None]:
    """``needs_tier(tier)`` leaves a test out where plugins cannot be confined so well."""

    def check(tier: Tier) -> None:
        if not offer().tier.holds_as_much_as(tier):
            pytest.skip(f"this system does not offer tier {tier}: {offer().reason}")

    return check


class Deck:
    """A chain, its preview and what it rendered."""

    def __init__(self, supervisor: Supervisor, until: Callable[..., None], clock: Clock) -> None:
        self.supervisor = supervisor
        self.until = until
        self.clock = clock
        self.chain = Chain(Hosts(supervisor), clock=clock)
        self.rendered: list[Rendered] = []
        self.failed: list[str] = []
        self.preview = Preview(self.chain, supervisor, shrink, self.rendered.append, self.failed.append)

    def begin_load(self, path: Path, **settings: object) -> str:
        """Begins to load a plugin; its key."""
        return self.chain.load(path, self.manifest(path), **settings)

    def load(self, path: Path, **settings: object) -> StepView:
        """Loads a plugin, or learns that it cannot be; nothing is told of that any more once this returns."""
        key = self.begin_load(path, **settings)
        self.settle()
        assert self.state(key) not in {PluginState.LOADING, PluginState.NOT_LOADED}
        return self.step(key)

    def settle(self) -> None:
        """Waits until nothing is being started, restarted, replaced or taken out."""
        self.until(lambda: not any(thread.is_alive() for thread in self.chain._loader._threads))

    def step(self, key: str) -> StepView:
        step = self.chain.step(key)
        assert step
        return step

    def state(self, key: str) -> PluginState:
        return self.step(key).state

    def host(self, key: str) -> HostedPlugin:
        """What runs the step now."""
        return self.chain._steps.find(key).host

    def red(self) -> int | None:
        """The red of the first pixel of the last picture at full size."""
        full = [rendered for rendered in self.rendered if rendered.is_full]
        return full[-1].image.pixels[0] if full else None

    def close(self) -> None:
        self.preview.close()
        self.chain.close()
        self.until(lambda: not self.preview._thread.is_alive())  # it gives its frames back when its call has ended

    @staticmethod
    def manifest(path: Path) -> Manifest:
        manifest = examine(path).manifest
        assert manifest
        return manifest

    @staticmethod
    def plain(red: int, width: int = 64, height: int = 48) -> Image:
        return Image(ImageLayout.packed(width, height), bytes((red, 2, 3, 255)) * (width * height))


def shrink(image: Image, width: int, height: int) -> Image:
    return Image(ImageLayout.packed(width, height), bytes(image.pixels[:4]) * (width * height))


@pytest.fixture
def deck(until: Callable[..., None], clock: Clock) -> Iterator[Deck]:
    """Its workers are not sealed off, so that their processes can be counted and their gates opened."""
    with Supervisor(deadlines=PATIENT, tier=Tier.LIMITED) as supervisor:
        deck = Deck(supervisor, until, clock)
        yield deck
        deck.close()


@pytest.fixture
def adding(build_plugin: Callable[..., Path]) -> Callable[..., Path]:
    """``adding("plus", 3, priority=1)``: a plugin that adds to red."""

    def build(name: str, amount: int, priority: int = 10, source: str = ADD) -> Path:
        text = source % {"name": name, "amount": amount, "priority": priority}
        return build_plugin(text, name=f"{name}.so")

    return build


@pytest.fixture
def multiplying(adding: Callable[..., Path]) -> Callable[..., Path]:
    """The same, but it multiplies."""
    return lambda name, amount, priority=10: adding(name, amount, priority, DOUBLE)


@pytest.fixture
def counting() -> str:
    """C text for ``adding``: a plugin that counts its transforms in ``runs``."""
    text = ADD.replace("int Transform(", "PD_VARIABLE(int, runs)\nint runs;\nint Transform(")
    return text.replace("  for (int y", "  runs++;\n  for (int y", 1)


class Gate:
    """A file that a plugin's constructor waits for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        waiting = f'while (access("{path}", F_OK)) usleep(1000);'
        constructor = f"__attribute__((constructor)) static void wait_for_gate(void) {{ {waiting} }}"
        self.source = f"#include <unistd.h>\n{constructor}\n{ADD}"
        """C text for ``adding``."""

    def open(self) -> None:
        self._path.touch()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


Children = Callable[..., list[int]]


@pytest.fixture
def children() -> Children:
    """``children(pid=None)``: the processes that the test started, or all below another process; dead ones count.

    Of a worker with a minder, which is its parent, the worker counts.

    A process is known by its number and its beginning, so that one of a test before, which ends meanwhile, is none.
    """
    before = set(psutil.Process().children())

    def numbers(pid: int | None = None) -> list[int]:
        try:
            found = psutil.Process(pid).children(recursive=pid is not None)
            return [(child if pid else minded(child)).pid for child in found if child not in before]
        except psutil.NoSuchProcess:
            return []

    def minded(child: psutil.Process) -> psutil.Process:
        try:
            return next(iter(child.children()), child)
        except psutil.NoSuchProcess:
            return child

    return numbers


@pytest.fixture(scope="session")
def has_ended() -> Callable[[int], bool]:
    """``has_ended(pid)``: whether nothing of a process runs any more; whose child it was need not have noticed."""

    def is_gone(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        except psutil.NoSuchProcess:
            return True

    return is_gone
