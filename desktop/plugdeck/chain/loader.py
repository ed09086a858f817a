"""Starting, restarting, replacing and ending the hosts of steps, without anybody waiting for it.

Each runs on a thread of its own, since a plugin that hangs may take its whole deadline. What goes wrong is left on
the host, as its outcome, or on the step, as its error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock, Thread

from plugdeck.chain.clock import Clock
from plugdeck.chain.fitting import fit_values
from plugdeck.chain.post import Post
from plugdeck.chain.quarantine import Quarantine
from plugdeck.chain.revival import ASK_AGAIN, YES_GONE, Revival, hash_of
from plugdeck.chain.step import Step, Successor, not_taken, sentence_of
from plugdeck.chain.transform_host import ChainHosts, Settings, TransformHost, read_settings
from plugdeck.chain.trial import try_out
from plugdeck.chain.used_hosts import LOOK_AGAIN_S, UsedHosts
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.outcome import HostError, PluginState
from plugdeck.hosting.sandbox.confinement import Approval


class Loader:
    """Any thread. ``lock`` guards every step's fields; ``notify`` tells of a change and is called without it."""

    def __init__(
        self, factory: ChainHosts, lock: Lock, notify: Callable[[], None], quarantine: Quarantine, clock: Clock
    ) -> None:
        self._hosts = UsedHosts(factory)
        self._lock = lock
        self._notify = notify
        self._threads: list[Thread] = []
        self.revival = Revival(self, lock, quarantine, clock)

    def step(self, path: Path, manifest: Manifest, approval: Approval, mode: HostingMode | None) -> Step:
        """A step for a plugin; its host is not started. The lock is held by the caller."""
        step = Step(str(path), path, Post(self._hosts.make(path, manifest, approval, mode), {}), approval, mode)
        self._adopt(step, PluginState.NOT_LOADED)
        return step

    def start(self, step: Step) -> None:
        """Starts the step's host and tells it what the user set; returns at once."""
        self.run(lambda: self._start(step))

    def restart(self, step: Step) -> None:
        """Ends the step's host, also one that is being started, and starts it again; returns at once."""
        with self._lock:
            self.revival.cancel(step)
            step.is_kept_off, step.ended, step.refused = False, None, None
        self._tell()
        self.run(lambda: self._restart(step))

    def revive(self, step: Step) -> None:
        """Starts a step's host that has ended, unless it is kept off; how it ended is still told. Returns at once."""
        self.run(lambda: self._start(step, is_new_process=True))

    def replace(self, step: Step, manifest: Manifest, approval: Approval, mode: HostingMode | None) -> None:
        """Starts a host for the file that lies at the step's path now, and swaps it in; returns at once.

        It has a process of its own also where the others share one: that one ends together with the old code.
        """
        host_mode = mode or HostingMode.INDIVIDUALLY
        self.run(lambda: self._replace(step, manifest, approval, mode, host_mode))

    def rehost(self, step: Step, approval: Approval, mode: HostingMode | None) -> None:
        """Starts a host for the same file in another mode, and swaps it in; returns at once."""
        self.run(lambda: self._replace(step, step.host.manifest, approval, mode, mode))

    def keep_off(self, step: Step) -> None:
        """Ends the step's host, and starts none until ``restart``; returns at once."""
        with self._lock:
            self.revival.cancel(step)
            step.is_kept_off = True
        self._tell()
        self.run(lambda: self._end(step))

    def remove(self, step: Step) -> None:
        """Ends the hosts of a step that was taken out, also those that are being started; returns at once."""
        with self._lock:
            self.revival.cancel(step)
        self.run(lambda: self._end(step, for_good=True))

    def run(self, work: Callable[[], None]) -> None:
        """Runs ``work`` on a thread of its own, unless all are being closed; returns at once."""
        with self._lock:
            if self._hosts.is_closed:
                return
            thread = Thread(target=work, name="plugdeck-chain-load", daemon=True)
            self._threads = [*(known for known in self._threads if known.is_alive()), thread]
            thread.start()

    def close(self, steps: Sequence[Step]) -> None:
        """Ends every host, also those that are being started; blocks until they are gone."""
        with self._lock:
            self._hosts.is_closed = True
            for step in steps:
                self.revival.cancel(step)
        self._hosts.close(lambda: self._threads)

    def _adopt(self, step: Step, state: PluginState) -> None:
        """Listens to the step's host from now on, which was last seen in this state."""
        step.seen_state = state
        step.forget_host = step.host.on_change(partial(self._note, step, step.host))

    def _note(self, step: Step, host: TransformHost) -> None:
        if step.host is host:  # which another one may have relieved by now
            self.revival.note(step)
            self._tell()

    def _tell(self) -> None:
        """Who listens may be gone once the hosts are being closed."""
        if not self._hosts.is_closed:
            self._notify()

    def _start(self, step: Step, *, is_new_process: bool = False) -> None:
        with step.changing:
            self.revival.note_yes(step)
            if step.is_removed or step.is_kept_off or not self.revival.may_start(step):
                self._tell()
                return
            post = step.post
            try:
                with self._lock:
                    step.settling = True
                    post.pending = dict(step.wanted)  # before it is loaded: the preview may be the first to use it
                settings = self._load(post.host, post.flush)
                with self._lock:
                    step.take(settings)
                    step.stale = step.stale and not is_new_process
            except PlugdeckError as error:
                if not isinstance(error, HostError):  # which the host's outcome tells, unless it was ended on purpose
                    step.error = sentence_of(error)
            finally:
                step.settling = False
        self._tell()

    def _load(self, host: TransformHost, write: Callable[[], None]) -> Settings:
        """Starts the host, unless all are being closed; what it says after ``write``. Raises PlugdeckError."""
        self._hosts.start(host)
        write()
        return read_settings(host)

    def _restart(self, step: Step) -> None:
        step.host.stop()
        self._start(step, is_new_process=True)  # it has the file as it is now, or refuses it

    def _replace(
        self,
        step: Step,
        manifest: Manifest,
        approval: Approval,
        mode: HostingMode | None,
        host_mode: HostingMode | None,
    ) -> None:
        with step.changing:
            new = self._hosts.make(step.path, manifest, approval, host_mode)  # may import what opens native code here
            with self._lock:
                is_over = self._hosts.is_closed or step.is_removed
                step.other_host = None if is_over else new
                wanted = fit_values(manifest, step.wanted)
                step.not_taken = None
            if is_over:
                self._hosts.discard(new)
                return
            try:
                sha256 = self._hash_that_may_start(step, approval)
                is_allowed = self.revival.is_allowed(approval)
                settings = self._load(new, partial(_write, new, wanted))
                try_out(new, self._hosts.factory)
            except PlugdeckError as error:
                step.not_taken = not_taken(step, error)
                self._tell()
                self._hosts.discard(new)
            else:
                self._swap(step, Successor(new, approval, mode, sha256, is_allowed), settings)
            step.other_host = None
        self._tell()

    def _hash_that_may_start(self, step: Step, approval: Approval) -> str:
        sha256 = hash_of(step.path, approval)
        if why_not := self.revival.why_not(sha256):
            raise PlugdeckError(f"It is in quarantine: {why_not}", remedy="Lift that in Preferences first.")
        if approval.sha256 == step.approval.sha256 and self.revival.has_lost_yes(step):
            raise PlugdeckError(YES_GONE, remedy=ASK_AGAIN)
        return sha256

    def _swap(self, step: Step, new: Successor, settings: Settings) -> None:
        """Lets ``new`` make every frame from now on; the old host ends when the ones that it has begun are made."""
        step.forget_host()
        with self._lock:
            old = step.post
            step.wanted = fit_values(new.host.manifest, step.wanted)
            step.post = Post(new.host, step.wanted)  # what was set meanwhile went to the old host
            step.other_host, step.stale = old.host, False
            step.approval, step.mode, step.sha256 = new.approval, new.mode, new.sha256
            step.was_allowed = new.was_allowed
            self.revival.begin_afresh(step)
            step.take(settings)
        self._adopt(step, PluginState.LOADED)
        self._note(step, new.host)  # it may have ended meanwhile
        try:
            step.post.flush()
        except PlugdeckError as error:
            if not isinstance(error, HostError):
                step.error = sentence_of(error)
        old.wait_for_frames()
        self._hosts.discard(old.host)

    def _end(self, step: Step, *, for_good: bool = False) -> None:
        if for_good:
            step.forget_host()
        while True:
            # Again and again: a host may have had no process yet when it was stopped, and stopping may wait for that.
            self._hosts.stop([host for host in (step.other_host, step.host) if host])
            if step.changing.acquire(timeout=LOOK_AGAIN_S):
                break
        try:
            if for_good:
                step.forget_host()  # another host may have taken its place meanwhile
                self._hosts.discard(step.host)
            elif step.is_kept_off:
                step.host.stop()
        finally:
            step.changing.release()
        self._tell()


def _write(host: TransformHost, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        host.write(name, value)
