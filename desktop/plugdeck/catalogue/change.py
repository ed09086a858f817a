"""One change between two builds of a plugin: what it was, what it is, and what that means for its callers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from plugdeck.text import visible


class Effect(StrEnum):
    """What a change means; the order is from worst to mildest."""

    BREAKS = "breaks"
    """Something that a caller of the old build relies on is gone or is another thing."""
    ASKS = "asks"
    """The new build needs more of the computer that it runs on."""
    ADDS = "adds"
    """Something new, which no caller of the old build knows."""
    DIFFERS = "differs"
    """For people to know; no caller sees it."""


class ChangeKind(StrEnum):
    """What has changed; stable, for scripts."""

    LOADS = "loads"
    STATUS = "status"
    MACHINE = "machine"
    SONAME = "soname"
    DIALECT = "dialect"
    INTERFACE = "interface"
    FUNCTION = "function"
    VARIABLE = "variable"
    SYMBOL = "symbol"
    """Exported, and neither: assembly code does not always say what it defines."""
    VARIABLE_SIZE = "variable-size"
    SYMBOL_KIND = "symbol-kind"
    TYPE = "type"
    PARAMETER = "parameter"
    SDK = "sdk"
    DEPENDENCY = "dependency"
    VERSION_NEED = "version-need"
    NEWEST_VERSION = "newest-version"
    PLUGIN = "plugin"
    TOOLCHAIN = "toolchain"
    HARDENING = "hardening"
    BUILD_ID = "build-id"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``old`` is empty for what was added, ``new`` for what was removed."""

    kind: ChangeKind
    name: str
    """What it is about: a symbol, a parameter, a library; empty where the kind says it all."""
    old: str
    new: str
    effect: Effect
    message: str
    """One sentence for people, safe to show."""


def added(kind: ChangeKind, name: str, what: str, *, value: str = "", effect: Effect = Effect.ADDS) -> Change:
    """Something that only the new build has; ``what`` names it in the sentence: ``The function f()``."""
    return Change(kind, name, "", value or name, effect, f"{visible(what)} is new.")


def removed(kind: ChangeKind, name: str, what: str, *, value: str = "", effect: Effect = Effect.BREAKS) -> Change:
    """Something that only the old build has."""
    return Change(kind, name, value or name, "", effect, f"{visible(what)} is gone.")


def changed(kind: ChangeKind, name: str, what: str, values: tuple[str, str], effect: Effect) -> Change:
    """Something that both have, and that is another; ``values`` are the old and the new one."""
    was, now = (visible(value) or "nothing" for value in values)
    return Change(kind, name, *values, effect, f"{visible(what)} was {was} and is {now}.")
