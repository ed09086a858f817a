"""Shortens a text to a width so that what tells it apart stays: pure text, measured by whoever draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Distinct:
    """A text, and the part of it that tells it apart: ``text[start:end]``, which may be empty."""

    text: str
    start: int
    end: int


def distinct_among(text: str, others: Iterable[str]) -> Distinct:
    """The text with what tells it from the most similar one of the others."""
    return max((_against(text, other) for other in others), key=_likeness, default=Distinct(text, 0, len(text)))


def elided(distinct: Distinct, width: int, measure: Callable[[str], int]) -> str:
    """The text, cut at its beginning and its end where it is too wide; what tells it apart goes last.

    Args:
        distinct: one line.
        width: in the unit of ``measure``.
        measure: the width of a text; the longer one is the wider one.
    """
    if measure(distinct.text) <= width:
        return distinct.text
    if measure(_around(distinct, 0)) > width:
        return _longest(lambda count: _without_middle(distinct.text, count), len(distinct.text), width, measure)
    return _longest(lambda count: _around(distinct, count), len(distinct.text), width, measure)


def _longest(cut: Callable[[int], str], length: int, width: int, measure: Callable[[str], int]) -> str:
    """``cut`` of the highest number up to ``length`` that is not too wide."""
    fits, too_much = 0, length
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        fits, too_much = (middle, too_much) if measure(cut(middle)) <= width else (fits, middle)
    return cut(fits)


def _around(distinct: Distinct, beside: int) -> str:
    """The part that counts and ``beside`` characters around it, half of them on either side if there are so many."""
    text = distinct.text
    after = min(len(text) - distinct.end, max(beside // 2, beside - distinct.start))
    start, end = max(0, distinct.start - (beside - after)), distinct.end + after
    return f"{_ELLIPSIS if start else ''}{text[start:end]}{_ELLIPSIS if end < len(text) else ''}"


def _without_middle(text: str, count: int) -> str:
    return f"{text[: (count + 1) // 2]}{_ELLIPSIS}{text[len(text) - count // 2 :]}"


def _against(text: str, other: str) -> Distinct:
    start = _shared(text, other)
    return Distinct(text, start, len(text) - _shared(text[start:][::-1], other[start:][::-1]))


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (sign, another) in pairs if sign != another), min(len(one), len(other)))


def _likeness(distinct: Distinct) -> int:
    return distinct.start - distinct.end
