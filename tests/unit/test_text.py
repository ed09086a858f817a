"""Nothing in a foreign text can hide, turn or break what is around it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Grüße, 世界 👩\u200d🚀", "Grüße, 世界 👩\u200d🚀"),
        ("two\nlines\ttab\r\0", "two␊lines␉tab␍␀"),
        ("\x1b[31mred\x7f", "␛[31mred␡"),
        ("\x85\x9b", "⟨U+0085⟩⟨U+009B⟩"),
        ("gnp\u202egpj.exe", "gnp⟨U+202E⟩gpj.exe"),
        ("\u2066a\u2069\u200f\u061c\ufeff\u200b", "⟨U+2066⟩a⟨U+2069⟩⟨U+200F⟩⟨U+061C⟩⟨U+FEFF⟩⟨U+200B⟩"),
        ("\u2028\u2029", "⟨U+2028⟩⟨U+2029⟩"),
        (b"\xff\xfe".decode("utf-8", "surrogateescape"), "⟨FF⟩⟨FE⟩"),
        ("\ud800", "⟨U+D800⟩"),
    ],
)
def test_what_hides_turns_or_breaks_is_spelled_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_longer_text_than_the_limit_is_cut_and_ends_in_an_ellipsis() -> None:
    assert visible("x" * 20, 20) == "x" * 20
    assert visible("x" * 21, 20) == "x" * 19 + "…"


@given(text=st.text(alphabet=st.characters(exclude_categories=())), limit=st.integers(1, 50))
def test_any_text_can_be_printed_and_is_as_short_as_asked_for(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert len(shown) <= limit
    shown.encode("utf-8")
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert visible(shown, limit) == shown
