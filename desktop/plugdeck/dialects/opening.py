"""Opening any plugin in this process: its own words are read first, and must fit this host."""

from __future__ import annotations

import os

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Severity
from plugdeck.dialects.manifest import Manifest
from plugdeck.dialects.recognise import recognise
from plugdeck.errors import OpenError
from plugdeck.runtime import Plugin, open_library


def open_plugin(path: str | os.PathLike[str]) -> Plugin:
    """Loads the plugin at ``path`` into this process, where it stays; see ``runtime.open_library``.

    Nothing is asked and nothing confined: it has all rights of this process, whatever the user allowed it elsewhere.

    Raises:
        StaleError: the file was deleted or changed since it was loaded; the error holds the loaded plugin.
        OpenError: it is missing, damaged or no plugin, breaks its own contract, or the dynamic loader refuses it.
    """
    return open_library(path, _accepted_manifest)


def manifest_of(plugin: Plugin) -> Manifest:
    """What the plugin said of itself when ``open_plugin`` loaded it, which is what the loaded code keeps to."""
    if not isinstance(plugin.description, Manifest):
        raise TypeError(f"{plugin!r} was not opened by open_plugin")
    return plugin.description


def _accepted_manifest(facts: BinaryFacts) -> Manifest:
    manifest, findings = recognise(facts)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors or manifest is None:
        reason = errors[0].message if errors else f"{facts.description} is no plugin of any known kind."
        raise OpenError(facts.path, reason, remedy=errors[0].remedy if errors else "")
    return manifest
