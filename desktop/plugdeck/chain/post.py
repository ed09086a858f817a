"""A host at its post: the step it works for has others before and after it, and no frame is lost when they change."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Condition, Lock

from plugdeck.chain.transform_host import TransformHost
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.outcome import HostError


class Post:
    """A host, what it has still to be told, and how many frames it is at work on."""

    def __init__(self, host: TransformHost, pending: Mapping[str, float]) -> None:
        self.host = host
        self.pending = dict(pending)
        """What the user set and this host was not told yet; guarded by the chain's lock, but for ``flush``."""
        self._writing = Lock()
        self._frames = 0
        self._has_ended = Condition()

    def begin_frame(self) -> None:
        """Keeps the host until ``end_frame``: called under the lock under which another host takes its place."""
        with self._has_ended:
            self._frames += 1

    def end_frame(self) -> None:
        """This frame is done."""
        with self._has_ended:
            self._frames -= 1
            self._has_ended.notify_all()

    def wait_for_frames(self) -> None:
        """Returns when no frame is under way; no new one begins once another host has taken the place."""
        with self._has_ended:
            self._has_ended.wait_for(lambda: not self._frames)

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
