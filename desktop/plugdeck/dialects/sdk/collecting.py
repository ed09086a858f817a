"""A file's notes, sorted by kind: each at most once, what contradicts itself reported and left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from plugdeck.binary.facts import Note
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import SDK_OWNER
from plugdeck.dialects.sdk.notes import (
    INTERFACE_NOTE,
    PARAMETER_NOTE,
    PLUGIN_NOTE,
    SYMBOL_NOTE,
    DamagedNoteError,
    InterfaceNote,
    ParameterNote,
    PluginNote,
    SymbolNote,
    parse_fields,
)

_Parsed = TypeVar("_Parsed", SymbolNote, ParameterNote, InterfaceNote)


@dataclass(slots=True)
class SdkNotes:
    """The notes of one plugin, each kind by name and in file order."""

    plugin: PluginNote | None = None
    symbols: dict[str, SymbolNote] = field(default_factory=dict)
    parameters: dict[str, ParameterNote] = field(default_factory=dict)
    interfaces: dict[str, InterfaceNote] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, note: Note) -> None:
        """Takes one note of our owner; kinds that a later SDK may add are passed over."""
        try:
            fields = parse_fields(note.description)
            if note.type == PLUGIN_NOTE:
                self._add_plugin(PluginNote.parse(fields))
            elif note.type == SYMBOL_NOTE:
                self._add_named(self.symbols, SymbolNote.parse(fields))
            elif note.type == PARAMETER_NOTE:
                self._add_named(self.parameters, ParameterNote.parse(fields))
            elif note.type == INTERFACE_NOTE:
                self._add_named(self.interfaces, InterfaceNote.parse(fields))
        except DamagedNoteError as error:
            self.findings.append(_damaged(note, error))

    def _add_plugin(self, note: PluginNote) -> None:
        if self.plugin is None:
            self.plugin = note
        elif self.plugin != note:
            self.findings.append(_repeated(f"itself as {self.plugin.name} and as {note.name}"))

    def _add_named(self, known: dict[str, _Parsed], note: _Parsed) -> None:
        first = known.setdefault(note.name, note)
        if first != note:  # equal ones come from several source files that include one header
            self.findings.append(_repeated(f"{note.name} twice, in different ways"))


def collect_notes(notes: Iterable[Note]) -> SdkNotes | None:
    """Our notes among all notes of a file, or None when there is none."""
    own = [note for note in notes if note.owner == SDK_OWNER]
    if not own:
        return None
    collected = SdkNotes()
    for note in own:
        collected.add(note)
    return collected


def _damaged(note: Note, error: DamagedNoteError) -> Finding:
    kinds = {PLUGIN_NOTE: "plugin", SYMBOL_NOTE: "symbol", PARAMETER_NOTE: "parameter", INTERFACE_NOTE: "interface"}
    kind = f"{kinds[note.type]} note" if note.type in kinds else f"note of the unknown type {note.type}"
    return Finding(
        id="sdk.note-damaged",
        severity=Severity.WARNING,
        message=f"A {kind} of the plugin {error}; it is left out.",
        evidence=(f"The note begins with the bytes {note.description[:16].hex(' ') or '(none)'}.",),
        remedy="Write notes with the macros of plugdeck.h only, and build the plugin again.",
    )


def _repeated(what: str) -> Finding:
    return Finding(
        id="sdk.note-repeated",
        severity=Severity.WARNING,
        message=f"The plugin declares {what}; the first declaration counts.",
        remedy="Declare it once.",
    )
