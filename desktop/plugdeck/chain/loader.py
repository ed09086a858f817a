"""Starting, restarting, replacing and ending the hosts of steps, without anybody waiting for it.

Each runs on a thread of its own, since a plugin that hangs may take its whole deadline. What goes wrong is left on
the host, as its outcome, or on the step, as its error.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from typing import Protocol

from plugdeck.chain.fitting import fit_values
from plugdeck.chain.step import Settings, Step, TransformHost, read_settings, sentence_of
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import HostError, PluginState
from plugdeck.hosting.sandbox.confinement import Approval

# How often a host that was started while it is being ended is looked for.
_CLOSING_S = 0.05


class HostFactory(Protocol):
    """What makes hosts for plugins: the supervisor."""

    def host(self, path: Path, manifest: Manifest, approval: Approval = ...) -> TransformHost:
        """A host that is not started yet."""


class Loader:
    """Any thread. ``lock`` guards every step's fields; ``notify`` tells of a change and is called without it."""

    def __init__(self, hosts: HostFactory, lock: Lock, notify: Callable[[], None]) -> None:
        self._hosts = hosts
        self._lock = lock
        self._notify = notify
        self._threads: list[Thread] = []
        self._used: list[TransformHost] = []
        self._starting: list[TransformHost] = []
        self._closed = False

    def step(self, path: Path, manifest: Manifest, approval: Approval) -> Step:
        """A step for a plugin; its host is not started. The lock is held by the caller."""
        step = Step(key=str(path), path=path, host=self._hosts.host(path, manifest, approval))
        self._used.append(step.host)
        self._adopt(step, step.host)
        return step

    def start(self, step: Step) -> None:
        """Starts the step's host and tells it what the user set; returns at once."""
        self._begin(lambda: self._start(step))

    def restart(self, step: Step) -> None:
        """Ends the step's host, also one that is being started, and starts it again; returns at once."""
        self._begin(lambda: self._restart(step))

    def replace(self, step: Step, manifest: Manifest, approval: Approval) -> None:
        """Starts a host for the file that lies at the step's path now, and swaps it in; returns at once."""
        self._begin(lambda: self._replace(step, manifest, approval))

    def remove(self, step: Step) -> None:
        """Ends the hosts of a step that was taken out, also those that are being started; returns at once."""
        self._begin(lambda: self._remove(step))

    def close(self) -> None:
        """Ends every host, also those that are being started; blocks until they are gone."""
        with self._lock:
            self._closed = True
        stopping = self._stop(self._used)
        while working := [thread for thread in (*self._threads, *stopping) if thread.is_alive()]:
            working[0].join(_CLOSING_S)
            stopping += self._stop(self._starting)  # it may have had no process yet when it was stopped
        for thread in self._stop(self._used):
            thread.join()

    def _stop(self, hosts: list[TransformHost]) -> list[Thread]:
        """Stops them side by side, since each may take its whole deadline; returns the threads that do."""
        with self._lock:
            stopping = [Thread(target=host.stop, name="plugdeck-chain-stop", daemon=True) for host in hosts]
        for thread in stopping:
            thread.start()
        return stopping

    def _begin(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                return
            thread = Thread(target=work, name="plugdeck-chain-load", daemon=True)
            self._threads = [*(known for known in self._threads if known.is_alive()), thread]
            thread.start()

    def _adopt(self, step: Step, host: TransformHost) -> None:
        step.forget_host = host.on_change(self._tell)

    def _tell(self) -> None:
        """Who listens may be gone once the loader is being closed."""
        if not self._closed:
            self._notify()

    def _start(self, step: Step, *, is_new_process: bool = False) -> None:
        with step.changing:
            if step.is_removed:
                return
            host = step.host
            try:
                with self._lock:
                    step.settling = True
                    step.pending = dict(step.wanted)  # before it is loaded: the preview may be the first to use it
                settings = self._load(host, step.flush)
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
        if self._closed:
            raise PlugdeckError("Plugdeck is closing.")
        self._starting.append(host)
        try:
            host.start()
        finally:
            self._starting.remove(host)
        write()
        return read_settings(host)

    def _restart(self, step: Step) -> None:
        step.host.stop()
        self._start(step, is_new_process=True)  # it has the file as it is now, or refuses it

    def _replace(self, step: Step, manifest: Manifest, approval: Approval) -> None:
        with step.changing:
            with self._lock:
                if self._closed or step.is_removed:
                    return
                new = step.next_host = self._hosts.host(step.path, manifest, approval)
                self._used.append(new)
                wanted = fit_values(manifest, step.wanted)
            try:
                settings = self._load(new, lambda: _write(new, wanted))
            except PlugdeckError as error:
                self._discard(new)
                step.error = _not_taken(step.host, error)
            else:
                self._swap(step, new, settings)
            step.next_host = None
        self._tell()

    def _swap(self, step: Step, new: TransformHost, settings: Settings) -> None:
        old = step.host
        step.forget_host()
        with self._lock:
            step.host, step.stale = new, False
            step.wanted = fit_values(new.manifest, step.wanted)
            step.pending = dict(step.wanted)  # what was set meanwhile went to the old host
            step.take(settings)
        self._adopt(step, new)
        self._discard(old)
        try:
            step.flush()
        except PlugdeckError as error:
            if not isinstance(error, HostError):
                step.error = sentence_of(error)

    def _remove(self, step: Step) -> None:
        step.forget_host()
        while True:
            # Again and again: a host may have had no process yet when it was stopped, and stopping may wait for that.
            self._stop([host for host in (step.next_host, step.host) if host])
            if step.changing.acquire(timeout=_CLOSING_S):
                break
        try:
            step.forget_host()  # another host may have taken its place meanwhile
            self._discard(step.host)
        finally:
            step.changing.release()

    def _discard(self, host: TransformHost) -> None:
        host.stop()
        with self._lock:
            self._used.remove(host)


def _write(host: TransformHost, values: dict[str, float]) -> None:
    for name, value in values.items():
        host.write(name, value)


def _not_taken(old: TransformHost, error: PlugdeckError) -> str:
    running = ", the old code keeps running" if old.state is PluginState.LOADED else ""
    return f"The new file was not taken{running}. {sentence_of(error)}"
