"""What a plugin tried to do and was not allowed to, told once the work is done: a result alone would not show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from plugdeck.cli_errors import tell
from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.plugin_log import LogLevel, LogSource, PluginLog
from plugdeck.hosting.sandbox.offer import offer

_REMEDY = "If it is to be allowed more: --allow-read DIR, --allow-write DIR, --allow-network."


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
        names: dict[str, list[str]] = {}  # what a shared process tried is in the log of each of its plugins
        for host in hosts:
            for line in dict.fromkeys(_refusals(host.log)):
                names.setdefault(line, []).append(host.manifest.name)
        for line, tried_by in names.items():
            tell(f"{' or '.join(dict.fromkeys(tried_by))}: {line}")
        if names:
            tell(f"{offer().tier.words} {_REMEDY}")


def _refusals(log: PluginLog) -> Iterator[str]:
    for line in log.lines():
        if line.source is LogSource.HOST and line.level is LogLevel.WARNING:
            yield line.text
