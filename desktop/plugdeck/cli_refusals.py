"""What a plugin tried to do and was not allowed to, told once the work is done: a result alone would not show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from plugdeck.cli_errors import tell
from plugdeck.cli_json import Json
from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.plugin_log import LogLevel, LogSource, PluginLog
from plugdeck.hosting.sandbox.offer import offer

_NETWORK = "open a network"
"""In the words of what was tried: the only deed for which there is a permission. Files that it may not read are not
refused, they are not there."""
_REMEDY = "If it is to reach the network: --allow-network."


class Told(Protocol):
    """Of a host, what is read here."""

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""

    @property
    def log(self) -> PluginLog:
        """What was told of it."""


@contextmanager
def tell_refusals() -> Iterator[list[Told]]:
    """Takes hosts in its block, which ends when their processes have: only then is the last refusal known."""
    hosts: list[Told] = []
    try:
        yield hosts
    finally:
        tried = _tried(hosts)
        for line, names in tried.items():
            tell(f"{' or '.join(names)}: {line}")
        if tried:
            remedy = _REMEDY if any(_NETWORK in line for line in tried) else ""
            tell(f"{offer().tier.words} {remedy}".strip())


def refusals_json(hosts: Iterable[Told]) -> list[Json]:
    """The same for scripts: what was tried, and which plugins may have; complete once the block has ended."""
    return [{"plugins": list(names), "message": line} for line, names in _tried(hosts).items()]


def _tried(hosts: Iterable[Told]) -> dict[str, tuple[str, ...]]:
    """Who tried each deed: what a shared process tried is in the log of each of its plugins."""
    names: dict[str, dict[str, None]] = {}
    for host in hosts:
        for line in _refusals(host.log):
            names.setdefault(line, {})[host.manifest.name] = None
    return {line: tuple(tried_by) for line, tried_by in names.items()}


def _refusals(log: PluginLog) -> Iterator[str]:
    for line in log.lines():
        if line.source is LogSource.HOST and line.level is LogLevel.WARNING:
            yield line.text
