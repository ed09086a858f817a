"""What statuses are called in the window, and what can be done with a loaded plugin: see ``docs/words.md``."""

from __future__ import annotations

from collections.abc import Mapping

from plugdeck.catalogue.report import Status

START_AGAIN = "Start again"
RESTART = "Restart its host"
KEEP_OFF = "Keep off"
LIFT = "Lift quarantine"
LIFT_WHY = "Lets these bytes run again, and starts them"
USE_NEW = "Use the new one"

STATUS_WORDS: Mapping[Status, str] = {
    Status.COMPATIBLE: "Compatible",
    Status.WARNING: "Warning",
    Status.INCOMPATIBLE: "Incompatible",
    Status.NOT_A_PLUGIN: "Not a plugin",
    Status.UNREADABLE: "Unreadable",
}
