"""Everything that is known of a bad end, as plain text for a bug report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from plugdeck.dialects.manifest import Manifest
from plugdeck.hosting.outcome import Outcome
from plugdeck.text import visible

_MOST_CHARACTERS = 300
_MOST_SENTENCE = 4000
_MOST_LINES = 64
_REFUSED = "It tried, and was refused, to"


class Reported(Protocol):
    """Whose end it was: a plugin in any hosting mode."""

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""

    @property
    def path(self) -> Path:
        """Its file."""


def report_text(
    plugin: Reported, outcome: Outcome, *, sha256: str = "", build_id: str = "", confinement: str = ""
) -> str:
    """A line for each fact, lists indented; what is not known is left out.

    Text of the plugin's own is escaped and cut, so that nothing in it can pass for a line of ours.

    Args:
        plugin: whose end it was.
        outcome: how it ended.
        sha256: of the file, in hexadecimal.
        build_id: the linker's, in hexadecimal.
        confinement: in words.
    """
    facts = {
        **_known_of(plugin, sha256, build_id, confinement),
        "What happened": visible(outcome.sentence, _MOST_SENTENCE),
        "During": _shown(outcome.during),
        "Process": _process(outcome),
        "Left out": f"{outcome.left_out_bytes:,} bytes of its output" if outcome.left_out_bytes else "",
    }
    lists = {
        "Native frames": outcome.crash.frames if outcome.crash else (),
        "Parameters": tuple(f"{name} = {value:g}" for name, value in outcome.parameters),
        _REFUSED: outcome.denied,
        "Last lines of standard error": tuple(outcome.stderr_tail.splitlines()),
    }
    return _written(facts, lists)


def denial_text(
    plugin: Reported, denied: Sequence[str], *, sha256: str = "", build_id: str = "", confinement: str = ""
) -> str:
    """As ``report_text``, of a plugin that runs on without what it was refused."""
    facts = _known_of(plugin, sha256, build_id, confinement)
    return _written(facts, {_REFUSED: denied})


def _known_of(plugin: Reported, sha256: str, build_id: str, confinement: str) -> dict[str, str]:
    return {
        "Plugin": _shown(f"{plugin.manifest.name} {plugin.manifest.version}".strip()),
        "File": _shown(str(plugin.path)),
        "SHA-256": sha256,
        "Build id": build_id,
        "Confinement": confinement,
    }


def _written(facts: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> str:
    lines = [f"{label}: {value}" for label, value in facts.items() if value]
    return "\n".join((*lines, *(line for label, items in lists.items() for line in _listed(label, items)), ""))


def _process(outcome: Outcome) -> str:
    number = f"number {outcome.pid}" if outcome.pid else ""
    time = f"ended {outcome.seconds:.3f} s after its start" if outcome.seconds is not None else ""
    return ", ".join(filter(None, (number, time)))


def _listed(label: str, items: Iterable[str]) -> Iterator[str]:
    """The newest ``_MOST_LINES`` of them, below their label."""
    shown = [f"  {_shown(item)}" for item in items][-_MOST_LINES:]
    if shown:
        yield f"{label}:"
        yield from shown


def _shown(text: str) -> str:
    return visible(text, _MOST_CHARACTERS)
