"""Which contract a binary speaks, and what it says of itself there."""

from __future__ import annotations

from collections.abc import Callable

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding
from plugdeck.dialects import library
from plugdeck.dialects.manifest import SDK_OWNER, Manifest

Recognised = tuple[Manifest, tuple[Finding, ...]]


def _recognise_sdk(facts: BinaryFacts) -> Recognised | None:
    """Imported for files with such notes alone: most have none, and a check of one file is to take no time."""
    if facts.elf is None or not any(note.owner == SDK_OWNER for note in facts.elf.notes):
        return None
    from plugdeck.dialects import sdk

    return sdk.recognise(facts)


def _recognise_go(facts: BinaryFacts) -> Recognised | None:
    """Imported for files of Go's linker alone."""
    if facts.elf is None or not any(note.owner == "Go" for note in facts.elf.notes):
        return None
    from plugdeck.dialects.go.recognise import recognise as recognise_go

    return recognise_go(facts)


DIALECTS: tuple[Callable[[BinaryFacts], Recognised | None], ...] = (
    _recognise_sdk,
    _recognise_go,
    library.recognise,
)
"""In order: the first that knows a file has it. A new dialect is one more line here."""


def recognise(facts: BinaryFacts) -> tuple[Manifest | None, tuple[Finding, ...]]:
    """The file's own words, and what is wrong with them; None for a file that speaks no dialect at all.

    Symbols are checked only when the facts list them (``facts.exports``).
    """
    for recognise_dialect in DIALECTS:
        if found := recognise_dialect(facts):
            return found
    return None, ()
