"""Variables are pointers into the plugin, live on both sides."""

import math

import pytest

from plugdeck.dialects.opening import open_plugin
from plugdeck.errors import ArgumentError
from plugdeck.runtime.native import ffi

SOURCE = """
#include "plugdeck.h"
#include <stdbool.h>
PD_PLUGIN("variables", "1.0.0", "test", "MIT", "Variables of many types.")
PD_VARIABLE(int, Count)
PD_VARIABLE(uint8_t, Small)
PD_VARIABLE(double, Ratio)
PD_VARIABLE(bool, Flag)
PD_VARIABLE(const char *, Title)
PD_VARIABLE(const char *, Nothing)
PD_VARIABLE(const int, Fixed)
PD_FUNCTION(int, ReadCount, (void))
PD_FUNCTION(void, SetCount, (int))
int Count = 5;
uint8_t Small = 200;
double Ratio = 0.25;
bool Flag = true;
const char *Title = "caf\\xc3\\xa9";
const char *Nothing = 0;
const int Fixed = 9;
PD_EXPORT const int FixedUndeclared = 10;
PD_EXPORT int Numbers[3] = {1, 2, 3};
PD_EXPORT pd_image Picture = {0, 4, 1, 1};
int ReadCount(void) { return Count; }
void SetCount(int value) { Count = value; }
"""


@pytest.fixture
def plugin(plugin_file):
    return open_plugin(plugin_file(SOURCE))


def test_a_write_is_seen_by_the_plugin_and_a_write_of_the_plugin_is_seen_here(plugin):
    count = plugin.lookup("Count").expect("int")
    assert count.value == 5
    count.value = 41
    assert plugin.lookup("ReadCount").call() == 41
    plugin.lookup("SetCount").call(-7)
    assert count.value == -7


def test_two_variables_of_one_symbol_are_one_memory(plugin):
    first, second = (plugin.lookup("Count").expect("int") for _ in range(2))
    first.value = 3
    assert second.value == 3
    assert first.address == second.address == plugin.lookup("Count").address


@pytest.mark.parametrize(
    ("name", "c_type", "value"),
    [
        ("Small", "uint8_t", 200),
        ("Small", "unsigned char", 200),
        ("Ratio", "double", 0.25),
        ("Flag", "bool", True),
        ("Title", "const char *", "café"),
        ("Nothing", "const char *", None),
        ("Fixed", "const int", 9),
    ],
)
def test_values_are_pythons_own(plugin, name, c_type, value):
    read = plugin.lookup(name).expect(c_type).value
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("Small", 256), ("Small", -1), ("Small", "1"), ("Count", 2**31), ("Count", 1.5), ("Ratio", "half"), ("Flag", 2)],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(plugin, name, value):
    symbol = plugin.lookup(name)
    variable = symbol.expect(symbol.c_type)
    before = variable.value
    with pytest.raises(ArgumentError, match=f"does not fit {name}"):
        variable.value = value
    assert variable.value == before


def test_real_numbers_are_written_as_they_are(plugin):
    ratio = plugin.lookup("Ratio").expect("double")
    for value in (1, -0.0, math.inf, 5e-324):
        ratio.value = value
        assert ratio.value == value
    ratio.value = math.nan
    assert math.isnan(ratio.value)


@pytest.mark.parametrize(("name", "c_type"), [("Fixed", "const int"), ("Fixed", "int"), ("FixedUndeclared", "int")])
def test_a_constant_is_not_written_where_the_write_would_end_the_process(plugin, name, c_type):
    constant = plugin.lookup(name).assume(c_type)
    with pytest.raises(ArgumentError, match="is a constant of the plugin"):
        constant.value = 1
    assert constant.value in {9, 10}


def test_text_is_not_written_since_nobody_would_own_it(plugin):
    title = plugin.lookup("Title").expect("const char *")
    with pytest.raises(ArgumentError, match="does not fit Title"):
        title.value = "new"
    owned = ffi.new("char[]", b"mine")
    title.value = owned
    assert title.value == "mine"


def test_arrays_and_structures_are_cffis_own_views(plugin):
    numbers = plugin.lookup("Numbers").assume("int[3]").value
    numbers[1] = 20
    assert list(plugin.lookup("Numbers").assume("int[3]").value) == [1, 20, 3]
    picture = plugin.lookup("Picture").assume("pd_image")
    picture.value.width = 6
    assert picture.pointer.width == 6
