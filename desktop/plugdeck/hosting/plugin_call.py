"""A call of a plugin in a worker: a turn with the process, whose errors are the plugin's."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from plugdeck.hosting.outcome import HostError

if TYPE_CHECKING:
    from plugdeck.hosting.hosted_plugin import HostedPlugin
    from plugdeck.hosting.session import Session
    from plugdeck.hosting.worker_process import WorkerProcess


class Call:
    """The process for the length of a block. Its ``HostError``s name the plugin and its parameters."""

    __slots__ = ("_during", "_plugin", "_session")

    def __init__(self, plugin: HostedPlugin, during: str) -> None:
        self._plugin = plugin
        self._during = during
        self._session: Session | None = None

    def __enter__(self) -> WorkerProcess:
        try:
            self._session = self._plugin.begin_call(self._during)
            process = self._session.__enter__()
        except HostError as failure:
            raise self._named(failure) from failure
        return process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session
        self._session.__exit__(kind, error, trace)
        if isinstance(error, HostError):
            raise self._named(error) from error

    def _named(self, failure: HostError) -> HostError:
        plugin = self._plugin
        return HostError(plugin.standing.with_parameters(failure.outcome), plugin.manifest.name)
