"""A plugin's variable: a pointer into its memory, so that both sides see every write at once."""

from __future__ import annotations

from typing import Any

from plugdeck.errors import ArgumentError
from plugdeck.runtime.c_types import CType
from plugdeck.runtime.memory_map import mapping_at
from plugdeck.runtime.native import ffi
from plugdeck.runtime.values import to_python


class Variable:
    """A live variable of a loaded plugin; valid until the process ends, on any thread.

    Reading and writing is not synchronised with the plugin: what it does with the variable during a call, it does
    meanwhile.
    """

    __slots__ = ("_is_writable", "_type", "name", "pointer")

    def __init__(self, name: str, address: int, c_type: CType) -> None:
        self.name = name
        self._type = c_type
        self._is_writable: bool | None = False if c_type.is_constant else None
        self.pointer: Any = ffi.cast(ffi.typeof(ffi.getctype(c_type.ctype, "*")), address)
        """cffi's pointer to it: ``pointer[0]`` is the variable, whatever its type."""

    @property
    def c_type(self) -> str:
        """Its C type, as it was asked for."""
        return self._type.text

    @property
    def address(self) -> int:
        """Where it lies in this process."""
        return int(ffi.cast("uintptr_t", self.pointer))

    @property
    def value(self) -> Any:
        """What is in it now: a number, a bool, text (``char *``; None for NULL), or cffi's own value for the rest."""
        return to_python(self._type.ctype, self.pointer[0])

    @value.setter
    def value(self, value: Any) -> None:
        """Writes a number, or whatever cffi takes for the type; text is not written, since nobody would own it.

        Raises:
            ArgumentError: the value does not fit the type, or the variable lies in memory that cannot be written.
        """
        if self._is_writable is None:
            mapping = mapping_at(self.address)  # a write to read-only memory would end the process
            self._is_writable = mapping is not None and mapping.is_writable
        if not self._is_writable:
            raise ArgumentError(f"{self.name} is a constant of the plugin and cannot be written.")
        try:
            self.pointer[0] = value
        except (TypeError, ValueError, OverflowError, IndexError) as error:
            raise ArgumentError(f"{value!r} does not fit {self.name}, a {self.c_type}: {error}") from error

    def __repr__(self) -> str:
        return f"<Variable {self.name}: {self.c_type} at {self.address:#x}>"
