"""C types written as text: what they mean here, and whether two of them are the same type spelled otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from plugdeck.runtime.native import ffi

_MAXIMUM_LENGTH = 1000
_CONST = re.compile(r"\bconst\b")
_DISTINCT = frozenset({"char", "_Bool", "wchar_t", "char16_t", "char32_t"})


class UnknownTypeError(Exception):
    """The text is no C type that is known here; turned into a ``SymbolTypeError`` where the symbol is known."""


@dataclass(frozen=True, slots=True)
class CType:
    """A C type: ``ctype`` is cffi's, and for a function the type of a pointer to it."""

    text: str
    ctype: Any
    is_function: bool
    is_constant: bool
    """A variable of this type must not be written: ``const int``, ``char *const``."""

    def is_same_as(self, other: CType) -> bool:
        """Whether both are one type in C's eyes on this machine; ``const`` behind a pointer is not compared."""
        return self.is_function == other.is_function and _same(self.ctype, other.ctype)


@lru_cache(maxsize=512)
def parse_type(text: str) -> CType:
    """Reads a type as plugins declare it: ``int``, ``const char *``, ``int(const pd_image *, pd_image *)``.

    Parameter names are allowed. Known are C's own types, those of ``stdint.h`` and ``stddef.h``, and the ones of
    ``plugdeck.h``.

    Raises:
        UnknownTypeError: the text is something else; its message says what was not understood.
    """
    if len(text) > _MAXIMUM_LENGTH or not text.isascii() or not text.replace("\n", " ").isprintable():
        raise UnknownTypeError("it is not the text of a C type")
    is_function = _is_function(text)
    try:
        ctype = ffi.typeof(text.replace("(", "(*)(", 1) if is_function else text)
    except (ffi.error, TypeError, ValueError, NotImplementedError) as error:
        raise UnknownTypeError(_first_line(error)) from error
    return CType(text, ctype, is_function, not is_function and _is_constant(text))


def _is_function(text: str) -> bool:
    """``int(int)`` is a function; ``int (*)(int)`` is a variable that points to one."""
    _, parenthesis, rest = text.partition("(")
    return bool(parenthesis) and not rest.lstrip().startswith("*")


def _is_constant(text: str) -> bool:
    """Whether the outermost type is ``const``: the part after the last ``*`` decides."""
    if "(" in text:
        return bool(_CONST.search(text.partition("(")[2].partition(")")[0]))
    return bool(_CONST.search(text.rpartition("*")[2]))


def _first_line(error: Exception) -> str:
    """cffi shows the text again below its message, with a caret."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def _same(left: Any, right: Any) -> bool:
    if left is right:
        return True
    if left.kind != right.kind:
        return False
    compare = {"primitive": _same_integer, "pointer": _same_item, "array": _same_array, "function": _same_function}
    return left.kind in compare and compare[left.kind](left, right)


def _same_integer(left: Any, right: Any) -> bool:
    return is_integer(left) and is_integer(right) and _shape(left) == _shape(right)


def _same_item(left: Any, right: Any) -> bool:
    return _same(left.item, right.item)


def _same_array(left: Any, right: Any) -> bool:
    return left.length == right.length and _same(left.item, right.item)


def _same_function(left: Any, right: Any) -> bool:
    return (
        bool(left.ellipsis) == bool(right.ellipsis)
        and len(left.args) == len(right.args)
        and _same(left.result, right.result)
        and all(map(_same, left.args, right.args))
    )


def is_integer(ctype: Any) -> bool:
    """Whether it is one of C's integers; text characters and booleans are types of their own."""
    if ctype.kind == "enum":
        return True
    if ctype.kind != "primitive" or ctype.cname in _DISTINCT:
        return False
    return not any(word in ctype.cname for word in ("float", "double"))


def is_real(ctype: Any) -> bool:
    """Whether it is ``float`` or ``double``; ``long double`` and complex numbers have no Python counterpart."""
    return bool(ctype.kind == "primitive" and ctype.cname in {"float", "double"})


def is_boolean(ctype: Any) -> bool:
    """Whether it is ``bool``."""
    return bool(ctype.kind == "primitive" and ctype.cname == "_Bool")


def is_text(ctype: Any) -> bool:
    """Whether it is ``char *``, which Plugdeck takes as UTF-8 text that ends in a NUL byte."""
    return bool(ctype.kind == "pointer" and ctype.item.kind == "primitive" and ctype.item.cname == "char")


def _shape(ctype: Any) -> tuple[int, bool]:
    """Size and sign: ``unsigned int`` and ``uint32_t`` are one type, ``int`` and ``unsigned int`` are not."""
    return ffi.sizeof(ctype), int(ffi.cast(ctype, -1)) < 0
