"""The steps of the last session, as the settings keep them, and what became of their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.report import Report
from plugdeck.errors import PlugdeckError
from plugdeck.settings import Settings
from plugdeck.trust.content import sha256_of_report
from plugdeck.ui.plugin_settings import PluginSettings, parse_settings, plain_settings

STEPS = "session.steps"


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A step of the last session."""

    path: Path
    sha256: str
    """Of the bytes that were loaded; empty when nobody could tell."""
    enabled: bool
    settings: PluginSettings
    is_kept_off: bool = False
    """Whether the user wants it not to be started."""
    is_in_app: bool = False
    """Whether the user wants it inside Plugdeck."""

    @property
    def plain(self) -> dict[str, Any]:
        """As the settings file holds it."""
        kept = {"path": str(self.path), "sha256": self.sha256, "enabled": self.enabled}
        chosen = {"kept_off": self.is_kept_off, "in_app": self.is_in_app}
        return kept | chosen | plain_settings(self.settings)


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a step's file: a report on the same bytes as then, or why there is none."""

    step: KeptStep
    report: Report | None
    why_not: str = ""


def kept_steps(settings: Settings) -> list[KeptStep]:
    """The steps of the last session; what was edited beyond recognition is left out."""
    entries: list[object] = settings.get(STEPS, [])
    return [step for step in map(_parse, entries) if step]


def find(step: KeptStep, *, may_differ: bool = False) -> Found:
    """Reads a step's file, never running it; blocks. ``may_differ``: other bytes than then will do."""
    try:
        if not step.path.is_file():
            return Found(step, None, "not there any more")
        report = examine(step.path, symbols=False)
        is_same = may_differ or (bool(step.sha256) and sha256_of_report(report) == step.sha256)
    except (PlugdeckError, OSError, ValueError):
        return Found(step, None, "cannot be read")
    return Found(step, report) if is_same else Found(step, None, "has changed")


def _parse(entry: object) -> KeptStep | None:
    match entry:
        case {"path": str(path), "sha256": str(sha256), "enabled": bool(enabled), **rest} if path and "\0" not in path:
            is_off, is_in_app = rest.get("kept_off") is True, rest.get("in_app") is True
            return KeptStep(Path(path), sha256, enabled, parse_settings(rest), is_off, is_in_app)
    return None
