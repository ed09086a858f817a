"""Rows dragged into an order become priorities."""

from hypothesis import given
from hypothesis import strategies as st

from plugdeck.chain.ordering import INT_MAXIMUM, INT_MINIMUM, priorities_after_move

priority = st.one_of(st.integers(-3, 3), st.sampled_from([INT_MINIMUM, INT_MAXIMUM]), st.integers(-1000, 1000))


@given(st.lists(priority, min_size=1, max_size=8), st.data())
def test_the_moved_step_runs_where_it_was_put_and_the_others_keep_their_order(priorities, data):
    order = sorted(((f"step{index}", value) for index, value in enumerate(priorities)), key=lambda s: (s[1], s[0]))
    key = data.draw(st.sampled_from([name for name, _ in order]))
    position = data.draw(st.integers(0, len(order) - 1))

    changed = priorities_after_move(order, key, position)

    wanted = [name for name, _ in order if name != key]
    wanted.insert(position, key)
    merged = {**dict(order), **changed}
    assert sorted(merged, key=lambda name: (merged[name], name)) == wanted
    assert all(INT_MINIMUM <= value <= INT_MAXIMUM for value in merged.values())


def test_a_gap_is_used_before_others_are_renumbered():
    assert priorities_after_move([("a", 0), ("b", 100), ("c", 200)], "c", 1) == {"c": 50}


def test_equal_priorities_are_pushed_apart():
    assert priorities_after_move([("a", 5), ("b", 5), ("c", 5)], "c", 0) == {"c": -5}
    assert priorities_after_move([("a", 5), ("b", 5), ("c", 5)], "c", 1) == {"c": 6, "b": 7}
