"""One loaded transform of the chain: its host, its settings, and what its last run said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from plugdeck.chain.fitting import PRIORITY
from plugdeck.chain.ordering import INT_MAXIMUM, INT_MINIMUM
from plugdeck.dialects.manifest import Manifest, Parameter
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.frames import Frame
from plugdeck.hosting.outcome import HostError, Outcome, PluginState
from plugdeck.hosting.plugin_log import PluginLog


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


@dataclass(frozen=True, slots=True)
class StepView:
    """What a view needs of a step: a snapshot that never changes."""

    key: str
    path: Path
    name: str
    version: str
    state: PluginState
    priority: int
    enabled: bool
    milliseconds: float | None
    outcome: Outcome | None
    error: str
    """Why the last call failed, though the plugin is still loaded; otherwise empty."""
    stale: bool
    parameters: tuple[Parameter, ...]
    values: Mapping[str, float]
    confinement: str = ""
    """What keeps it from the user's files, in sentences; empty while it does not run."""
    file_name: str = ""
    """What tells it from another step of the same name; empty where nothing has to."""

    @property
    def label(self) -> str:
        """``sepia``, or ``sepia — other.so`` where another step is called so too."""
        return f"{self.name} — {self.file_name}" if self.file_name else self.name

    @property
    def runs(self) -> bool:
        """Whether the step takes part in the picture."""
        return self.enabled and self.state in {PluginState.LOADED, PluginState.STALE}


@dataclass(slots=True)
class Step:
    """The step itself, guarded by the chain's lock; only ``flush`` talks to the plugin, without that lock."""

    key: str
    path: Path
    host: TransformHost
    priority: int = 0
    enabled: bool = True
    stale: bool = False
    error: str = ""
    milliseconds: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    wanted: dict[str, float] = field(default_factory=dict)
    """What the user set and a new host has to be told."""
    pending: dict[str, float] = field(default_factory=dict)
    revision: int = 0
    """Counts what changes the step's picture."""
    settling: bool = False
    """The host is being started and told what the user set; until then its numbers mean nothing."""
    is_removed: bool = False
    """Whether it was taken out of the chain: nothing is started for it any more."""
    next_host: TransformHost | None = None
    """What is being started to take the host's place."""
    forget_host: Callable[[], None] = lambda: None
    changing: Lock = field(default_factory=Lock)
    """Held while the host is started or another one takes its place."""
    _writing: Lock = field(default_factory=Lock)

    @property
    def order(self) -> tuple[int, str, str]:
        """Lowest priority first; equal ones by name."""
        return self.priority, self.host.manifest.name, self.key

    def view(self, file_name: str = "") -> StepView:
        """A snapshot for the views."""
        manifest = self.host.manifest
        return StepView(
            key=self.key,
            path=self.path,
            name=manifest.name,
            version=manifest.version,
            state=self._shown_state(self.host.state),
            priority=self.priority,
            enabled=self.enabled,
            milliseconds=self.milliseconds,
            outcome=self.host.outcome,
            error=self.error,
            stale=self.stale,
            parameters=manifest.parameters,
            values=dict(self.values),
            confinement=self.host.confinement_words,
            file_name=file_name,
        )

    def _shown_state(self, state: PluginState) -> PluginState:
        if state is not PluginState.LOADED:
            return state
        if self.settling:
            return PluginState.LOADING
        return PluginState.STALE if self.stale else state

    def want(self, name: str, value: float) -> None:
        """Notes a value to be written, and to be written again to every later host of this step."""
        self.wanted[name] = value
        self.pending[name] = value

    def take(self, settings: Settings) -> None:
        """Shows the plugin's own values, but for what the user set, which may be written only now."""
        priority, values = settings
        self.values = {name: self.wanted.get(name, value) for name, value in values.items()}
        self.priority = int(self.wanted.get(PRIORITY, priority))
        self.error = ""
        self.revision += 1

    def flush(self) -> None:
        """Writes what is pending to the plugin's own variables.

        Whoever calls this second waits for the first, so a transform never runs ahead of a value set before it.

        Raises:
            HostError: the process is gone; what could not be written is still pending.
            PlugdeckError: the plugin does not take a value; all others are written.
        """
        refused: PlugdeckError | None = None
        with self._writing:
            while self.pending:
                name, value = self.pending.popitem()
                try:
                    self.host.write(name, value)
                except HostError:
                    self.pending.setdefault(name, value)
                    raise
                except PlugdeckError as error:
                    refused = refused or error
        if refused:
            raise refused


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


def sentence_of(error: PlugdeckError) -> str:
    """The error with its remedy, for a row of text."""
    return f"{error} {error.remedy}".strip()
