"""Every host that the chain made and that was not ended for good yet, so that closing ends them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock, Thread

from plugdeck.chain.transform_host import ChainHosts, TransformHost
from plugdeck.dialects.manifest import Manifest
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.sandbox.confinement import Approval

# How often a host that was started while it is being ended is looked for.
LOOK_AGAIN_S = 0.05


class UsedHosts:
    """Any thread."""

    def __init__(self, factory: ChainHosts) -> None:
        self.factory = factory
        self._lock = Lock()
        self._used: list[TransformHost] = []
        self._starting: list[TransformHost] = []
        self.is_closed = False
        """Whether nothing is started any more."""

    def make(self, path: Path, manifest: Manifest, approval: Approval, mode: HostingMode | None) -> TransformHost:
        """A host that is not started."""
        host = self.factory.host(path, manifest, approval, mode)
        with self._lock:
            self._used.append(host)
        return host

    def start(self, host: TransformHost) -> None:
        """Starts it, unless all are being closed. Raises PlugdeckError."""
        if self.is_closed:
            raise PlugdeckError("Plugdeck is closing.")
        self._starting.append(host)
        try:
            host.start()
        finally:
            self._starting.remove(host)

    def discard(self, host: TransformHost) -> None:
        """Ends a host for good."""
        host.stop()
        with self._lock:
            self._used.remove(host)

    def stop(self, hosts: Iterable[TransformHost]) -> list[Thread]:
        """Stops them side by side, since each may take its whole deadline; returns the threads that do."""
        stopping = [Thread(target=host.stop, name="plugdeck-chain-stop", daemon=True) for host in tuple(hosts)]
        for thread in stopping:
            thread.start()
        return stopping

    def close(self, working: Callable[[], Iterable[Thread]]) -> None:
        """Ends every host, also those that ``working`` threads are starting; blocks until these and they are gone."""
        stopping = self.stop(self._used)
        while alive := [thread for thread in (*working(), *stopping) if thread.is_alive()]:
            alive[0].join(LOOK_AGAIN_S)
            stopping += self.stop(self._starting)  # it may have had no process yet when it was stopped
        for thread in self.stop(self._used):
            thread.join()
