"""C types as text: equal where C sees one type, different where it sees two."""

import pytest

from plugdeck.runtime.c_types import UnknownTypeError, parse_type

SAME = [
    ("int", " int "),
    ("int(const pd_image *, pd_image *)", "int (const pd_image*in, struct pd_image *out)"),
    ("int(const pd_image *, pd_image *)", "int(pd_image const *,\n pd_image *)"),
    ("const char *(const char *)", "char const*(char const* name)"),
    ("int(void)", "int()"),
    ("unsigned", "uint32_t"),
    ("unsigned char *", "uint8_t *"),
    ("int32_t(int64_t)", "int(long)"),
    ("long unsigned int", "size_t"),
    ("_Bool", "bool"),
    ("int *const", "int *"),
    ("int(int[4])", "int(int *)"),
    ("int (*)(int)", "int(*)(int value)"),
    ("int(int (*)(void))", "int(int(void))"),
    ("int[4]", "int [ 4 ]"),
    ("int(const char *, ...)", "int(const char *format, ...)"),
]

DIFFERENT = [
    ("int", "unsigned"),
    ("int", "long"),
    ("int", "int *"),
    ("int", "int(void)"),
    ("int(int)", "int(*)(int)"),
    ("int(int)", "int(int, int)"),
    ("int(int)", "int(int, ...)"),
    ("int(int)", "void(int)"),
    ("int(const pd_image *, pd_image *)", "int(const pd_image *, pd_host *)"),
    ("char *", "signed char *"),
    ("char *", "uint8_t *"),
    ("bool", "uint8_t"),
    ("float", "double"),
    ("double", "long double"),
    ("int[4]", "int[5]"),
    ("int", "float"),
    ("wchar_t", "int"),
]

UNKNOWN = [
    "",
    "no_such_type *",
    "struct nothing *",
    "int(no_such_type)",
    "int(",
    "int)",
    "int int",
    "int(*(int))(double)",
    "__int128",
    "é",
    "int\0",
    "int\x1b[31m",
    "int; system()",
    "int[99999999999999999999999]",
    "int[-1]",
    "*" * 5000,
    "int" + "*" * 990,
    "(" * 900,
    "int(" * 200 + ")" * 200,
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_one_type_spelled_in_two_ways_is_the_same(left, right):
    assert parse_type(left).is_same_as(parse_type(right))
    assert parse_type(right).is_same_as(parse_type(left))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_two_types_are_different(left, right):
    assert not parse_type(left).is_same_as(parse_type(right))
    assert not parse_type(right).is_same_as(parse_type(left))


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_no_known_type_is_refused(text):
    try:
        parsed = parse_type(text)
    except UnknownTypeError as error:
        assert str(error)
    else:  # deep, but a type: cffi bounds what it takes
        assert text.startswith(("int*", "int(")), parsed


@pytest.mark.parametrize(
    ("text", "is_constant"),
    [
        ("int", False),
        ("const int", True),
        ("int const", True),
        ("const char *", False),
        ("char *const", True),
        ("const char *const", True),
        ("const double[3]", True),
        ("int (*const)(int)", True),
        ("int (*)(const char *)", False),
        ("int(const char *)", False),
    ],
)
def test_constants_are_told_from_pointers_to_constants(text, is_constant):
    assert parse_type(text).is_constant is is_constant
