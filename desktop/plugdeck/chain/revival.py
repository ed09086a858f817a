"""What becomes of a plugin that ended badly: it is started again after a while, and at the third time quarantined.

The first time it is started again almost at once, since most bad ends are not repeated; the second time a little later,
since one that ends at every picture would keep the machine busy. Its settings stay, and the others do not notice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Protocol

from plugdeck.catalogue.incoming import sha256_of
from plugdeck.chain.clock import Clock
from plugdeck.chain.quarantine import Quarantine
from plugdeck.chain.step import Step
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import Ending, Outcome, PluginState
from plugdeck.hosting.sandbox.confinement import Approval
from plugdeck.hosting.standing import LOADING

BACK_OFF_S = (0.5, 2.0)
"""How long a plugin waits after its first and its second bad end; the next one puts it into quarantine."""
WITHIN_S = 60.0
"""Bad ends longer ago than this count no more."""
YES_GONE = "Your yes to these bytes does not hold any more."
"""It was taken back, or went over to a newer build."""
ASK_AGAIN = "Take it out and load it again, to be asked."
_RUNNING = frozenset({PluginState.LOADING, PluginState.LOADED})
_BAD = frozenset({PluginState.CRASHED, PluginState.TIMED_OUT})


class Restarts(Protocol):
    """What the revival needs of the loader. Both return at once."""

    def revive(self, step: Step) -> None:
        """Starts the step's host again."""

    def run(self, work: Callable[[], None]) -> None:
        """Runs what may take a while on a thread."""


class Revival:
    """Any thread. ``lock`` guards every step's fields and is held by nobody who calls, unless it says so."""

    def __init__(self, loader: Restarts, lock: Lock, quarantine: Quarantine, clock: Clock) -> None:
        self._loader = loader
        self._lock = lock
        self._quarantine = quarantine
        self._clock = clock
        self._unrecorded: set[str] = set()
        """Hashes in quarantine of which the records do not know yet."""
        self._recording = Lock()
        """Held while the records are told, by those who do that one after the other."""

    def note(self, step: Step) -> None:
        """Looks at a step whose host changed its state, and decides what comes next."""
        with self._lock:
            was, step.seen_state = step.seen_state, step.host.state
            outcome = step.host.outcome
            step.confinement = step.host.confinement_words or step.confinement  # for the report, when it has ended
            if step.seen_state is PluginState.LOADED and was is PluginState.LOADING and not step.settling:
                self._tell_again(step)
            if outcome is None or was not in _RUNNING or step.seen_state in _RUNNING:
                return
            step.ended = outcome
            if step.seen_state not in _BAD or step.is_kept_off or step.is_removed:
                return
            reason, sha256 = self._note_bad_end(step, outcome), step.sha256
            if reason and sha256:
                self._unrecorded.add(sha256)
        if reason and sha256:
            self._loader.run(partial(self._record, sha256, step.host.manifest.name, reason))

    def may_start(self, step: Step) -> bool:
        """Whether the step's bytes may run, as they are now; reads the file."""
        sha256 = hash_of(step.path, step.approval)
        is_same = bool(sha256) and sha256 == step.sha256
        reason = (step.quarantine if is_same else "") or self.why_not(sha256)
        refused = _not_started(f"{YES_GONE} {ASK_AGAIN}") if self.has_lost_yes(step) else None
        with self._lock:
            step.sha256, step.quarantine, step.refused = sha256, reason, refused
        return not reason and not refused

    def note_yes(self, step: Step) -> None:
        """Notes that there is a yes that can be taken back; of a sample, for one, there is none. Reads the records."""
        step.was_allowed = step.was_allowed or self.is_allowed(step.approval)

    def has_lost_yes(self, step: Step) -> bool:
        """Whether the yes to the step's bytes was on record, and is no more; reads the records."""
        return step.was_allowed and not self.is_allowed(step.approval)

    def is_allowed(self, approval: Approval) -> bool:
        """Whether this yes is on record; reads the records."""
        return bool(approval.sha256) and self._quarantine.is_allowed(approval.sha256)

    def why_not(self, sha256: str) -> str:
        """Why these bytes may not run; empty when they may."""
        return self._quarantine.quarantined(sha256) if sha256 else ""

    def cancel(self, step: Step) -> None:
        """Takes back the start that is to come. The lock is held by the caller."""
        step.cancel_restart()
        step.restarts_at = None

    def begin_afresh(self, step: Step) -> None:
        """Forgets how it ended before: these are other bytes, or the user wants it so. The lock is held."""
        self.cancel(step)
        step.is_kept_off = False
        step.quarantine, step.ended, step.refused, step.bad_ends = "", None, None, ()

    def lift(self, step: Step) -> None:
        """Lets a quarantined step's bytes run again, and starts it; returns at once."""
        self._loader.run(partial(self._lift, step))

    def look_again(self, step: Step) -> None:
        """The records of the quarantine changed, perhaps by another window."""
        is_recorded = step.sha256 and step.sha256 not in self._unrecorded
        if step.quarantine and is_recorded and not self._quarantine.quarantined(step.sha256):
            with self._lock:
                step.quarantine, step.bad_ends = "", ()

    def _record(self, sha256: str, name: str, reason: str) -> None:
        with self._recording:
            if sha256 in self._unrecorded:  # else it was lifted before this came to it
                self._quarantine.quarantine(sha256, name, reason)
                self._unrecorded.discard(sha256)

    def _tell_again(self, step: Step) -> None:
        """A process that it shares ended for another's fault, and it was started again below: with its own values."""
        step.post.pending = dict(step.wanted)
        step.revision += 1

    def _note_bad_end(self, step: Step, outcome: Outcome) -> str:
        """Has it started again later, or puts it into quarantine and returns the reason. The lock is held."""
        now = self._clock.now()
        step.bad_ends = (*(at for at in step.bad_ends if now - at < WITHIN_S), now)
        times = len(step.bad_ends)
        if times <= len(BACK_OFF_S):
            delay_s = BACK_OFF_S[times - 1]
            at = step.restarts_at = now + delay_s
            step.cancel_restart = self._clock.call_later(delay_s, partial(self._revive, step, at))
            return ""
        step.quarantine = f"It ended badly {times} times within a minute. The last time: {outcome.sentence}"
        return step.quarantine

    def _revive(self, step: Step, at: float) -> None:
        with self._lock:
            if step.restarts_at != at:
                return  # it was taken back
            step.restarts_at = None
        self._loader.revive(step)

    def _lift(self, step: Step) -> None:
        if step.sha256:
            with self._recording:
                self._unrecorded.discard(step.sha256)
                self._quarantine.lift(step.sha256)
        with self._lock:
            self.begin_afresh(step)
        self._loader.revive(step)


def _not_started(why: str) -> Outcome:
    return Outcome(Ending.NOT_STARTED, LOADING, message=why)


def hash_of(path: Path, approval: Approval) -> str:
    """The SHA-256 of the bytes that would be started; empty where they cannot be read, which the start then tells."""
    try:
        return approval.sha256 or sha256_of(path)
    except PlugdeckError:
        return ""
