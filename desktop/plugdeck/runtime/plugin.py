"""A plugin that is loaded in this process, named as Go's plugin package names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import RLock
from typing import Any, Protocol, TypeVar

from plugdeck.binary.facts import BinarySymbol
from plugdeck.errors import SymbolNotFoundError
from plugdeck.runtime import native
from plugdeck.runtime.loaded_file import LoadedFile
from plugdeck.runtime.symbol import Symbol

Made = TypeVar("Made")

_DESCRIPTORS = "/proc/self/fd"


class Description(Protocol):
    """What a plugin says of itself, as far as it matters here; a dialect's ``Manifest``."""

    @property
    def name(self) -> str:
        """What it calls itself."""

    @property
    def types(self) -> Mapping[str, str]:
        """The declared C types, by the symbol's name."""


class Plugin:
    """Native code in this process. It stays until the process ends: there is no ``close``.

    Made by ``open_library``; equal files give the same object, so that identity is equality.
    """

    def __init__(
        self, file: LoadedFile, handle: int, exports: tuple[BinarySymbol, ...], description: Description
    ) -> None:
        self.file = file
        """What it was loaded from."""
        self._handle = handle
        self._exports = {symbol.name: symbol for symbol in sorted(exports, key=_default_version_last)}
        self.description = description
        """What the plugin said of itself when it was loaded."""
        self._symbols: dict[str, Symbol] = {}
        self._lock = RLock()
        self._made: dict[object, Any] = {}

    @property
    def path(self) -> Path:
        """The real path that it was loaded from."""
        return self.file.path

    @property
    def name(self) -> str:
        """The file's name, or its own where it was opened by a descriptor, whose number says nothing."""
        path = self.file.path
        return self.description.name if path.is_relative_to(_DESCRIPTORS) else path.name

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every exported symbol that the loader finds, by name."""
        found = []
        for name in sorted(self._exports):
            try:
                found.append(self.lookup(name))
            except SymbolNotFoundError:  # in the table, yet not for others: a version's own name, for example
                continue
        return tuple(found)

    @property
    def stale_reason(self) -> str:
        """What happened to the file since it was loaded, in words; empty when it is still what runs here."""
        return self.file.change_at(self.file.path)

    def is_stale(self) -> bool:
        """Whether the file is no longer what was loaded from it. The loaded code works on either way."""
        return bool(self.stale_reason)

    def lookup(self, name: str) -> Symbol:
        """The exported symbol of this name, of this plugin itself and not of a library that it needs.

        Raises:
            SymbolNotFoundError: it exports none; ``remedy`` names similar ones.
        """
        known = self._symbols.get(name)
        if known is None:
            known = self._symbols.setdefault(name, self._find(name))
        return known

    def once(self, key: object, make: Callable[[], Made]) -> Made:
        """What ``make`` returned at the first call with this key; kept as long as the code that may point to it.

        Callers on other threads wait for the first. A ``make`` that raises is tried again by the next.
        """
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            made: Made = self._made[key]
            return made

    def _find(self, name: str) -> Symbol:
        export = self._exports.get(name)
        address = native.find_address(self._handle, name) if export else 0
        if not export or not address:
            raise SymbolNotFoundError(name, self.name, remedy=self._similar(name))
        return Symbol(self.name, export, address, self.description.types.get(name))

    def _similar(self, name: str) -> str:
        import difflib  # only to explain an error

        folded = {known.casefold(): known for known in self._exports}
        similar = [folded[near] for near in difflib.get_close_matches(name.casefold(), folded, n=3)]
        if similar:
            return f"Did you mean {' or '.join(similar)}?"
        return "See its symbols for what it exports." if self._exports else "It exports nothing that can be listed."

    def __repr__(self) -> str:
        return f"<Plugin {self.name} from {self.path}>"


def _default_version_last(symbol: BinarySymbol) -> bool:
    """Of several versions of one name, ``dlsym`` gives the default one."""
    return symbol.version is None or symbol.version_is_default
