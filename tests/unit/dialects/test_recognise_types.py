"""The same C type, spelled in different ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.dialects.sdk.declared_types import normalised, same_type

TRANSFORM = "int(const pd_image *, pd_image *)"


@pytest.mark.parametrize(
    "spelling",
    [
        "int(const pd_image *, pd_image *)",
        "int(const pd_image*,pd_image*)",
        "int (const pd_image *in, pd_image *out)",
        "int  ( pd_image const * in , pd_image*out )",
        "int(const struct pd_image *, struct pd_image *)",
        "int(const pd_image *restrict in, pd_image *restrict out)",
        "extern int(const pd_image *, pd_image *)",
    ],
)
def test_spellings_of_one_type_are_equal(spelling: str) -> None:
    assert same_type(spelling, TRANSFORM)


@pytest.mark.parametrize(
    "other",
    [
        "void(const pd_image *, pd_image *)",
        "int(pd_image *, pd_image *)",
        "int(const pd_image *, const pd_image *)",
        "int(const pd_image **, pd_image *)",
        "int(const pd_image *, pd_image)",
        "int(const pd_image *)",
        "int(const pd_image *, pd_image *, int)",
        "int",
        "int*",
        "",
        "(",
        ")(",
        "int(const pd_image *, pd_image *",
    ],
)
def test_other_types_differ(other: str) -> None:
    assert not same_type(other, TRANSFORM)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("unsigned int", "unsigned int"),
        ("unsigned int count", "unsigned int"),
        ("const double", "const double"),
        ("double const", "const double"),
        ("pd_image image", "pd_image"),
        ("char **argv", "char**"),
        ("char *const *list", "char*const*"),
        ("int(void)", "int(void)"),
        ("int (int, double scale)", "int(int,double)"),
        ("void(void (*call)(int))", "void(void(*call)(int))"),
        ("", ""),
    ],
)
def test_type_is_normalised(text: str, plain: str) -> None:
    assert normalised(text) == plain


@given(st.text(alphabet="intdoublecs *(),[]_x1", max_size=40))
def test_any_text_is_survived_and_normal_forms_stay(text: str) -> None:
    once = normalised(text)
    assert same_type(text, text)
    assert isinstance(normalised(once), str)
