"""Values made to fit a plugin's parameters."""

from __future__ import annotations

import math

import pytest

from plugdeck.chain.fitting import fit_value, fit_values
from plugdeck.dialects.manifest import Dialect, Manifest, Parameter, ParameterKind

RADIUS = Parameter("radius", "Radius", ParameterKind.REAL, 0, 100, 4)
LEVELS = Parameter("levels", "Levels", ParameterKind.INTEGER, 2, 16, 4)
MANIFEST = Manifest(Dialect.SDK, "blur", parameters=(RADIUS, LEVELS))


@pytest.mark.parametrize(
    ("parameter", "value", "fitted"),
    [
        (RADIUS, 4.5, 4.5),
        (RADIUS, -1, 0),
        (RADIUS, math.inf, 100),
        (RADIUS, math.nan, None),
        (LEVELS, 3.7, 4),
        (LEVELS, 99, 16),
    ],
)
def test_a_value_becomes_the_nearest_one_that_the_parameter_takes(parameter, value, fitted):
    assert fit_value(parameter, value) == fitted


def test_names_that_the_plugin_does_not_have_are_left_out_and_priority_stays():
    values = {"radius": 200.0, "gone": 1.0, "Priority": 2.0**40}

    assert fit_values(MANIFEST, values) == {"radius": 100.0, "Priority": 2**31 - 1}
    assert fit_values(MANIFEST, {"Priority": math.nan, "levels": math.nan}) == {}
