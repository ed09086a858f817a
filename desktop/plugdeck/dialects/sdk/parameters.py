"""Parameter notes to parameters: numbers read, ranges and types checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from plugdeck.binary.facts import SymbolKind
from plugdeck.dialects.manifest import DeclaredSymbol, Parameter, ParameterKind
from plugdeck.dialects.sdk.declared_types import same_type
from plugdeck.dialects.sdk.notes import MAX_CHOICES, DamagedNoteError, ParameterNote
from plugdeck.text import visible

_NUMBER = re.compile(r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)[fFlLuU]*")
_C_TYPES = {ParameterKind.REAL: "double"}
_INT_MINIMUM, _INT_MAXIMUM = -(2**31), 2**31 - 1


def parse_parameter(note: ParameterNote, symbols: Mapping[str, DeclaredSymbol]) -> Parameter:
    """The parameter; ``symbols`` are the declared ones, by name.

    Raises:
        DamagedNoteError: It cannot be edited as it is.
    """
    try:
        kind = ParameterKind(note.kind)
    except ValueError:
        raise DamagedNoteError(f"is of the unknown kind “{visible(note.kind, 40)}”") from None
    _check_variable(note.name, kind, symbols)
    minimum, maximum = _range(note, kind)
    default = _number(note.default, "default")
    if not minimum <= default <= maximum:
        raise DamagedNoteError(f"has the default {default:g} outside {minimum:g} to {maximum:g}")
    if kind is not ParameterKind.REAL:
        _check_integers(minimum, maximum, default)
    return Parameter(note.name, note.label, kind, minimum, maximum, default, note.unit, note.choices)


def _check_variable(name: str, kind: ParameterKind, symbols: Mapping[str, DeclaredSymbol]) -> None:
    c_type = _C_TYPES.get(kind, "int")
    symbol = symbols.get(name)
    if symbol is None or symbol.kind is not SymbolKind.VARIABLE or not same_type(symbol.c_type, c_type):
        raise DamagedNoteError(f"is not declared as a variable of type {c_type}")


def _range(note: ParameterNote, kind: ParameterKind) -> tuple[float, float]:
    match kind:
        case ParameterKind.SWITCH:
            return 0.0, 1.0
        case ParameterKind.CHOICE:
            if not 0 < len(note.choices) <= MAX_CHOICES:
                raise DamagedNoteError(f"offers {'no' if not note.choices else 'too many'} choices")
            return 0.0, float(len(note.choices) - 1)
        case _:
            minimum, maximum = _number(note.minimum, "minimum"), _number(note.maximum, "maximum")
            if minimum > maximum:
                raise DamagedNoteError(f"has a minimum of {minimum:g} above its maximum of {maximum:g}")
            return minimum, maximum


def _number(text: str, what: str) -> float:
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= 100 else None
    number = float(match[1]) if match else math.nan
    if not math.isfinite(number):
        raise DamagedNoteError(f"has “{visible(text, 40)}” for its {what}, which is no decimal number")
    return number


def _check_integers(*numbers: float) -> None:
    for number in numbers:
        if not number.is_integer() or not _INT_MINIMUM <= number <= _INT_MAXIMUM:
            raise DamagedNoteError(f"has {number:g} where an int is needed")
