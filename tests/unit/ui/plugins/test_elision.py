import pytest

from plugdeck.ui.plugins.elision import Distinct, distinct_among, elided

FILE = "org.example.filters.blur-1.0.1-x86_64-linux-gnu.so"


def differing(distinct: Distinct) -> str:
    return distinct.text[distinct.start : distinct.end]


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        ("blur-1.so", ["blur-2.so"], "1"),
        ("blur.so", ["blur-2.so"], ""),
        ("blur-2.so", ["blur.so"], "-2"),
        ("aa.so", ["a.so"], "a"),
        ("linux-blur.so", ["mac-blur.so"], "linux"),
        ("blur-1.so", ["something else", "blur-2.so"], "1"),
        ("blur.so", ["blur.so"], ""),
        ("blur.so", [], "blur.so"),
    ],
)
def test_a_text_differs_from_the_most_similar_other(text, others, expected):
    assert differing(distinct_among(text, others)) == expected


def test_a_text_with_room_stays_whole():
    assert elided(distinct_among("blur-1.so", ["blur-2.so"]), 9, len) == "blur-1.so"


@pytest.mark.parametrize("width", range(3, len(FILE)))
def test_a_shortened_text_fits_and_shows_what_differs(width):
    other = FILE.replace("1.0.1", "1.0.2")
    shown = elided(distinct_among(FILE, [other]), width, len)
    assert len(shown) <= width
    assert shown != elided(distinct_among(other, [FILE]), width, len)


def test_as_much_is_shown_as_there_is_room_for():
    other = FILE.replace("1.0.1", "1.0.2")
    for width in range(8, len(FILE)):
        assert len(elided(distinct_among(FILE, [other]), width, len)) >= width - 1


@pytest.mark.parametrize("width", range(1, 12))
def test_a_difference_without_room_shows_its_beginning_and_its_end(width):
    shown = elided(distinct_among("first-and-long.so", ["other.txt"]), width, len)
    assert len(shown) <= width
    assert "…" in shown
    assert shown.startswith("f") or width < 2
