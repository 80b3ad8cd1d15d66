"""Outlines, brushes, mirror and steady hand: which pixels they cover, against plain arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.document import brush
from studio.document.brush import STAMPED, Tip, Way
from studio.document.mirror import Mirror
from studio.document.raster import Area, Point, Shape, box, convex, ellipse, hull, polygon, segment
from studio.document.steady import Steady

SIZE = (60, 80)
ROOM = Area(-200, -200, 300, 300)
coordinate = st.floats(-20, 100, allow_nan=False)
points = st.tuples(coordinate, coordinate)


def covered(shapes: list[Shape], size: tuple[int, int] = SIZE) -> np.ndarray:
    full = np.zeros(size, np.bool_)
    for shape in shapes:
        full |= shape.over(size)
    return full


def winding(ways: list[Point], x: float, y: float) -> int:
    """How often an outline goes round a point: the sum of the angles that its edges are seen at."""
    turn = 0.0
    for (ax, ay), (bx, by) in zip(ways, [*ways[1:], ways[0]], strict=True):
        ax, ay, bx, by = ax - x, ay - y, bx - x, by - y
        turn += math.atan2(ax * by - ay * bx, ax * bx + ay * by)
    return round(turn / (2 * math.pi))


# Areas and shapes --------------------------------------------------------------------------------


def test_shapes_are_cut_to_their_room() -> None:
    room = Area(-5, -10, 20, 30)
    shape = ellipse((-40, -40), (60, 60), room)
    assert shape.area == room
    assert shape.mask is not None
    assert shape.mask.shape == (25, 40)
    part = shape.within((10, 10))
    assert part.area == Area(0, 0, 10, 10)
    assert (part.over((10, 10)) == shape.mask[5:15, 10:20]).all()
    assert Shape(Area(50, 50, 60, 60)).within((10, 10)).area.empty


# Polygons ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(-20, 100), st.integers(-20, 80)), min_size=3, max_size=9))
def test_a_polygon_covers_the_centres_it_goes_round(corners: list[tuple[int, int]]) -> None:
    # Off the centres and off the rows, so that none lies on an edge.
    ways = [(x + 0.137, y + 0.219) for x, y in corners]
    found = polygon(ways, SIZE).over(SIZE)
    rng = np.random.default_rng(len(corners))
    for row, column in zip(rng.integers(60, size=40), rng.integers(80, size=40), strict=True):
        inside = winding(ways, column + 0.5, row + 0.5) != 0
        assert found[row, column] == inside


def test_a_star_has_no_hole_and_neighbours_share_no_pixel() -> None:
    star = [
        (40 + 28 * math.sin(k * 4 * math.pi / 5), 30 - 28 * math.cos(k * 4 * math.pi / 5))
        for k in range(5)
    ]
    assert polygon(star, SIZE).over(SIZE)[30, 40]
    left = polygon([(0, 0), (80, 0), (0, 60)], SIZE).over(SIZE)
    right = polygon([(80, 0), (80, 60), (0, 60)], SIZE).over(SIZE)
    assert not (left & right).any()
    assert (left | right).all()
    assert polygon([(1, 1), (9, 9)], SIZE).area.empty


@given(st.lists(points, min_size=1, max_size=30))
def test_a_hull_holds_its_points_and_turns_one_way(corners: list[Point]) -> None:
    ring = hull(np.array(corners))
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, 0), strict=True):
        for x, y in corners:
            assert (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= -1e-6


# Brushes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, 2, 3, 8, 25])
@pytest.mark.parametrize("at", [(30.0, 30.0), (30.5, 30.5), (30.25, 30.75)])
def test_a_square_brush_has_its_size(side: int, at: Point) -> None:
    found = covered([brush.mark(Tip.SQUARE, at, side / 2, 0.0, SIZE)])
    assert found.sum() == side * side
    assert np.ptp(np.argwhere(found), 0).tolist() == [side - 1, side - 1]


def test_a_square_brush_sweeps_all_between_its_ends() -> None:
    way = Way(Tip.SQUARE, (10, 10), 4.0, SIZE, 0.0, False)
    found = covered([*way.begin(), *way.to((50, 10), 4.0), *way.end()])
    assert found.sum() == (40 + 8) * 8
    diagonal = Way(Tip.SQUARE, (10, 10), 4.0, SIZE, 0.0, False)
    swept = covered([*diagonal.begin(), *diagonal.to((50, 40), 4.0)])
    for share in np.linspace(0, 1, 17):
        spot = (10 + 40 * share, 10 + 30 * share)
        part = covered([brush.mark(Tip.SQUARE, spot, 3.9, 0.0, SIZE)])
        assert swept[part].all()


def test_a_tip_that_follows_turns_with_the_stroke() -> None:
    way = Way(Tip.SQUARE, (10, 30), 8.0, SIZE, 0.0, True)
    assert not list(way.begin())
    down = covered([*way.to((10, 50), 8.0), *way.end()])
    assert way.angle == pytest.approx(math.pi / 2)
    assert down[30, 10]
    for _ in range(20):
        list(way.to((way._last[0] + 4, 50), 8.0))
    assert way.angle == pytest.approx(0, abs=0.01)
    dot = Way(Tip.SQUARE, (10, 30), 8.0, SIZE, 0.0, True)
    assert covered([*dot.begin(), *dot.end()]).sum() == 256


def test_the_outline_is_that_of_the_mark() -> None:
    assert brush.outline(Tip.ROUND, 5, 0) is None
    corners = brush.outline(Tip.SQUARE, 9, 30)
    assert corners is not None
    ring = polygon([(40 + x, 30 + y) for x, y in corners], SIZE).over(SIZE)
    found = covered([brush.mark(Tip.SQUARE, (40, 30), 9, math.radians(30), SIZE)])
    assert (ring != found).sum() <= 4
    assert found.sum() == pytest.approx(18 * 18, rel=0.03)


@pytest.mark.parametrize("tip", STAMPED)
def test_stamps_keep_to_their_circle_and_scale(tip: Tip) -> None:
    small = covered([brush.mark(tip, (40, 30), 12, 0.0, SIZE)])
    large = covered([brush.mark(tip, (400, 300), 120, 0.0, (600, 800))], (600, 800))
    assert large.sum() == pytest.approx(100 * small.sum(), rel=0.25)
    assert 0.1 < large.sum() / (math.pi * 120**2) < 0.9
    for row, column in np.argwhere(large)[::97]:
        assert math.hypot(column + 0.5 - 400, row + 0.5 - 300) < 120 * 1.1
    assert covered([brush.mark(tip, (40, 30), 0.5, 0.0, SIZE)]).sum() >= 1
    if tip is not Tip.CHALK:
        turned = covered([brush.mark(tip, (400, 300), 120, math.pi, (600, 800))], (600, 800))
        assert (turned == large[::-1, ::-1]).mean() > 0.998
        assert brush.texture(tip)[0].sum() == 0


def test_chalk_leaves_the_grain_of_the_paper() -> None:
    once = covered([brush.mark(Tip.CHALK, (40, 30), 20, 0.0, SIZE)])
    beside = covered([brush.mark(Tip.CHALK, (44, 30), 20, 0.0, SIZE)])
    far = np.hypot(*(np.mgrid[:60, :80] + 0.5 - np.array([30, 40])[:, None, None]))
    assert 0.7 < once[far < 8].mean() < 1
    assert (~once & ~beside)[far < 8].mean() > 0.8 * (~once)[far < 8].mean()


@given(st.lists(st.floats(0.5, 30), min_size=1, max_size=12))
def test_stamps_are_evenly_spaced_however_the_pen_is_sampled(steps: list[float]) -> None:
    def count(lengths: list[float]) -> int:
        way, x, made = Way(Tip.SPRAY, (0.0, 30.0), 10.0, SIZE, 0.0, False), 0.0, 0
        made += len(list(way.begin()))
        for length in lengths:
            x += length
            made += len(list(way.to((x, 30.0), 10.0)))
        return made

    whole = sum(steps)
    expected = 1 + math.floor(whole / 7.0)
    assert abs(count(steps) - expected) <= (abs(whole / 7.0 - round(whole / 7.0)) < 1e-6)
    assert abs(count([whole]) - count(steps)) <= 1


def test_stamps_lie_along_the_way() -> None:
    way = Way(Tip.SPRAY, (0.0, 0.0), 10.0, ROOM, 0.0, False)
    shapes = [*way.begin(), *way.to((60.0, 80.0), 10.0)]
    middles = [(s.area.left + s.area.right, s.area.top + s.area.bottom) for s in shapes]
    for number, (x, y) in enumerate(middles):
        assert (x / 2, y / 2) == pytest.approx((7 * number * 0.6, 7 * number * 0.8), abs=1)
    assert len(middles) == 15


# Mirror ------------------------------------------------------------------------------------------

mirrors = st.builds(
    Mirror,
    st.booleans(),
    st.booleans(),
    st.integers(0, 160).map(lambda n: n / 2),
    st.integers(0, 120).map(lambda n: n / 2),
)


@given(mirrors, points, points, st.floats(0.5, 20), st.sampled_from(list(Tip)))
def test_a_mirrored_stroke_is_its_own_image(
    mirror: Mirror, start: Point, end: Point, radius: float, tip: Tip
) -> None:
    way = Way(tip, start, radius, mirror.room(SIZE), 20.0, False)
    shapes = [*way.begin(), *way.to(end, radius)]
    found = covered([image for shape in shapes for image in mirror.copies(shape)])
    rows, columns = np.nonzero(found)
    for on, places, axis, limit in (
        (mirror.across, columns, mirror.x, 80),
        (mirror.down, rows, mirror.y, 60),
    ):
        images = np.rint(2 * axis - 1 - places).astype(int)
        there = (images >= 0) & (images < limit)
        if on and axis is mirror.x:
            assert found[rows[there], images[there]].all()
        elif on:
            assert found[images[there], columns[there]].all()
    plain = Way(tip, start, radius, SIZE, 20.0, False)
    assert found[covered([*plain.begin(), *plain.to(end, radius)])].all()


def test_axes_lie_on_half_pixels() -> None:
    mirror = Mirror(True, True).at((40.3, 29.8))
    assert (mirror.x, mirror.y) == (40.5, 30.0)
    (one, two, three, four) = mirror.copies(box((10, 10), (12, 10), SIZE))
    assert {s.area for s in (one, two, three, four)} == {
        Area(10, 10, 11, 13),
        Area(10, 68, 11, 71),
        Area(49, 10, 50, 13),
        Area(49, 68, 50, 71),
    }
    assert not Mirror().on
    assert Mirror().room(SIZE) == Area(0, 0, 60, 80)


# A steady hand -----------------------------------------------------------------------------------


@given(st.floats(0, 40), st.lists(points, min_size=1, max_size=40))
def test_the_brush_hangs_on_its_string(length: float, pens: list[Point]) -> None:
    steady = Steady(length, (0.0, 0.0))
    far = went = 0.0
    before, last = steady.brush, (0.0, 0.0)
    for pen in pens:
        steady.pull(pen)
        assert math.dist(steady.brush, pen) <= length + 1e-9
        went += math.dist(steady.brush, before)
        far += math.dist(pen, last)
        before, last = steady.brush, pen
    assert went <= far + 1e-9
    if length == 0:
        assert steady.brush == pytest.approx(pens[-1])


def test_a_steady_brush_lags_by_its_string_and_does_not_shake() -> None:
    steady = Steady(10.0, (0.0, 0.0))
    for x in range(0, 400, 3):
        steady.pull((float(x), 2.0 * (-1) ** x))
    assert steady.brush[0] == pytest.approx(399 - 10, abs=0.3)
    steady = Steady(10.0, (0.0, 0.0))
    assert not steady.pull((6.0, 8.0))
    assert steady.pull((30.0, 40.0))
    assert steady.brush == pytest.approx((24.0, 32.0))


def test_a_straight_edge_of_the_convex_covers_half_a_plane() -> None:
    shape = convex(np.array([(0.0, 0.0), (80.0, 0.0), (0.0, 60.0)]), (0, 0), SIZE)
    plain = polygon([(0, 0), (80, 0), (0, 60)], SIZE)
    assert abs(int(shape.over(SIZE).sum()) - int(plain.over(SIZE).sum())) <= 61
    assert segment((5, 5), (5, 5), 3, 3, ROOM).area.left < 5
