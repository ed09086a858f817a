"""What statuses are called in the window."""

from __future__ import annotations

from collections.abc import Mapping

from plugdeck.catalogue.report import Status

STATUS_WORDS: Mapping[Status, str] = {
    Status.COMPATIBLE: "Compatible",
    Status.WARNING: "Warning",
    Status.INCOMPATIBLE: "Incompatible",
    Status.NOT_A_PLUGIN: "Not a plugin",
    Status.UNREADABLE: "Unreadable",
}
