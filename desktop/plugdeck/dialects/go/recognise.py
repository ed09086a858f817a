"""A Go plugin: its own words to a manifest, and what cannot be read of them to findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from plugdeck.binary.facts import BinaryFacts
from plugdeck.compat.finding import Finding, Severity
from plugdeck.dialects.go.facts import GoBuildMode, GoFile
from plugdeck.dialects.go.reading import read_go_file
from plugdeck.dialects.manifest import IMAGE_TRANSFORM, NAME_LIMIT, DeclaredSymbol, Dialect, Manifest
from plugdeck.errors import BinaryFormatError
from plugdeck.text import visible

_UNNAMED = "plugin/unnamed-"
"""What the go command calls a plugin that was built from single files; a hash of these follows."""

TRANSFORM_TYPES = frozenset((
    "func(image.Image) image.Image", "func(image.Image) (image.Image, error)",
    "func(*image.NRGBA) *image.NRGBA", "func(*image.RGBA) *image.RGBA",
    "func(draw.Image, image.Image)", "func(draw.Image, image.Image) error",
    "func(*image.NRGBA, *image.NRGBA)", "func(*image.NRGBA, *image.NRGBA) error",
    "func(*image.RGBA, *image.RGBA)", "func(*image.RGBA, *image.RGBA) error",
    "func(draw.Image)", "func(draw.Image) error",
))  # fmt: skip
"""What a transform may be: picture in and out, or drawn from one into another, or drawn over."""
PRIORITY_TYPES = frozenset(("int", "int8", "int16", "int32", "int64", "uint8", "uint16"))

_MAJOR = re.compile(r"v[0-9]+")

Recognised = tuple[Manifest, tuple[Finding, ...]]


def recognise(facts: BinaryFacts) -> Recognised | None:
    """The manifest of a Go plugin and what is to say of the file alone; None for every other file of Go's."""
    try:
        file = read_go_file(facts.source, facts.identity)
    except BinaryFormatError:
        return None  # it was replaced meanwhile
    if file is None or file.mode is not GoBuildMode.PLUGIN:
        return None
    return manifest_of(file, facts.path), tuple(_findings(file))


def manifest_of(file: GoFile, path: Path) -> Manifest:
    """What the plugin at ``path`` says of itself."""
    main = file.build.main if file.build else None
    return Manifest(
        dialect=Dialect.GO,
        name=visible(_name(file) or path.name, NAME_LIMIT),
        version=visible(main.version.removeprefix("v"), NAME_LIMIT) if main and main.version != "(devel)" else "",
        description=visible(f"Go plugin {file.plugin_path}", NAME_LIMIT) if file.plugin_path else "Go plugin",
        toolchain=visible(file.toolchain, NAME_LIMIT),
        interfaces=(IMAGE_TRANSFORM,) if _is_transform(file) else (),
        symbols=tuple(DeclaredSymbol(symbol.name, symbol.kind, symbol.type) for symbol in file.symbols),
        symbol_prefix=f"{file.plugin_path}." if file.plugin_path else "",
    )


def _is_transform(file: GoFile) -> bool:
    """Whether the runner can call its ``Transform`` (``plugins/runner/transforms.go``), and rank it by ``Priority``."""
    types = {symbol.name: symbol.type for symbol in file.symbols}
    return types.get("Transform") in TRANSFORM_TYPES and types.get("Priority") in PRIORITY_TYPES


def _name(file: GoFile) -> str:
    """The last word of the plugin's path, without a major version behind it; empty for a plugin of single files."""
    if file.plugin_path.startswith(_UNNAMED):
        return ""
    *before, last = file.plugin_path.split("/")
    return before[-1] if before and _MAJOR.fullmatch(last) else last


def _findings(file: GoFile) -> Iterator[Finding]:
    if file.unknown:
        yield Finding(
            "go.partly-unknown",
            Severity.WARNING,
            "Not everything that Go plugins say of themselves can be read in this one.",
            file.unknown,
            "Build it again with a released version of Go, and do not change the file afterwards.",
        )
    if file.build is None:
        yield Finding(
            "go.build-unknown",
            Severity.INFO,
            "The file does not say which Go, modules and settings built it; what follows of these cannot be told.",
            ("It has no section .go.buildinfo, and nothing like it in its data.",),
            remedy="Keep the section .go.buildinfo, which “strip” leaves in place by itself.",
        )
    if file.plugin_path and not file.symbols and not file.unknown:
        yield Finding(
            "go.exports-nothing",
            Severity.INFO,
            "It exports no function and no variable, so its host can only run its init functions.",
            (f"The list of exports of {visible(file.plugin_path, 200)} is empty.",),
            remedy="Begin names with a capital letter, in package main.",
        )
