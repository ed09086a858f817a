"""Parameter values as people write them."""

from __future__ import annotations

import pytest

from plugdeck.chain.settings_text import parse_value
from plugdeck.dialects.manifest import Parameter, ParameterKind
from plugdeck.errors import PlugdeckError

REAL = Parameter("radius", "Radius", ParameterKind.REAL, 0, 100, 4)
INTEGER = Parameter("levels", "Levels", ParameterKind.INTEGER, 2, 16, 4)
SWITCH = Parameter("soft", "Soft", ParameterKind.SWITCH, 0, 1, 0)
CHOICE = Parameter("mode", "Mode", ParameterKind.CHOICE, 0, 2, 0, choices=("fast", "good", "2"))


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (REAL, " 4.5 ", 4.5),
        (REAL, "1e1", 10),
        (INTEGER, "16", 16),
        (SWITCH, "ON", 1),
        (SWITCH, "no", 0),
        (CHOICE, "good", 1),
        (CHOICE, "1", 1),
        (CHOICE, "2", 2),
    ],
)
def test_a_value_is_read_as_its_kind_says(parameter, text, value):
    assert parse_value(parameter, text) == value


@pytest.mark.parametrize(
    ("parameter", "text", "remedy"),
    [
        (REAL, "nan", "a number from 0 to 100"),
        (REAL, "inf", "a number from 0 to 100"),
        (REAL, "100.1", "a number from 0 to 100"),
        (REAL, "", "a number from 0 to 100"),
        (INTEGER, "4.5", "a whole number from 2 to 16"),
        (INTEGER, "9" * 5000, "a whole number from 2 to 16"),
        (SWITCH, "maybe", "on or off"),
        (CHOICE, "best", "one of fast, good, 2"),
        (CHOICE, "3", "one of fast, good, 2"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(parameter, text, remedy):
    with pytest.raises(PlugdeckError) as refused:
        parse_value(parameter, text)
    assert remedy in refused.value.remedy
