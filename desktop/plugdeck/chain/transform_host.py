"""What the chain needs of the hosting below it: a host for each transform, and frames of pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from plugdeck.chain.fitting import PRIORITY
from plugdeck.chain.ordering import INT_MAXIMUM, INT_MINIMUM
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import Outcome, PluginState
from plugdeck.hosting.plugin_log import PluginLog
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.image import Image


class TransformHost(Protocol):
    """Where a transform runs: a worker process, or this one. Every method but ``on_change`` may block."""

    @property
    def manifest(self) -> Manifest:
        """What the plugin says of itself."""

    @property
    def state(self) -> PluginState:
        """Where the plugin is on its way."""

    @property
    def outcome(self) -> Outcome | None:
        """Why its process ended, if it did."""

    @property
    def log(self) -> PluginLog:
        """What the plugin wrote and said."""

    @property
    def confinement_words(self) -> str:
        """What keeps the plugin from the user's files, in sentences; empty while it does not run."""

    @property
    def denied(self) -> tuple[str, ...]:
        """What it tried and was refused, as verb phrases."""

    def start(self) -> None:
        """Starts the process and loads the plugin. Raises HostError."""

    def stop(self) -> None:
        """Ends the process."""

    def transform(self, source: Frame, *, scale: float, cancelled: Callable[[], bool] | None) -> Frame:
        """A new frame, which the caller releases. Raises CallError or HostError."""

    def read(self, name: str) -> int | float:
        """The value of the plugin's own variable."""

    def write(self, name: str, value: float) -> None:
        """Sets the plugin's own variable."""

    def call(self, symbol: str, *arguments: object) -> object:
        """Calls an exported function by its declared C type. Raises CallError, HostError or SymbolNotFoundError."""

    def on_change(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tells of every change of state, on any thread."""


class FrameFactory(Protocol):
    """What makes frames of pictures."""

    def frame(self, image: Image) -> Frame:
        """A sealed frame that holds the picture."""


class HostFactory(FrameFactory, Protocol):
    """What makes hosts for plugins, each in a process of its own: the supervisor."""

    def host(self, path: Path, manifest: Manifest, approval: Approval = ...) -> TransformHost:
        """A host that is not started yet."""


class ChainHosts(FrameFactory, Protocol):
    """What makes hosts for the plugins of a chain, in the mode that the user chose: see ``hosting.hosts``."""

    def host(self, path: Path, manifest: Manifest, approval: Approval, mode: HostingMode | None) -> TransformHost:
        """A host that is not started yet; in the mode of all where none is given."""


Settings = tuple[int, dict[str, float]]
"""A plugin's own priority, and the values of its parameters by name."""


def read_settings(host: TransformHost) -> Settings:
    """The settings as the plugin has them now. Raises PlugdeckError, also for a priority that is none."""
    values = {parameter.name: _number(host, parameter.name) for parameter in host.manifest.parameters}
    priority = _number(host, PRIORITY)
    if not INT_MINIMUM <= priority <= INT_MAXIMUM:  # also refuses NaN; a worker can say anything
        raise PlugdeckError(f"{host.manifest.name} gives {priority} as its priority, which is none.")
    return int(priority), values


def _number(host: TransformHost, name: str) -> float:
    try:
        return float(host.read(name))
    except OverflowError as error:
        raise PlugdeckError(f"{host.manifest.name} gives a number that is far too large as {name}.") from error
