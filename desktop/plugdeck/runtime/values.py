"""Values between Python and C, by the C type: numbers, booleans, text and NULL."""

from __future__ import annotations

import math
from typing import Any

from plugdeck.errors import ArgumentError
from plugdeck.runtime.c_types import is_boolean, is_integer, is_real, is_text
from plugdeck.runtime.native import ffi

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def to_python(ctype: Any, value: Any) -> Any:
    """``char *`` as text (bytes that are not UTF-8 become U+FFFD) or None; everything else as cffi gives it."""
    if not is_text(ctype):
        return value
    return ffi.string(value).decode("utf-8", errors="replace") if value else None


def to_c(ctype: Any, value: object) -> Any:
    """What cffi passes for ``value``, which may be typed text from a command line. The caller keeps it alive.

    Raises:
        ArgumentError: ``value`` does not fit the type; the message says what would.
    """
    if is_text(ctype):
        return _text(value)
    if is_boolean(ctype):
        return _boolean(value)
    if is_integer(ctype):
        return _integer(ctype, value)
    if is_real(ctype):
        return _real(ctype, value)
    raise ArgumentError(f"A {ctype.cname} cannot be given here: only numbers, text and true or false can.")


def _text(value: object) -> Any:
    if value is None:
        return ffi.NULL
    if not isinstance(value, str):
        raise ArgumentError(f"{value!r} is no text.")
    if "\0" in value:
        raise ArgumentError("Text for a plugin cannot hold a NUL character: C would end it there.")
    return ffi.new("char[]", value.encode("utf-8", errors="surrogateescape"))


def _boolean(value: object) -> bool:
    answer = _BOOLEANS.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None
    if answer is None:
        raise ArgumentError(f"{value!r} is neither true nor false.")
    return answer


def _integer(ctype: Any, value: object) -> int:
    number = _whole(value)
    lowest, highest = _range(ctype)
    if not lowest <= number <= highest:
        raise ArgumentError(f"{number} does not fit {ctype.cname}, which holds {lowest} to {highest}.")
    return number


def _whole(value: object) -> int:
    """An int from an int, a whole float, or text (decimal, ``0x``, ``0o``, ``0b``)."""
    try:
        if isinstance(value, str):
            return int(value, 0)
        if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
            return int(value)
    except ValueError:
        pass
    raise ArgumentError(f"{value!r} is no whole number.")


def _range(ctype: Any) -> tuple[int, int]:
    bits = 8 * ffi.sizeof(ctype)
    if int(ffi.cast(ctype, -1)) < 0:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def _real(ctype: Any, value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        number = None
    if number is None:
        raise ArgumentError(f"{value!r} is no number.")
    if math.isinf(float(ffi.cast(ctype, number))) and not math.isinf(number):
        raise ArgumentError(f"{value!r} is too large for {ctype.cname}.")
    return number
