"""The notes that ``plugdeck.h`` writes: one dataclass for each kind, each with its own ``parse``.

A note's description is a list of ``key=value`` strings, each ended by a NUL; an empty string ends the list, and
unknown keys are ignored. All of it is untrusted: names have to be C identifiers, other texts are shortened and made
visible, and a note that breaks a rule is a ``DamagedNoteError`` for the caller to report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.manifest import NAME_LIMIT
from plugdeck.text import visible

PLUGIN_NOTE, SYMBOL_NOTE, PARAMETER_NOTE, INTERFACE_NOTE = 1, 2, 3, 4

DESCRIPTION_LIMIT = 1000
TYPE_LIMIT = 500
MAX_CHOICES = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_ABI = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


class DamagedNoteError(ValueError):
    """A note breaks the rules of ``plugdeck.h``; the message says how, as the end of a sentence."""


def parse_fields(description: bytes) -> dict[str, str]:
    """The keys and values of a note, decoded as UTF-8 with ``surrogateescape``."""
    fields: dict[str, str] = {}
    *strings, rest = description.split(b"\0")
    if rest:
        raise DamagedNoteError("does not end")
    for string in strings:
        if not string:
            break
        key, equals, value = string.decode("utf-8", "surrogateescape").partition("=")
        if not equals or key in fields:
            raise DamagedNoteError(f"has “{visible(key, 40)}” {'twice' if key in fields else 'without a value'}")
        fields[key] = value
    return fields


def _identifier(fields: Mapping[str, str]) -> str:
    name = fields.get("name", "")
    if not _IDENTIFIER.fullmatch(name):
        raise DamagedNoteError(f"names “{visible(name, 40)}”, which is no C identifier")
    return name


def _abi(fields: Mapping[str, str], key: str) -> tuple[int, int] | None:
    match = _ABI.fullmatch(fields.get(key, ""))
    return (int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True, slots=True)
class PluginNote:
    """Type 1: the plugin itself."""

    name: str
    version: str
    author: str
    licence: str
    description: str
    toolchain: str
    abi: tuple[int, int] | None
    abi_minimum: tuple[int, int] | None

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> PluginNote:
        """The note from its fields; all but the name may be missing."""
        keys = ("name", "version", "author", "licence", "toolchain")
        texts = {key: visible(fields.get(key, "").strip(), NAME_LIMIT) for key in keys}
        if not texts["name"]:
            raise DamagedNoteError("gives the plugin no name")
        abi = _abi(fields, "abi")
        return cls(
            **texts,
            description=visible(fields.get("description", "").strip(), DESCRIPTION_LIMIT),
            abi=abi,
            abi_minimum=_abi(fields, "abi-minimum") or abi,
        )


@dataclass(frozen=True, slots=True)
class SymbolNote:
    """Type 2: an exported function or variable and its C type."""

    name: str
    kind: SymbolKind
    c_type: str

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> SymbolNote:
        """The note from its fields."""
        name = _identifier(fields)
        kind = {"function": SymbolKind.FUNCTION, "variable": SymbolKind.VARIABLE}.get(fields.get("kind", ""))
        c_type = " ".join(fields.get("type", "").split())
        if kind is None:
            raise DamagedNoteError(f"does not say whether {name} is a function or a variable")
        if not c_type or len(c_type) > TYPE_LIMIT or not (c_type.isascii() and c_type.isprintable()):
            raise DamagedNoteError(f"gives {name} no usable C type")
        return cls(name, kind, c_type)


@dataclass(frozen=True, slots=True)
class ParameterNote:
    """Type 3: a variable that a user may set; numbers are still text."""

    name: str
    kind: str
    label: str
    minimum: str
    maximum: str
    default: str
    unit: str
    choices: tuple[str, ...]

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> ParameterNote:
        """The note from its fields."""
        name = _identifier(fields)
        choices = fields["choices"].split("|", MAX_CHOICES) if fields.get("choices") else []
        return cls(
            name=name,
            kind=fields.get("kind", ""),
            label=visible(fields.get("label", "").strip(), NAME_LIMIT) or name,
            minimum=fields.get("minimum", ""),
            maximum=fields.get("maximum", ""),
            default=fields.get("default", ""),
            unit=visible(fields.get("unit", "").strip(), 20),
            choices=tuple(visible(choice.strip(), NAME_LIMIT) for choice in choices),
        )


@dataclass(frozen=True, slots=True)
class InterfaceNote:
    """Type 4: an interface that the plugin implements."""

    name: str
    area: str

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> InterfaceNote:
        """The note from its fields."""
        name = visible(fields.get("name", "").strip(), NAME_LIMIT)
        if not name:
            raise DamagedNoteError("names no interface")
        return cls(name, fields.get("area", "whole"))
