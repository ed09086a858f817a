"""One transform of the chain: its host, its settings, what its last run said, and how it came to an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from plugdeck.chain.fitting import PRIORITY
from plugdeck.chain.post import Post
from plugdeck.chain.transform_host import Settings, TransformHost
from plugdeck.dialects.manifest import Manifest, Parameter
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import HostError, Outcome, PluginState
from plugdeck.hosting.sandbox.confinement import NO_APPROVAL_NEEDED, Approval

KEPT_OFF = "kept off"
"""Of a step that is not started until the user says so; ``docs/words.md`` has all such words."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a new file did not take the place of the code that is loaded."""

    sentence: str
    outcome: Outcome | None = None
    """How its process ended, if that was the reason."""


@dataclass(frozen=True, slots=True)
class Successor:
    """A host that is to take another one's place."""

    host: TransformHost
    approval: Approval
    mode: HostingMode | None
    sha256: str
    was_allowed: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """What a view needs of a step: a snapshot that never changes."""

    key: str
    path: Path
    manifest: Manifest
    state: PluginState
    priority: int
    enabled: bool
    milliseconds: float | None
    outcome: Outcome | None
    """How it ended last: still told when it was started again by itself, until the user has seen it."""
    error: str
    """Why the last call failed, though the plugin is still loaded; otherwise empty."""
    stale: bool
    values: Mapping[str, float]
    confinement: str = ""
    """What keeps it from the user's files, or did when it ran last, in sentences."""
    denied: tuple[str, ...] = ()
    """What it tried and was refused, as verb phrases; of its last process, once that has ended."""
    denied_anew: tuple[str, ...] = ()
    """What of that the user has not seen yet."""
    file_name: str = ""
    """What tells it from another step of the same name; empty where nothing has to."""
    sha256: str = ""
    """Of the bytes that were started last, in hexadecimal; empty before, and where they could not be read."""
    approval: Approval = NO_APPROVAL_NEEDED
    """What the user said yes to."""
    mode: HostingMode | None = None
    """Where it runs, if that was chosen for it alone."""
    is_deleted: bool = False
    """Whether its file is gone."""
    is_kept_off: bool = False
    """Whether it is not started until the user says so."""
    restarts_in_s: float | None = None
    """When it is started again by itself; None when it is not."""
    quarantine: str = ""
    """Why these bytes may not run until the user lifts that; empty when they may."""
    not_taken: NotTaken | None = None
    """Why the file that was to be used instead was not."""

    @property
    def name(self) -> str:
        """As the plugin calls itself."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """As the plugin says; empty when it does not."""
        return self.manifest.version

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What can be set."""
        return self.manifest.parameters

    @property
    def label(self) -> str:
        """``sepia``, or ``sepia — other.so`` where another step is called so too."""
        return f"{self.name} — {self.file_name}" if self.file_name else self.name

    @property
    def is_loaded(self) -> bool:
        """Whether its code runs, be the file another one by now or not."""
        return self.state in {PluginState.LOADED, PluginState.STALE}

    @property
    def is_inside(self) -> bool:
        """Whether it runs inside Plugdeck: as was chosen, unless its file needs a process of its own."""
        return self.mode is HostingMode.IN_APP and self.is_loaded and not self.manifest.needs_own_process

    @property
    def runs(self) -> bool:
        """Whether the step takes part in the picture."""
        return self.enabled and self.is_loaded

    @property
    def standing(self) -> str:
        """How it stands, in a word or two: its state, and of one that came to a bad end how that was (``exited``)."""
        if self.state is PluginState.NOT_LOADED:
            return KEPT_OFF if self.is_kept_off else str(self.state)
        has_ended = self.outcome is not None and self.outcome.state is self.state
        return str(self.outcome.ending) if self.outcome and has_ended else str(self.state)


@dataclass(slots=True)
class Step:
    """The step itself, guarded by the chain's lock."""

    key: str
    path: Path
    post: Post
    """The host of now. Whoever uses it takes it together with what it has still to be told."""
    approval: Approval
    mode: HostingMode | None = None
    priority: int = 0
    enabled: bool = True
    stale: bool = False
    is_deleted: bool = False
    error: str = ""
    milliseconds: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    wanted: dict[str, float] = field(default_factory=dict)
    """What the user set and a new host has to be told."""
    revision: int = 0
    """Counts what changes the step's picture."""
    settling: bool = False
    """The host is being started and told what the user set; until then its numbers mean nothing."""
    is_removed: bool = False
    """Whether it was taken out of the chain: nothing is started for it any more."""
    other_host: TransformHost | None = None
    """What is being started to take the host's place, or was relieved and is at its last frame."""
    forget_host: Callable[[], None] = lambda: None
    changing: Lock = field(default_factory=Lock)
    """Held while the host is started or another one takes its place."""
    sha256: str = ""
    not_taken: NotTaken | None = None
    confinement: str = ""
    # How it ended, and what comes of that: see ``revival``.
    ended: Outcome | None = None
    denied_seen: tuple[str, ...] = ()
    refused: Outcome | None = None
    """Why it was not started again, though its host would have been."""
    was_allowed: bool = False
    """Whether the user's yes to its bytes was on record; some need none."""
    seen_state: PluginState = PluginState.NOT_LOADED
    bad_ends: tuple[float, ...] = ()
    restarts_at: float | None = None
    cancel_restart: Callable[[], None] = lambda: None
    is_kept_off: bool = False
    quarantine: str = ""

    @property
    def host(self) -> TransformHost:
        """What runs the step now."""
        return self.post.host

    @property
    def order(self) -> tuple[int, str, str]:
        """Lowest priority first; equal ones by name."""
        return self.priority, self.host.manifest.name, self.key

    def view(self, now: float, file_name: str = "") -> StepView:
        """A snapshot for the views, at a time of the chain's clock."""
        return StepView(
            key=self.key,
            path=self.path,
            manifest=self.host.manifest,
            state=self._shown_state(self.host.state),
            priority=self.priority,
            enabled=self.enabled,
            milliseconds=self.milliseconds,
            outcome=self.refused or self.host.outcome or self.ended,
            error=self.error,
            stale=self.stale,
            values=dict(self.values),
            confinement=self.host.confinement_words or self.confinement,
            denied=self.host.denied or (self.ended.denied if self.ended else ()),
            denied_anew=tuple(deed for deed in self.host.denied if deed not in self.denied_seen),
            file_name=file_name,
            sha256=self.sha256,
            approval=self.approval,
            mode=self.mode,
            is_deleted=self.is_deleted,
            is_kept_off=self.is_kept_off,
            restarts_in_s=None if self.restarts_at is None else max(0.0, self.restarts_at - now),
            quarantine=self.quarantine,
            not_taken=self.not_taken,
        )

    def _shown_state(self, state: PluginState) -> PluginState:
        if self.quarantine:
            return PluginState.QUARANTINED
        if self.refused:
            return self.refused.state
        if state is not PluginState.LOADED:
            return PluginState.NOT_LOADED if self.is_kept_off and state is not PluginState.LOADING else state
        if self.settling:
            return PluginState.LOADING
        return PluginState.STALE if self.stale else state

    def begin_with(self, wanted: Mapping[str, float]) -> None:
        """Notes what it is to be told at its first start; until then, the rest is as the plugin's file promises."""
        for name, value in wanted.items():
            self.want(name, value)
        defaults = {parameter.name: parameter.default for parameter in self.host.manifest.parameters}
        self.values = {name: self.wanted.get(name, default) for name, default in defaults.items()}
        self.priority = int(self.wanted.get(PRIORITY, 0))

    def want(self, name: str, value: float) -> None:
        """Notes a value to be written, and to be written again to every later host of this step."""
        self.wanted[name] = value
        self.post.pending[name] = value

    def take(self, settings: Settings) -> None:
        """Shows the plugin's own values, but for what the user set, which may be written only now."""
        priority, values = settings
        self.values = {name: self.wanted.get(name, value) for name, value in values.items()}
        self.priority = int(self.wanted.get(PRIORITY, priority))
        self.error = ""
        self.revision += 1


def sentence_of(error: PlugdeckError) -> str:
    """The error with its remedy, for a row of text."""
    return f"{error} {error.remedy}".strip()


def not_taken(step: Step, error: PlugdeckError) -> NotTaken:
    """Why a new file was not taken, and what that leaves."""
    running = ", the old code keeps running" if step.host.state is PluginState.LOADED else ""
    outcome = error.outcome if isinstance(error, HostError) else None
    return NotTaken(f"The new file was not taken{running}. {sentence_of(error)}", outcome)
