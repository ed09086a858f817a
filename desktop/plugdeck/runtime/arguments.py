"""Calling a function by its declared C type with plain values: from a command line, or from another process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plugdeck.binary.facts import SymbolKind
from plugdeck.errors import ArgumentError
from plugdeck.runtime.c_types import is_boolean, is_integer, is_real, is_text
from plugdeck.runtime.native import ffi
from plugdeck.runtime.values import to_c, to_python

if TYPE_CHECKING:
    from plugdeck.runtime.symbol import Symbol


def call_by_type(symbol: Symbol, arguments: Sequence[object]) -> object:
    """Calls the function and returns a number, a bool, a text, or None for ``void`` and NULL.

    Arguments are such values too; text stands for any of them, as typed: ``"12"``, ``"0x1f"``, ``"true"``. Text that
    the plugin returns is copied and stays the plugin's own: nothing is freed.

    Raises:
        SymbolTypeError: the plugin declares no type for it, or one that is not known here.
        ArgumentError: it is no function, or the arguments or the result cannot be passed this way.
    """
    if symbol.kind is SymbolKind.VARIABLE:
        raise ArgumentError(f"{symbol.name} is a variable, which cannot be called.", remedy="Name a function.")
    function = symbol.as_declared()
    ctype = ffi.typeof(function)
    _check_callable(symbol, ctype, len(arguments))
    passed = [
        _argument(symbol, index, kind, value)
        for index, (kind, value) in enumerate(zip(ctype.args, arguments, strict=True))
    ]
    result = function(*passed)
    return to_python(ctype.result, result)


def _check_callable(symbol: Symbol, ctype: Any, count: int) -> None:
    signature = f"{symbol.name} is declared as {symbol.c_type}"
    if ctype.ellipsis:
        raise ArgumentError(f"{signature}: functions with a variable number of arguments cannot be called this way.")
    for kind in (*ctype.args, ctype.result):
        if kind.kind != "void" and not _is_plain(kind):
            raise ArgumentError(
                f"{signature}: a {kind.cname} cannot be passed this way, only numbers, text, and true or false.",
                remedy="Call it from Python: plugdeck.open(file).lookup(name).expect(type).",
            )
    if count != len(ctype.args):
        raise ArgumentError(f"{signature}: it takes {_arguments(len(ctype.args))}, and {count} were given.")


def _is_plain(ctype: Any) -> bool:
    return is_text(ctype) or is_boolean(ctype) or is_integer(ctype) or is_real(ctype)


def _arguments(count: int) -> str:
    return "one argument" if count == 1 else f"{count or 'no'} arguments"


def _argument(symbol: Symbol, index: int, ctype: Any, value: object) -> Any:
    try:
        return to_c(ctype, value)
    except ArgumentError as error:
        raise ArgumentError(f"Argument {index + 1} of {symbol.name}: {error}") from error
