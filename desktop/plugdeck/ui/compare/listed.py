"""The plugins of the list as builds to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from plugdeck.catalogue.report import Report
from plugdeck.ui.plugins.table_model import PluginTableModel

Candidate = tuple[str, Path]
"""What a plugin is called, and its file."""


def candidates(model: PluginTableModel) -> list[Candidate]:
    """Every listed plugin, in the order of names; the file tells builds of one plugin apart."""
    return sorted(((f"{each.name} — {each.path.name}", each.path) for each in _reports(model)), key=_by_name)


def another_build(model: PluginTableModel, report: Report) -> Path | None:
    """Another listed file that holds a plugin of the same name."""
    return next((each.path for each in _reports(model) if _is_another_build(each, report)), None)


def _reports(model: PluginTableModel) -> Iterator[Report]:
    for path in sorted(model.paths()):
        if report := model.report(path):
            yield report


def _is_another_build(one: Report, other: Report) -> bool:
    return one.path != other.path and one.manifest is not None and one.name == other.name


def _by_name(candidate: Candidate) -> str:
    return candidate[0].casefold()
