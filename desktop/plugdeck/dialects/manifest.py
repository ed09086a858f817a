"""What a plugin says of itself, read from the file without running it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from plugdeck.binary.facts import SymbolKind

IMAGE_TRANSFORM = "image-transform/1"
"""The interface of a plugin that turns one image into another."""

SDK_OWNER = "Plugdeck"
"""Of the notes in which plugins of our own SDK say what they are."""

NAME_LIMIT = 100
"""The longest name, author, label and other short text that is taken from a file, in characters."""


class Dialect(StrEnum):
    """The contract a plugin speaks."""

    SDK = "sdk"
    GO = "go"
    LIBRARY = "library"


class ParameterKind(StrEnum):
    """How a parameter is edited; the C type of its variable follows from it."""

    INTEGER = "integer"
    """An ``int``: a slider and a spin box."""
    REAL = "real"
    """A ``double``: a slider and a spin box."""
    SWITCH = "switch"
    """An ``int`` that is 0 or 1: a check box."""
    CHOICE = "choice"
    """An ``int`` index into ``choices``: a list."""


class Area(StrEnum):
    """What a transform reads around a pixel to write it."""

    POINTWISE = "pointwise"
    NEIGHBOURHOOD = "neighbourhood"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class DeclaredSymbol:
    """An exported symbol with its type."""

    name: str
    kind: SymbolKind
    c_type: str
    """As its author declared it for C; of a Go plugin the Go type, empty where the file does not say it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of a plugin: an exported variable with a range."""

    name: str
    label: str
    kind: ParameterKind
    minimum: float
    maximum: float
    default: float
    unit: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """A plugin's own words. Every text is untrusted: length-limited, never markup."""

    dialect: Dialect
    name: str
    version: str = ""
    author: str = ""
    licence: str = ""
    description: str = ""
    abi: tuple[int, int] | None = None
    """The SDK version (major, minor) it was built with."""
    abi_minimum: tuple[int, int] | None = None
    """The oldest host version it accepts."""
    toolchain: str = ""
    interfaces: tuple[str, ...] = ()
    symbols: tuple[DeclaredSymbol, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    area: Area = Area.WHOLE
    area_radius: str = ""
    """For a neighbourhood: a number of pixels, or the name of the parameter that holds it."""
    symbol_prefix: str = ""
    """What the file's symbol names have in front of those of ``symbols``; then these alone are the plugin's own."""
    language_runtime: str = ""
    """What it brings along that a process can have only once (``Go``): no two such plugins share a process."""
    types: dict[str, str] = field(init=False, repr=False, compare=False)
    """C type by symbol name, made from ``symbols``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", {symbol.name: symbol.c_type for symbol in self.symbols})

    @property
    def is_transform(self) -> bool:
        """Whether it promises the image-transform interface."""
        return IMAGE_TRANSFORM in self.interfaces

    @property
    def needs_own_process(self) -> bool:
        """Whether no mode of hosting gives it another one: Go's runtime stands no second one beside it."""
        return self.dialect is Dialect.GO or bool(self.language_runtime)
