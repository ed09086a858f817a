"""Errors that cross the process boundary are what they were."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.errors import (
    ArgumentError,
    CallError,
    OpenError,
    PictureError,
    PlugdeckError,
    StaleError,
    SymbolNotFoundError,
    SymbolTypeError,
)
from plugdeck.hosting import failures, wire


@pytest.mark.parametrize(
    "error",
    [
        CallError("blur", "Transform", 42, "the moon is in the wrong place"),
        SymbolNotFoundError("Gone", "blur.so", remedy="Did you mean Here?"),
        SymbolTypeError("Count", "blur.so", expected="int", declared="double"),
        SymbolTypeError("Count", "blur.so", expected="int", declared=None, reason="is thread-local"),
        ArgumentError("7 is out of range.", remedy="Take less."),
        OpenError(Path("/tmp/a.so"), "it is damaged", remedy="Get it again."),
    ],
)
def test_error_is_the_same_on_the_other_side(error):
    again = failures.rebuild(wire.unpack_json(wire.pack_json(failures.describe(error))))
    assert type(again) is type(error)
    assert (str(again), again.remedy) == (str(error), error.remedy)
    assert vars(again) == vars(error)


def test_other_errors_keep_their_words():
    assert str(failures.rebuild(failures.describe(PictureError("Too small.")))) == "Too small."
    assert str(failures.rebuild(failures.describe(KeyError("x")))) == "KeyError: 'x'"


def test_what_the_worker_says_of_a_file_that_changed_is_kept():
    again = failures.rebuild(failures.describe(StaleError(Path("/tmp/a.so"), "another file", plugin=object())))
    assert isinstance(again, OpenError)
    assert again.reason.startswith("another file") and again.remedy


def test_long_messages_are_cut():
    again = failures.rebuild(failures.describe(CallError("p", "f", 1, "x" * 100_000)))
    assert isinstance(again, CallError) and len(again.message) == 4000


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    )
)
def test_anything_at_all_becomes_an_error(described):
    assert isinstance(failures.rebuild(described), PlugdeckError)


@given(
    st.sampled_from(["CallError", "SymbolNotFoundError", "SymbolTypeError", "OpenError", "ArgumentError"]),
    st.integers(),
)
def test_known_errors_with_wrong_facts_become_errors(name, value):
    facts = dict.fromkeys(("plugin", "symbol", "code", "message", "path", "reason", "expected", "declared"), value)
    assert isinstance(failures.rebuild({"error": name, **facts}), PlugdeckError)
