"""Every error that Plugdeck raises on purpose, under one root.

::

    PlugdeckError
    ├── BinaryFormatError     the file cannot be read as a binary: where, and why
    ├── OpenError             a plugin could not be opened in this process
    │   └── StaleError        its file changed, and older code from it is loaded already
    ├── SymbolNotFoundError   the plugin exports no symbol of that name
    ├── SymbolTypeError       the symbol is there, with another C type
    ├── ArgumentError         a value does not fit the C type or the range it is meant for
    ├── CallError             the plugin itself reported a failure
    ├── HostError             the plugin's worker process failed: crashed, exited, timed out, …
    ├── PictureError          a picture could not be read, held or written
    ├── InstallError          a plugin could not be installed or removed
    └── SettingsError         the settings could not be written

What a user can expect of a file (it does not fit this host) is a finding in a report, not an exception.
Each message is a sentence for the user; ``remedy`` says what to do about it, where that is known.
"""

from __future__ import annotations

from pathlib import Path


class PlugdeckError(Exception):
    """The root of Plugdeck's errors; ``str()`` gives one sentence, ``remedy`` what to do."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class BinaryFormatError(PlugdeckError):
    """The file is not readable as the binary it claims to be."""

    def __init__(self, reason: str, *, path: Path | None = None, offset: int | None = None, remedy: str = "") -> None:
        where = f" at offset {offset:#x}" if offset is not None else ""
        super().__init__(f"{reason}{where}", remedy=remedy)
        self.reason = reason
        self.path = path
        self.offset = offset


class OpenError(PlugdeckError):
    """The dynamic loader, or a check before it, refused the plugin."""

    def __init__(self, path: Path, reason: str, *, remedy: str = "") -> None:
        super().__init__(f"{path} could not be opened: {reason}", remedy=remedy)
        self.path = path
        self.reason = reason


class StaleError(OpenError):
    """The file at this path is no longer the one that was loaded from it; native code cannot be unloaded.

    ``plugin`` is the loaded ``runtime.Plugin``, which keeps working with the code it was loaded with.
    """

    def __init__(self, path: Path, change: str, *, plugin: object) -> None:
        super().__init__(
            path,
            f"{change} since it was loaded, and the code that was loaded stays until this process ends",
            remedy="Start a new process to use the new file, or go on with the loaded plugin.",
        )
        self.plugin = plugin


class SymbolNotFoundError(PlugdeckError, LookupError):
    """The plugin exports no symbol of this name."""

    def __init__(self, symbol: str, plugin: str, *, remedy: str = "") -> None:
        super().__init__(f"symbol {symbol} not found in plugin {plugin}", remedy=remedy)
        self.symbol = symbol
        self.plugin = plugin


class SymbolTypeError(PlugdeckError, TypeError):
    """The symbol's declared C type is not the one the caller expects; ``reason`` says it where it is more than that."""

    def __init__(self, symbol: str, plugin: str, *, expected: str, declared: str | None, reason: str = "") -> None:
        found = reason or (f"is declared as {declared}" if declared else "has no declared type")
        super().__init__(
            f"symbol {symbol} of plugin {plugin} {found}; expected {expected}",
            remedy="Ask for the declared type, or have the plugin declare the symbol with the expected one.",
        )
        self.symbol = symbol
        self.plugin = plugin
        self.expected = expected
        self.declared = declared
        self.reason = reason


class ArgumentError(PlugdeckError, ValueError):
    """A value does not fit the C type or the range it is meant for; nothing was called or written."""


class CallError(PlugdeckError):
    """The plugin returned a failure and stays usable (what a recovered panic is in Go)."""

    def __init__(self, plugin: str, symbol: str, code: int, message: str = "") -> None:
        said = f": {message}" if message else " and gave no message"
        how = f"returned error {code}" if code else "failed"
        super().__init__(f"{symbol} of plugin {plugin} {how}{said}")
        self.plugin = plugin
        self.symbol = symbol
        self.code = code
        self.message = message


class PictureError(PlugdeckError):
    """A picture could not be read, held in memory, or written."""


class InstallError(PlugdeckError):
    """A plugin could not be installed, removed or restored; nothing was changed."""


class SettingsError(PlugdeckError):
    """The settings could not be written; the old ones are still on disk."""
