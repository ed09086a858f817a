"""Plugdeck: see what is inside a native plugin, know whether it will load, and try it safely.

The library's face, for programs::

    import plugdeck

    report = plugdeck.examine("greeter.so")  # reads the file: none of its code runs
    print(report.status, report.name)

    plugin = plugdeck.open("greeter.so")  # loads it into this process, where it stays
    print(plugin.lookup("Greet").call("Ada"))  # by its declared type, with plain values

    volume = plugin.lookup("Volume").expect("int")  # asserts the type
    volume.value += 1  # writes the plugin's own variable
    shout = plugin.lookup("Shout").expect("int(int)")  # a C function: as fast as cffi is
    print(shout(20))

``open`` gives the same ``Plugin`` for the same file, on any thread. A wrong name or type is an error before anything
is called; all errors are ``PlugdeckError``. There is no ``close``: native code cannot be unloaded.

``open`` asks nobody and confines nothing: the plugin gets all rights of the program that opens it, whatever its user
allowed or forbade it in the window or on the command line. Open only what you would import.
"""

from __future__ import annotations

TYPE_CHECKING = False  # checkers take it for true; importing it would make every start several ms slower

if TYPE_CHECKING:
    from plugdeck.catalogue.examine import examine
    from plugdeck.catalogue.report import Report
    from plugdeck.dialects.opening import open_plugin as open
    from plugdeck.errors import (
        ArgumentError,
        BinaryFormatError,
        CallError,
        OpenError,
        PlugdeckError,
        StaleError,
        SymbolNotFoundError,
        SymbolTypeError,
    )
    from plugdeck.runtime import Plugin, Symbol, Variable

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "BinaryFormatError",
    "CallError",
    "OpenError",
    "PlugdeckError",
    "Plugin",
    "Report",
    "StaleError",
    "Symbol",
    "SymbolNotFoundError",
    "SymbolTypeError",
    "Variable",
    "examine",
    "open",
]

# Each name is imported at its first use: every process of ours imports this package, few of them need all of it.
_HOMES = {
    "examine": ("plugdeck.catalogue.examine", "examine"),
    "Report": ("plugdeck.catalogue.report", "Report"),
    "open": ("plugdeck.dialects.opening", "open_plugin"),
    **{name: ("plugdeck.runtime", name) for name in ("Plugin", "Symbol", "Variable")},
    **{name: ("plugdeck.errors", name) for name in __all__ if name.endswith("Error")},
}


if not TYPE_CHECKING:  # checkers know the names from above, and would take every submodule for an object

    def __getattr__(name: str) -> object:
        """The names of ``__all__``, when they are first asked for."""
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = _HOMES[name]
        globals()[name] = value = getattr(import_module(module), attribute)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
