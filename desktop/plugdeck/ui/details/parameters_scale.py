"""How a parameter's range becomes slider positions, steps and digits: arithmetic without widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from plugdeck.dialects.manifest import Parameter, ParameterKind

_MOST_POSITIONS = 10_000
_MOST_DECIMALS = 6  # for the limits and the default; a tiny range may need more for its steps
_SMALLEST_SPAN = 1e-9  # relative to the limits; less is beyond what a double can cut into steps
_INT_MINIMUM, _INT_MAXIMUM = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True)
class Scale:
    """A range, cut into slider positions from 0 to ``positions``."""

    minimum: float
    maximum: float
    step: float
    decimals: int
    positions: int

    @classmethod
    def of(cls, parameter: Parameter) -> Scale:
        """The scale of an integer or real parameter. A range that makes no sense is left open, without positions."""
        low, high = parameter.minimum, parameter.maximum
        if not _makes_sense(low, high):
            low, high = (_INT_MINIMUM, _INT_MAXIMUM)
            return cls(low, high, 1.0, 0 if parameter.kind is ParameterKind.INTEGER else 3, 0)
        if parameter.kind is ParameterKind.INTEGER:
            low, high = max(low, _INT_MINIMUM), min(high, _INT_MAXIMUM)
            return cls(low, high, max(1.0, _step(high - low)), 0, min(_MOST_POSITIONS, int(high - low)))
        step = _step(high - low)
        decimals = _decimals(step, (low, high, parameter.default))
        return cls(low, high, step, decimals, min(_MOST_POSITIONS, round((high - low) / step) * 10))

    @property
    def has_slider(self) -> bool:
        """Whether there is a range to slide over."""
        return self.positions > 0

    @property
    def positions_a_step(self) -> int:
        """How far an arrow key moves the slider."""
        return max(1, round(self.positions * self.step / (self.maximum - self.minimum)))

    def to_position(self, value: float) -> int:
        """The slider position that is nearest to a value."""
        share = (value - self.minimum) / (self.maximum - self.minimum)
        return round(max(0.0, min(1.0, share)) * self.positions)

    def to_value(self, position: int) -> float:
        """The value at a slider position, with no more digits than are shown."""
        value = self.minimum + (self.maximum - self.minimum) * position / self.positions
        return max(self.minimum, min(self.maximum, round(value, self.decimals)))


def _makes_sense(low: float, high: float) -> bool:
    if not (math.isfinite(low) and math.isfinite(high)):
        return False
    return high - low > max(1e-12, _SMALLEST_SPAN * max(abs(low), abs(high)))


def _step(span: float) -> float:
    """About a hundredth of the range, as a power of ten."""
    return float(10.0 ** math.floor(math.log10(span / 50)))


def _decimals(step: float, values: tuple[float, ...]) -> int:
    """One digit more than the step needs, and enough for the limits and the default."""
    decimals = max(1, -math.floor(math.log10(step) + 1e-9) + 1)
    while decimals < _MOST_DECIMALS and any(round(value, decimals) != value for value in values):
        decimals += 1
    return decimals


def number(value: float) -> str:
    """A number as people write it: no needless digits."""
    return f"{value:.10g}"


def explanation(parameter: Parameter) -> str:
    """The tooltip: variable, range, default."""
    unit = f" {parameter.unit}" if parameter.unit else ""
    match parameter.kind:
        case ParameterKind.SWITCH:
            what = f"On or off, by default {'on' if parameter.default else 'off'}."
        case ParameterKind.CHOICE:
            chosen = int(parameter.default) if 0 <= parameter.default < len(parameter.choices) else -1
            what = f"By default {parameter.choices[chosen]}." if chosen >= 0 else "One of the list."
        case _:
            low, high = number(parameter.minimum), number(parameter.maximum)
            what = f"From {low} to {high}{unit}, by default {number(parameter.default)}{unit}."
    return f"{parameter.label}\n{what}\nVariable: {parameter.name}\nDouble-click to reset."
