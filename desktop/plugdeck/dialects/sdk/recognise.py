"""A plugin of our own SDK: its notes to a manifest, and what is wrong with them to findings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.manifest import (
    IMAGE_TRANSFORM,
    NAME_LIMIT,
    Area,
    DeclaredSymbol,
    Dialect,
    Manifest,
    Parameter,
    ParameterKind,
)
from plugdeck.dialects.sdk.checks import INTERFACES, check_abi, check_exports, check_interfaces
from plugdeck.dialects.sdk.collecting import SdkNotes, collect_notes
from plugdeck.dialects.sdk.notes import DamagedNoteError, InterfaceNote, PluginNote
from plugdeck.dialects.sdk.parameters import parse_parameter
from plugdeck.text import visible

HOST_ABI_MINIMUM, HOST_ABI = (1, 0), (1, 0)
"""The oldest and the newest SDK version (major, minor) that this host supports."""

GO = "Go"
"""The owner of the note that Go's linker leaves, and the name of the runtime that such a file brings."""

MAX_FINDINGS = 50
"""A crafted file can have thousands; nobody reads them."""

# Semantic Versioning 2.0.0: three numbers without leading zeros, then pre-release and build identifiers.
_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SEMANTIC_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-(?P<pre>{_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?")
_PIXELS = re.compile(r"[0-9]{1,5}")

Recognised = tuple[Manifest, tuple[Finding, ...]]


def recognise(facts: BinaryFacts) -> Recognised | None:
    """The manifest of a file with Plugdeck notes, and every finding against it; None for a file without them."""
    notes = collect_notes(facts.elf.notes) if facts.elf else None
    if notes is None:
        return None
    manifest = _manifest(notes, facts)
    findings = [*notes.findings, *_check(notes.plugin, manifest, facts)]
    return manifest, _limited(findings)


def _manifest(notes: SdkNotes, facts: BinaryFacts) -> Manifest:
    """The manifest; parameters and areas that are invalid are reported in ``notes.findings`` and left out."""
    plugin = notes.plugin or PluginNote(visible(facts.path.name, NAME_LIMIT), "", "", "", "", "", None, None)
    symbols = {note.name: DeclaredSymbol(note.name, note.kind, note.c_type) for note in notes.symbols.values()}
    parameters = tuple(_parameters(notes, symbols))
    area, radius = _area(notes, parameters)
    return Manifest(
        dialect=Dialect.SDK,
        name=plugin.name,
        version=plugin.version,
        author=plugin.author,
        licence=plugin.licence,
        description=plugin.description,
        abi=plugin.abi,
        abi_minimum=plugin.abi_minimum,
        toolchain=plugin.toolchain,
        interfaces=tuple(notes.interfaces),
        symbols=tuple(symbols.values()),
        parameters=parameters,
        area=area,
        area_radius=radius,
        language_runtime=GO if facts.elf and any(note.owner == GO for note in facts.elf.notes) else "",
    )


def _parameters(notes: SdkNotes, symbols: dict[str, DeclaredSymbol]) -> Iterator[Parameter]:
    for note in notes.parameters.values():
        try:
            yield parse_parameter(note, symbols)
        except DamagedNoteError as error:
            notes.findings.append(
                _warning(
                    "sdk.parameter-invalid",
                    f"The parameter {note.name} {error}; it cannot be set here.",
                    "Correct it where the plugin declares it, and build the plugin again.",
                )
            )


def _area(notes: SdkNotes, parameters: tuple[Parameter, ...]) -> tuple[Area, str]:
    """What the transform says that it reads around a pixel, and its radius; the whole picture when it is unclear."""
    note = notes.interfaces.get(IMAGE_TRANSFORM, InterfaceNote(IMAGE_TRANSFORM, Area.WHOLE))
    word, colon, radius = note.area.partition(":")
    numbers = {each.name for each in parameters if each.kind in {ParameterKind.INTEGER, ParameterKind.REAL}}
    if word == Area.NEIGHBOURHOOD and (_PIXELS.fullmatch(radius) or radius in numbers):
        return Area.NEIGHBOURHOOD, radius
    if word in {Area.POINTWISE, Area.WHOLE} and not colon:
        return Area(word), ""
    notes.findings.append(
        _warning(
            "sdk.area-invalid",
            f"The transform says that it reads “{visible(note.area, 40)}” around a pixel, which is not understood; "
            "it gets the whole picture at once.",
            "Write “pointwise”, “neighbourhood:8”, “neighbourhood:” and the name of a parameter, or “whole”.",
        )
    )
    return Area.WHOLE, ""


def _check(plugin: PluginNote | None, manifest: Manifest, facts: BinaryFacts) -> Iterator[Finding]:
    if plugin is None:
        yield Finding(
            id="sdk.plugin-note-missing",
            severity=Severity.ERROR,
            message="The file has Plugdeck notes, but none of them says which plugin it is.",
            remedy="Say PD_PLUGIN(…) in one source file of the plugin, and build it again.",
        )
    else:
        yield from check_abi(plugin.abi, plugin.abi_minimum, HOST_ABI_MINIMUM, HOST_ABI)
        if not is_semantic_version(plugin.version):
            yield _warning(
                "sdk.version-invalid",
                f"The plugin's version “{plugin.version}” is no semantic version, so it cannot be ordered.",
                "Write three numbers, such as 1.0.0.",
            )
    yield from _unknown_interfaces(manifest)
    yield from check_interfaces(manifest)
    if facts.exports is not None:
        yield from check_exports(manifest, facts.exports)


def _unknown_interfaces(manifest: Manifest) -> Iterator[Finding]:
    for interface in manifest.interfaces:
        if interface not in INTERFACES:
            yield Finding(
                id="sdk.interface-unknown",
                severity=Severity.INFO,
                message=f"This host does not know the interface {interface}.",
                remedy="Call the plugin's functions one by one, or look for a newer Plugdeck.",
            )


def is_semantic_version(text: str) -> bool:
    """Whether ``text`` is a version by Semantic Versioning 2.0.0."""
    match = _SEMANTIC_VERSION.fullmatch(text)
    pre_release = (match["pre"] or "").split(".") if match else []
    return match is not None and not any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in pre_release)


def _warning(finding_id: str, message: str, remedy: str) -> Finding:
    return Finding(finding_id, Severity.WARNING, message, remedy=remedy)


def _limited(findings: list[Finding]) -> tuple[Finding, ...]:
    """At most ``MAX_FINDINGS``, the errors first to stay, in their order."""
    if len(findings) <= MAX_FINDINGS:
        return tuple(findings)
    errors_first = sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR)
    left_out = len(findings) - MAX_FINDINGS + 1
    more = _warning("sdk.more-findings", f"{left_out} more findings are left out.", "Mend these first.")
    return (*errors_first[: MAX_FINDINGS - 1], more)
