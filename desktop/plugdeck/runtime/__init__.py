"""Native code in this process: open a file, look a symbol up, assert its C type, call it."""

from plugdeck.runtime.opening import open_library
from plugdeck.runtime.plugin import Plugin
from plugdeck.runtime.symbol import Symbol
from plugdeck.runtime.variable import Variable

__all__ = ["Plugin", "Symbol", "Variable", "open_library"]
