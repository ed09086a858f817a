"""Calling with plain values, by the declared type."""

import math

import pytest

from plugdeck.dialects.opening import open_plugin
from plugdeck.errors import ArgumentError, SymbolTypeError
from plugdeck.runtime.arguments import call_by_type

SOURCE = r"""
#include "plugdeck.h"
#include <stdbool.h>
#include <string.h>
PD_PLUGIN("calls", "1.0.0", "test", "MIT", "Functions of many types.")
PD_FUNCTION(int, Add, (int, int))
PD_FUNCTION(double, Scale, (double, float))
PD_FUNCTION(const char *, Echo, (const char *))
PD_FUNCTION(size_t, Length, (const char *text))
PD_FUNCTION(bool, Not, (bool))
PD_FUNCTION(uint64_t, Wide, (uint64_t))
PD_FUNCTION(int8_t, Narrow, (int8_t))
PD_FUNCTION(void, Nothing, (void))
PD_FUNCTION(const char *, Latin, (void))
PD_FUNCTION(int, Print, (const char *, ...))
PD_FUNCTION(int, Transform, (const pd_image *, pd_image *))
PD_FUNCTION(void *, Pointer, (void))
PD_VARIABLE(int, Count)
int Add(int a, int b) { return a + b; }
double Scale(double a, float b) { return a * b; }
const char *Echo(const char *text) { return text; }
size_t Length(const char *text) { return text ? strlen(text) : 999; }
bool Not(bool value) { return !value; }
uint64_t Wide(uint64_t value) { return value; }
int8_t Narrow(int8_t value) { return value; }
void Nothing(void) {}
const char *Latin(void) { return "caf\xe9"; }
int Print(const char *format, ...) { return format != 0; }
int Transform(const pd_image *in, pd_image *out) { return in == out; }
void *Pointer(void) { return 0; }
int Count = 1;
PD_EXPORT int Undeclared(void) { return 1; }
"""


@pytest.fixture
def call(plugin_file):
    plugin = open_plugin(plugin_file(SOURCE))
    return lambda name, *arguments: call_by_type(plugin.lookup(name), arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("Add", (2, 3), 5),
        ("Add", ("2", "-0x10"), -14),
        ("Add", (2.0, True), 3),
        ("Scale", (1.5, 2), 3.0),
        ("Scale", ("1e3", "0.5"), 500.0),
        ("Scale", ("inf", 1), math.inf),
        ("Length", ("",), 0),
        ("Length", ("é✓",), 5),
        ("Length", (None,), 999),
        ("Not", (True,), False),
        ("Not", ("false",), True),
        ("Not", ("1",), False),
        ("Not", (0,), True),
        ("Wide", (2**64 - 1,), 2**64 - 1),
        ("Narrow", (-128,), -128),
        ("Nothing", (), None),
        ("Latin", (), "caf\ufffd"),
        ("Echo", (None,), None),
    ],
)
def test_values_go_there_and_back(call, name, arguments, result):
    got = call(name, *arguments)
    assert got == result
    assert type(got) is type(result)


def test_text_that_is_returned_is_copied(call):
    assert call("Echo", "héllo ✓ \udcff") == "héllo ✓ \ufffd"


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("Add", (1,), "takes 2 arguments, and 1 were given"),
        ("Nothing", (1,), "takes no arguments"),
        ("Length", (), "takes one argument"),
        ("Add", (1, "two"), "Argument 2 of Add: 'two' is no whole number"),
        ("Add", (1, 2.5), "no whole number"),
        ("Add", (1, math.nan), "no whole number"),
        ("Add", (1, None), "no whole number"),
        ("Add", (1, []), "no whole number"),
        ("Add", (1, 2**31), "does not fit int, which holds -2147483648 to 2147483647"),
        ("Narrow", (128,), "-128 to 127"),
        ("Wide", (-1,), "0 to 18446744073709551615"),
        ("Scale", ("much", 1), "no number"),
        ("Scale", (1, 1e300), "too large for float"),
        ("Scale", (10**400, 1), "no number"),
        ("Not", ("maybe",), "neither true nor false"),
        ("Not", (2,), "neither true nor false"),
        ("Length", (5,), "5 is no text"),
        ("Length", ("a\0b",), "NUL"),
        ("Print", ("x",), "variable number of arguments"),
        ("Transform", (1, 2), r"struct pd_image \* cannot be passed this way"),
        ("Pointer", (), r"void \* cannot be passed this way"),
        ("Count", (), "is a variable, which cannot be called"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_before_the_call(call, name, arguments, reason):
    with pytest.raises(ArgumentError, match=reason):
        call(name, *arguments)


def test_a_function_without_a_declared_type_is_not_called(call):
    with pytest.raises(SymbolTypeError, match="has no declared type"):
        call("Undeclared")
