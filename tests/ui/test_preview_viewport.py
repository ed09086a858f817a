"""The geometry of the picture view: what stays put, what stays in sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugdeck.ui.preview.viewport import LARGEST_ZOOM, Viewport

sizes = st.integers(1, 20_000)
views = st.floats(20, 4000)
shares = st.floats(0, 1)


def viewport(width=1000, height=500, view=(500, 400), ratio=1.0) -> Viewport:
    made = Viewport()
    made.set_view(*view, ratio)
    made.set_source(width, height)
    return made


def test_a_new_picture_is_shown_whole():
    shown = viewport()
    assert shown.zoom == 0.5
    assert (shown.picture.left, shown.picture.top, shown.picture.width, shown.picture.height) == (0, 75, 500, 250)


def test_a_small_picture_is_not_blown_up():
    assert viewport(30, 20).zoom == 1


def test_a_hundred_percent_is_a_screen_pixel_for_a_pixel_on_any_screen():
    shown = viewport(ratio=2.0)
    shown.zoom_to(1.0)
    assert shown.picture.width == 500  # logical pixels, which are 1000 on the screen


@given(sizes, sizes, views, views, st.sampled_from([1.0, 1.25, 2.0]), shares, shares, st.floats(0.5, 4))
def test_the_point_under_the_pointer_stays_there_unless_the_edge_holds_it(w, h, vw, vh, ratio, across, down, factor):
    shown = viewport(w, h, (vw, vh), ratio)
    x, y = across * vw, down * vh
    before = shown.to_source(x, y)
    shown.zoom_to(shown.zoom * factor, x, y)
    after = shown.to_source(x, y)
    stays = (abs(before[0] - after[0]) < 1e-6 * w + 1e-6, abs(before[1] - after[1]) < 1e-6 * h + 1e-6)
    at_edge = (
        _is_held(shown.centre_x, w, vw / shown.scale),
        _is_held(shown.centre_y, h, vh / shown.scale),
    )
    assert stays[0] or at_edge[0]
    assert stays[1] or at_edge[1]


def _is_held(centre: float, source: float, part: float) -> bool:
    held_at = (source / 2,) if part >= source else (part / 2, source - part / 2)
    return any(centre == pytest.approx(place) for place in held_at)


@given(sizes, sizes, views, views, st.lists(st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)), max_size=5))
def test_the_picture_never_leaves_the_view(w, h, vw, vh, moves):
    shown = viewport(w, h, (vw, vh))
    shown.zoom_to(2.0)
    for x, y in moves:
        shown.pan(x, y)
    visible = shown.visible
    assert visible.width >= min(vw, w * shown.scale) - 1
    assert visible.height >= min(vh, h * shown.scale) - 1


def test_a_fitted_picture_stays_fitted_when_the_view_grows():
    shown = viewport()
    shown.set_view(1000, 800, 1.0)
    assert shown.zoom == 1


def test_a_zoomed_picture_keeps_its_middle_when_the_view_grows():
    shown = viewport()
    shown.zoom_to(3.0, 100, 200)
    middle = shown.centre_x, shown.centre_y
    shown.set_view(600, 300, 1.0)
    assert (shown.zoom, shown.centre_x, shown.centre_y) == (3.0, *middle)


def test_steps_meet_round_figures_and_end_at_the_limits():
    shown = viewport()
    seen = []
    for _ in range(40):
        shown.step(1)
        seen.append(shown.zoom)
    assert 1.0 in seen
    assert 2.0 in seen
    assert seen[-1] == LARGEST_ZOOM
    for _ in range(60):
        shown.step(-1)
    assert shown.zoom == pytest.approx(0.02)


def test_a_huge_picture_can_still_be_seen_whole():
    shown = viewport(20_000, 6000, (200, 200))
    assert shown.zoom == pytest.approx(0.01)
    shown.step(-1)
    assert shown.zoom == pytest.approx(0.01)


def test_no_more_is_rendered_than_the_view_can_show():
    shown = viewport(4000, 2000, (500, 400), 2.0)
    assert shown.rendered_limit() == (1000, 500)
    shown.zoom_to(8.0)
    assert shown.rendered_limit() == (4000, 2000)
