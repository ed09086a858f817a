"""Opening a plugin in a worker."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from plugdeck.dialects.opening import manifest_of, open_plugin
from plugdeck.dialects.sdk.bind import BoundTransform, bind
from plugdeck.errors import OpenError
from plugdeck.hosting.fingerprint import fingerprint


def open_transform(
    file: str | os.PathLike[str],
    path: Path,
    expected: str,
    *,
    log: Callable[[int, str], None],
    cancelled: Callable[[], bool],
) -> BoundTransform:
    """The plugin, loaded into this process.

    Args:
        file: what to open: the plugin's path, or a descriptor's.
        path: what to call it.
        expected: the fingerprint of what it said of itself when it was read.
        log: takes the level and the text of a line.
        cancelled: whether the result of the call is no longer wanted.

    Raises:
        OpenError: it was refused, or says something else of itself now.
    """
    plugin = open_plugin(file)
    manifest = manifest_of(plugin)
    if fingerprint(manifest) != expected:
        raise OpenError(
            path, "the file has changed since it was read", remedy="Look at what it is now, then load it again."
        )
    return bind(plugin, manifest, log=log, progress=lambda _: None, cancelled=cancelled)
