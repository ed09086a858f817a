"""One exported name of a loaded plugin: its kind, its declared C type, and what can be done with it."""

from __future__ import annotations

from typing import Any

from plugdeck.binary.facts import BinarySymbol, SymbolKind
from plugdeck.errors import SymbolTypeError
from plugdeck.runtime import native
from plugdeck.runtime.arguments import call_by_type
from plugdeck.runtime.c_types import CType, UnknownTypeError, parse_type
from plugdeck.runtime.memory_map import mapping_at
from plugdeck.runtime.variable import Variable

_CALLABLE = frozenset({SymbolKind.FUNCTION, SymbolKind.INDIRECT_FUNCTION})


class Symbol:
    """An exported function or variable. ``expect`` gives what can be called, read or written."""

    __slots__ = ("_export", "address", "c_type", "name", "plugin_name")

    def __init__(self, plugin_name: str, export: BinarySymbol, address: int, c_type: str | None) -> None:
        self.plugin_name = plugin_name
        self.name = export.name
        self.address = address
        """Where it is in this process."""
        self.c_type = c_type
        """The C type that the plugin declares, or None."""
        self._export = export

    @property
    def kind(self) -> SymbolKind:
        """``function`` or ``variable``, as the symbol table says."""
        return SymbolKind.FUNCTION if self._export.kind in _CALLABLE else self._export.kind

    def expect(self, c_type: str) -> Any:
        """Asserts the declared type, and gives the function to call or the ``Variable`` to read and write.

        A function is cffi's own function pointer, without anything around it. Arguments are checked by type when
        it is called; whether a pointer leads to as much memory as the plugin uses, nobody can check. Calls run
        without the interpreter's lock.

        Raises:
            SymbolTypeError: the symbol is declared with another type, or with none.
        """
        if self.c_type is None:
            raise self._mismatch(c_type)
        expected = self._parse(c_type, expected=c_type)
        if not self._parse(self.c_type, expected=c_type).is_same_as(expected):
            raise self._mismatch(c_type)
        return self._as(expected)

    def assume(self, c_type: str) -> Any:
        """As ``expect``, on the caller's word alone: for symbols without a declared type.

        Only what the symbol table tells is checked: function or variable, and a variable's size.

        Raises:
            SymbolTypeError: the type is unknown, or cannot be this symbol's.
        """
        return self._as(self._parse(c_type, expected=c_type))

    def as_declared(self) -> Any:
        """The function or the ``Variable`` with the type that the plugin declares, whatever it is.

        Raises:
            SymbolTypeError: it declares none, or one that is not known here.
        """
        return self.expect(self.c_type or "any declared type")

    def call(self, *arguments: object) -> object:
        """Calls the function with plain values, and gives one back; see ``call_by_type``. Slower than ``expect``."""
        return call_by_type(self, arguments)

    def _as(self, c_type: CType) -> Any:
        self._check_possible(c_type)
        if c_type.is_function:
            self._check_code(c_type)
            return native.ffi.cast(c_type.ctype, self.address)
        return Variable(self.name, self.address, c_type)

    def _check_code(self, c_type: CType) -> None:
        """Where the symbol table does not say that it is a function, the memory must be executable."""
        if self.kind is not SymbolKind.FUNCTION:
            mapping = mapping_at(self.address)
            if mapping is None or not mapping.is_executable:
                raise self._mismatch(c_type.text, "lies in memory that is not code")

    def _check_possible(self, c_type: CType) -> None:
        kind = self.kind
        if kind is SymbolKind.THREAD_LOCAL:
            raise self._mismatch(c_type.text, "is thread-local: each thread has its own, and none can be shared")
        wrong = SymbolKind.VARIABLE if c_type.is_function else SymbolKind.FUNCTION
        if kind is wrong:
            raise self._mismatch(c_type.text, f"is a {kind.value}")
        size = 0 if c_type.is_function else _size_of(c_type)
        if size is None:
            raise self._mismatch(c_type.text, "is a variable, and the type has no size")
        if size > self._export.size_bytes > 0:
            raise self._mismatch(c_type.text, f"has {self._export.size_bytes} bytes")

    def _parse(self, text: str, *, expected: str) -> CType:
        try:
            return parse_type(text)
        except UnknownTypeError as error:
            raise self._mismatch(expected, f"cannot be used as {text}, which is not known here: {error}") from error

    def _mismatch(self, expected: str, reason: str = "") -> SymbolTypeError:
        return SymbolTypeError(self.name, self.plugin_name, expected=expected, declared=self.c_type, reason=reason)

    def __repr__(self) -> str:
        return f"<Symbol {self.name} of {self.plugin_name}: {self.c_type or 'undeclared'} {self.kind.value}>"


def _size_of(c_type: CType) -> int | None:
    """None for a type without a size, such as ``int[]`` or ``void``."""
    try:
        return int(native.ffi.sizeof(c_type.ctype))
    except (native.ffi.error, ValueError, TypeError):
        return None
