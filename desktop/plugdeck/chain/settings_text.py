"""Parameter values as people write them: numbers, ``on``, or the name of a choice."""

from __future__ import annotations

import math

from plugdeck.dialects.manifest import Parameter, ParameterKind
from plugdeck.errors import PlugdeckError

_SWITCH = {"on": 1, "true": 1, "yes": 1, "1": 1, "off": 0, "false": 0, "no": 0, "0": 0}


def parse_value(parameter: Parameter, text: str) -> float:
    """The number to write to the parameter's variable. Raises PlugdeckError with the range or the choices."""
    value = _number(parameter, text.strip())
    if value is None or not math.isfinite(value) or not parameter.minimum <= value <= parameter.maximum:
        raise PlugdeckError(f"{parameter.name} cannot be {text!r}.", remedy=f"Give {_expected(parameter)}.")
    return value


def _number(parameter: Parameter, text: str) -> float | None:
    match parameter.kind:
        case ParameterKind.SWITCH:
            return _SWITCH.get(text.lower())
        case ParameterKind.CHOICE if text in parameter.choices:
            return parameter.choices.index(text)
        case ParameterKind.REAL:
            read: type[float] = float
        case _:
            read = int
    try:
        return read(text)
    except ValueError:
        return None


def _expected(parameter: Parameter) -> str:
    match parameter.kind:
        case ParameterKind.SWITCH:
            return "on or off"
        case ParameterKind.CHOICE:
            return "one of " + ", ".join(parameter.choices)
        case ParameterKind.INTEGER:
            return f"a whole number from {parameter.minimum:g} to {parameter.maximum:g}"
        case ParameterKind.REAL:
            return f"a number from {parameter.minimum:g} to {parameter.maximum:g}"
