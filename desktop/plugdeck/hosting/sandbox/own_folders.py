"""Plugdeck's own folders, which no plugin may write to, whatever it was allowed: what is trusted is decided there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from plugdeck.paths import cache_folder, config_folder, data_folder


def kept_from(writable: Sequence[str]) -> tuple[str, ...]:
    """What of these folders, or in them, is Plugdeck's own: settings, decisions, installed plugins, runners."""
    own = [Path(os.path.realpath(folder)) for folder in (config_folder(), data_folder(), cache_folder())]
    found = []
    for granted in writable:
        real = Path(os.path.realpath(granted))
        found += [str(folder) for folder in own if folder.is_relative_to(real)]
        found += [str(real) for folder in own if real.is_relative_to(folder)]
    return tuple(dict.fromkeys(found))
