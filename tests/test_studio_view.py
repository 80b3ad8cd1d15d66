"""The view's map: what is seen where, however it is turned and mirrored."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio.document.raster import Area
from studio.models.view import Look, View

ROOM = (600, 900)
ANGLES = st.one_of(st.floats(-180, 180), st.sampled_from([-90.0, 0.0, 15.0, 90.0, 180.0]))
PLACES = st.tuples(st.floats(-500, 3000), st.floats(-500, 3000))


@st.composite
def views(draw: st.DrawFn) -> View:
    """A view after some moves of its artist."""
    view = View()
    view.set_document((1024, 2048))
    view.set_room(ROOM)
    scale = 2.0 ** draw(st.floats(-6, 6))
    view.take(Look(scale, draw(PLACES), draw(ANGLES), draw(st.booleans())))
    return view


def near(point: tuple[float, float], other: tuple[float, float], scale: float) -> bool:
    """The same to a thousandth of a screen pixel."""
    return math.dist(point, other) * scale < 1e-3


@given(views(), PLACES)
def test_there_and_back_is_the_same_point(view: View, point: tuple[float, float]) -> None:
    x, y = view.to_screen(point, ROOM)
    assert near(view.to_document(x, y, ROOM), point, view.scale)


@given(views(), PLACES)
def test_the_matrix_is_the_same_map(view: View, point: tuple[float, float]) -> None:
    m11, m12, m21, m22, dx, dy = view.matrix(ROOM)
    x, y = point
    seen = view.to_screen(point, ROOM)
    assert near((m11 * x + m21 * y + dx, m12 * x + m22 * y + dy), seen, 1e-2)


@given(views(), PLACES, st.floats(0.2, 5), ANGLES)
def test_zoom_and_turn_keep_their_point(
    view: View, keep: tuple[float, float], factor: float, angle: float
) -> None:
    before = view.to_screen(keep, ROOM)
    view.zoom_to(view.scale * factor, keep)
    assert near(view.to_screen(keep, ROOM), before, 1)
    view.turn_to(angle, keep)
    assert near(view.to_screen(keep, ROOM), before, 1)
    view.pinch(keep, 1.3, 20, 7, -3)
    assert near(view.to_screen(keep, ROOM), (before[0] + 7, before[1] - 3), 1)


@given(views(), PLACES, st.floats(-300, 300), st.floats(-300, 300))
def test_a_pan_moves_every_point_as_the_hand_does(
    view: View, point: tuple[float, float], dx: float, dy: float
) -> None:
    x, y = view.to_screen(point, ROOM)
    view.pan(dx, dy)
    assert near(view.to_screen(point, ROOM), (x + dx, y + dy), 1)


@given(views(), PLACES)
def test_mirroring_swaps_left_and_right_on_the_screen(
    view: View, point: tuple[float, float]
) -> None:
    x, y = view.to_screen(point, ROOM)
    view.mirror()
    assert near(view.to_screen(point, ROOM), (ROOM[1] - x, y), 1)
    view.mirror()
    assert near(view.to_screen(point, ROOM), (x, y), 1)


@given(views(), st.booleans())
def test_a_turn_is_clockwise_on_the_screen_mirrored_or_not(view: View, mirrored: bool) -> None:
    view.take(Look(1.0, (100.0, 100.0), 0.0, mirrored))
    x, y = view.to_screen((100.0, 50.0), ROOM)
    assert (x, y) == (450, 250)  # above the middle
    view.turn_to(90)
    assert view.to_screen((100.0, 50.0), ROOM) == (500, 300)  # to the right of it


@given(views())
def test_a_fitted_document_is_all_seen(view: View) -> None:
    view.fit()
    left, top, right, bottom = view.bounds_on_screen(Area(0, 0, 1024, 2048), ROOM)
    assert left >= 0
    assert top >= 0
    assert right <= ROOM[1]
    assert bottom <= ROOM[0]
    assert right - left > 0.9 * ROOM[1] or bottom - top > 0.9 * ROOM[0]
    assert view.fitted


@given(views(), st.integers(1, 5))
def test_steps_go_on_to_the_next_fifteen_degrees(view: View, steps: int) -> None:
    start = view.angle
    assume(abs(start / 15 - round(start / 15)) > 1e-3)
    view.turn(1)
    assert view.angle % 15 == pytest.approx(0)
    assert 0 < (view.angle - start) % 360 < 15
    view.turn(-1)
    assert 0 < (start - view.angle) % 360 < 15
    for _ in range(steps):
        view.turn(-1)
    view.straighten()
    assert view.angle == 0


def test_a_step_backwards_goes_back() -> None:
    view = View()
    view.turn(1)
    assert view.angle == 15
    view.turn(-1)
    assert view.angle == 0
    for _ in range(24):
        view.turn(1)
    assert view.angle == 0


@given(views())
def test_a_look_is_taken_again(view: View) -> None:
    look = view.look()
    view.turn(1)
    view.mirror()
    view.zoom(3)
    view.take(look)
    assert view.look() == look


def test_another_document_is_seen_upright_and_whole() -> None:
    view = View()
    view.turn(2)
    view.mirror()
    view.zoom(5)
    view.set_document((100, 200))
    assert view.upright
    assert view.fitted
