"""What a Go file says of itself, as plain values; what it does not say is missing here, never guessed."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from plugdeck.binary.facts import SymbolKind


class GoModule(NamedTuple):
    """One module that code was compiled from, as the build recorded it."""

    path: str
    version: str = ""
    """``v1.2.3``; ``(devel)`` for what was built in its own folder, empty for a replacement by a folder."""
    sum: str = ""
    """``h1:…``, of the module's files; empty where the build had none."""
    replacement: GoModule | None = None
    """What ``replace`` in go.mod put in its place."""

    @property
    def used(self) -> GoModule:
        """The module whose code it is."""
        return self.replacement or self


class BuildInfo(NamedTuple):
    """``.go.buildinfo``: what ``go version -m`` prints."""

    toolchain: str
    """``go1.21.13``, with experiments behind it: ``go1.23.1 X:rangefunc``."""
    package: str = ""
    """The import path of the main package; ``command-line-arguments`` for a build of single files."""
    main: GoModule | None = None
    dependencies: tuple[GoModule, ...] = ()
    settings: dict[str, str] = {}  # noqa: RUF012 - it is never written
    """``-trimpath``, ``-tags``, ``CGO_ENABLED``, ``GOARCH``, ``vcs.revision``, …; flags that were not given are not
    there."""

    @property
    def modules(self) -> tuple[GoModule, ...]:
        """The main module and all others."""
        return (self.main, *self.dependencies) if self.main else self.dependencies


class GoMethod(NamedTuple):
    """One method of a value that a plugin exports; ``type`` is empty where the file does not say it."""

    name: str
    type: str


class GoSymbol(NamedTuple):
    """What ``plugin.Lookup`` finds under ``name``."""

    name: str
    kind: SymbolKind
    type: str
    """As ``reflect`` prints it, a variable's without the pointer that ``Lookup`` gives; empty where it is unknown."""
    methods: tuple[GoMethod, ...] = ()
    """What can be called on a variable, by name."""


class GoBuildMode(StrEnum):
    """What ``go build`` made of the code (``-buildmode``)."""

    PLUGIN = "plugin"
    PROGRAM = "exe"
    C_SHARED = "c-shared"
    OTHER = ""


class GoFile(NamedTuple):
    """One file that Go built: a plugin, a program, or a C library."""

    mode: GoBuildMode
    build: BuildInfo | None
    """None where the file does not say it."""
    plugin_path: str
    """What the runtime knows a plugin by, beside its file; empty for what is none, or where it is unknown."""
    hashes: dict[str, bytes]
    """The link hash of every package in it, in the order in which the runtime compares them: two files fit where these
    are the same. A program has them only if it can open plugins."""
    symbols: tuple[GoSymbol, ...] = ()
    """What a plugin exports, by name."""
    unknown: tuple[str, ...] = ()
    """A sentence for each part that could not be read."""

    @property
    def toolchain(self) -> str:
        """``go1.21.13``; empty where it is unknown."""
        return self.build.toolchain if self.build else ""

    def setting(self, name: str) -> str:
        """The value of a build setting; empty where it was not set, or nothing is known."""
        return self.build.settings.get(name, "") if self.build else ""
