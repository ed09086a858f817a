"""A chain over real workers, its preview, and plugins whose pictures can be calculated."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.chain.chain import Chain
from plugdeck.chain.preview import Preview, Rendered
from plugdeck.chain.step import StepView
from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.outcome import PluginState
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


class Deck:
    """A chain, its preview and what it rendered."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.chain = Chain(supervisor)
        self.rendered: list[Rendered] = []
        self.failed: list[str] = []
        self.preview = Preview(self.chain, supervisor, shrink, self.rendered.append, self.failed.append)

    def begin_load(self, path: Path, **settings: object) -> str:
        """Begins to load a plugin; its key."""
        return self.chain.load(path, self.manifest(path), **settings)

    def load(self, path: Path, **settings: object) -> StepView:
        """Loads a plugin, or learns that it cannot be."""
        key = self.begin_load(path, **settings)
        self.until(lambda: self.state(key) not in {PluginState.LOADING, PluginState.NOT_LOADED})
        return self.step(key)

    def step(self, key: str) -> StepView:
        step = self.chain.step(key)
        assert step
        return step

    def state(self, key: str) -> PluginState:
        return self.step(key).state

    def host(self, key: str) -> HostedPlugin:
        """What runs the step now."""
        return self.chain._steps[key].host

    def red(self) -> int | None:
        """The red of the first pixel of the last picture at full size."""
        full = [rendered for rendered in self.rendered if rendered.is_full]
        return full[-1].image.pixels[0] if full else None

    def close(self) -> None:
        self.preview.close()
        self.chain.close()

    @staticmethod
    def manifest(path: Path) -> Manifest:
        manifest = examine(path).manifest
        assert manifest
        return manifest

    @staticmethod
    def until(condition: Callable[[], object], timeout_s: float = 20) -> None:
        limit = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < limit, "waited too long"
            threading.Event().wait(0.005)

    @staticmethod
    def plain(red: int, width: int = 64, height: int = 48) -> Image:
        return Image(ImageLayout.packed(width, height), bytes((red, 2, 3, 255)) * (width * height))


def shrink(image: Image, width: int, height: int) -> Image:
    return Image(ImageLayout.packed(width, height), bytes(image.pixels[:4]) * (width * height))


@pytest.fixture
def deck() -> Iterator[Deck]:
    with Supervisor() as supervisor:
        deck = Deck(supervisor)
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
