"""Each plugin's own settings by its path: the priority and the values that it had when it was last loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugdeck.settings import Settings

_TABLE = "plugin_settings"


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """What the user may have set on a plugin."""

    priority: int | None = None
    """None leaves it to the plugin."""
    values: Mapping[str, float] = field(default_factory=dict)


def kept_settings(settings: Settings, path: Path) -> PluginSettings:
    """The settings of the last time; none for a plugin that was never loaded from this path."""
    return parse_settings(settings.get((_TABLE, _key(path)), {}))


def keep_settings(settings: Settings, path: Path, kept: PluginSettings) -> None:
    """Notes them for the next ``save``."""
    settings.set((_TABLE, _key(path)), plain_settings(kept))


def plain_settings(kept: PluginSettings) -> dict[str, Any]:
    """As the settings file holds them."""
    plain: dict[str, Any] = {"values": dict(kept.values)}
    return plain if kept.priority is None else {**plain, "priority": kept.priority}


def parse_settings(entry: Mapping[Any, object]) -> PluginSettings:
    """The other way round; what is of no use is left out, since the file may have been edited."""
    priority, values = entry.get("priority"), entry.get("values")
    numbers = values.items() if isinstance(values, dict) else ()
    return PluginSettings(
        priority if type(priority) is int else None,
        {name: float(value) for name, value in numbers if type(value) in {int, float} and abs(value) < 1e300},
    )


def _key(path: Path) -> str:
    """The path as text that every file can hold."""
    return os.fsencode(path).decode("utf-8", "replace")
