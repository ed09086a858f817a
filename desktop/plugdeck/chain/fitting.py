"""Values made to fit a plugin's parameters, wherever they come from: an older version, a stored session, a control."""

from __future__ import annotations

import math
from collections.abc import Mapping

from plugdeck.chain.ordering import clamped_priority
from plugdeck.dialects.manifest import Manifest, Parameter, ParameterKind

PRIORITY = "Priority"
"""The exported variable that orders a transform within the chain."""


def fit_value(parameter: Parameter, value: float) -> float | None:
    """The nearest value that the parameter takes; None for what is no number."""
    if math.isnan(value):
        return None
    nearest = min(max(value, parameter.minimum), parameter.maximum)
    return nearest if parameter.kind is ParameterKind.REAL else round(nearest)


def fit_values(manifest: Manifest, values: Mapping[str, float]) -> dict[str, float]:
    """Those of ``values`` that the plugin has, each within its range; ``Priority`` is one of them."""
    fitted = {}
    for parameter in manifest.parameters:
        if parameter.name in values and (value := fit_value(parameter, values[parameter.name])) is not None:
            fitted[parameter.name] = value
    if math.isfinite(values.get(PRIORITY, math.nan)):
        fitted[PRIORITY] = clamped_priority(int(values[PRIORITY]))
    return fitted
