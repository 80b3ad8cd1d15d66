"""Fills, selections and transforms, against slow and plain ways to the same pixels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.ports import UNPAINTED
from studio.document.filling import alike, cut, fill
from studio.document.raster import Area
from studio.document.selecting import How, combined, grown, shrunk
from studio.document.transform import Placement, centre, over, placed, placed_mask

seeds = st.integers(0, 10_000)


def flooded(same: np.ndarray, row: int, column: int) -> np.ndarray:
    """A flood by hand."""
    found = np.zeros_like(same)
    todo = [(row, column)]
    while todo:
        y, x = todo.pop()
        if 0 <= y < same.shape[0] and 0 <= x < same.shape[1] and same[y, x] and not found[y, x]:
            found[y, x] = True
            todo += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
    return found


# Fills -------------------------------------------------------------------------------------------


@given(seeds)
def test_a_fill_takes_what_hangs_together_or_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 2, (20, 30)).astype(np.uint8)
    row, column = int(rng.integers(20)), int(rng.integers(30))
    start = (column + 0.3, row + 0.8)
    same = ids == ids[row, column]
    assert (fill(ids, start).over((20, 30)) == flooded(same, row, column)).all()
    assert (fill(ids, start, contiguous=False).over((20, 30)) == same).all()
    within = rng.random((20, 30)) < 0.7
    found = fill(ids, start, within=within).over((20, 30))
    if within[row, column]:
        assert (found == flooded(same & within, row, column)).all()
    else:
        assert not found.any()


def test_a_fill_off_the_page_is_empty() -> None:
    assert fill(np.zeros((4, 4), np.uint8), (-0.1, 2)).area.empty
    assert fill(np.zeros((4, 4), np.uint8), (2, 4)).area.empty


def test_tolerance_is_the_largest_difference_of_a_channel() -> None:
    plane = np.zeros((1, 6, 4), np.uint8)
    plane[..., 3] = 255
    plane[0, :, 0] = [100, 110, 111, 90, 89, 100]
    plane[0, 5, 3] = 200
    assert alike(plane, 0, 0, 10)[0].tolist() == [True, True, False, True, False, False]
    assert alike(plane, 0, 0, 0)[0].tolist() == [True] + [False] * 5
    plane[0, :2, 3] = 0
    assert alike(plane, 0, 0, 0)[0, :2].all()  # whatever the colour of the transparent


def rooms(opening: int) -> np.ndarray:
    """Two rooms with a wall that has a doorway."""
    ids = np.zeros((40, 61), np.uint8)
    ids[:, 30:33] = 1
    ids[18 : 18 + opening, 30:33] = 0
    return ids


@pytest.mark.parametrize("opening", [1, 2, 5, 9])
def test_a_fill_does_not_run_through_a_gap(opening: int) -> None:
    ids = rooms(opening)
    for x, room in ((4, np.s_[:, :30]), (55, np.s_[:, 33:])):
        found = fill(ids, (x, 3), gap=opening).over(ids.shape)
        assert found[room].all()
        assert found.sum() == found[room].sum()
    assert fill(ids, (4, 3), gap=opening - 1).over(ids.shape)[3, 50]
    assert (fill(ids, (4, 3)).over(ids.shape) == (ids == 0)).all()


def test_a_gap_safe_fill_reaches_into_the_corners_of_a_round_room() -> None:
    y, x = np.mgrid[:80, :80]
    far = np.hypot(x - 39.5, y - 39.5)
    ids = ((far > 30) & (far < 33)).astype(np.uint8)
    ids[38:42, 60:] = 0  # a doorway of 4
    found = fill(ids, (40, 40), gap=4).over(ids.shape)
    assert found[far <= 30].all()
    assert not found[far >= 33].any()
    outside = fill(ids, (1, 1), gap=4).over(ids.shape)
    assert outside[(far >= 33)].mean() > 0.99
    assert not outside[far < 29].any()


def test_a_narrow_place_is_filled_all_the_same() -> None:
    ids = np.ones((20, 20), np.uint8)
    ids[9, 2:18] = 0
    assert (fill(ids, (5, 9.5), gap=6).over(ids.shape) == (ids == 0)).all()


# Selections --------------------------------------------------------------------------------------


def test_selections_combine_as_sets() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 20, 30)) < 0.5
    for how, expected in (
        (How.REPLACE, b),
        (How.ADD, a | b),
        (How.SUBTRACT, a & ~b),
        (How.INTERSECT, a & b),
    ):
        found = combined(a, b, how)
        assert found is not None
        assert (found == expected).all()
    none = combined(None, b, How.SUBTRACT)
    assert none is not None
    assert (none == ~b).all()
    assert combined(a, a, How.SUBTRACT) is None
    assert (combined(None, b, How.ADD) == b).all()
    assert (combined(None, b, How.INTERSECT) == b).all()


@given(seeds, st.integers(0, 12))
def test_growing_is_dilation_by_a_disc(seed: int, pixels: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((24, 31)) < 0.01
    mask[int(rng.integers(24)), int(rng.integers(31))] = True
    y, x = np.mgrid[:24, :31]
    expected = np.zeros_like(mask)
    for row, column in np.argwhere(mask):
        expected |= (y - row) ** 2 + (x - column) ** 2 <= pixels**2
    assert (grown(mask, pixels) == expected).all()
    shrink = shrunk(~mask, pixels)
    assert expected.all() if shrink is None else (shrink == ~expected).all()


# Transforms --------------------------------------------------------------------------------------

PLACE = Area(10, 14, 22, 34)
placements = st.builds(
    Placement,
    st.floats(-30, 30),
    st.floats(-30, 30),
    st.floats(0.2, 3) | st.floats(-3, -0.2),
    st.floats(0.2, 3),
    st.floats(-180, 180),
)


def piece(seed: int = 0, channels: int = 0) -> np.ndarray:
    shape = (12, 20, channels) if channels else (12, 20)
    return np.random.default_rng(seed).integers(0, 6, shape).astype(np.uint8)


@given(placements)
def test_each_pixel_takes_the_nearest(placement: Placement) -> None:
    ids, room = piece(), Area(-50, -50, 90, 90)
    where, found = placed(ids, PLACE, placement, room)
    p = placement.settled()
    turn = math.radians(p.angle)
    cx, cy = centre(PLACE)
    rng = np.random.default_rng(1)
    for row, column in rng.integers(0, (max(where.size[0], 1), max(where.size[1], 1)), (30, 2)):
        x, y = where.left + column + 0.5 - cx - p.dx, where.top + row + 0.5 - cy - p.dy
        u = (x * math.cos(turn) + y * math.sin(turn)) / p.sx + 10
        v = (y * math.cos(turn) - x * math.sin(turn)) / p.sy + 6
        if min(u % 1, 1 - u % 1, v % 1, 1 - v % 1) < 1e-6:
            continue  # on an edge
        inside = 0 <= u < 20 and 0 <= v < 12
        assert found[row, column] == (ids[int(v), int(u)] if inside else UNPAINTED)


@pytest.mark.parametrize("channels", [0, 4])
def test_quarter_turns_flips_and_moves_lose_nothing(channels: int) -> None:
    pixels, room = piece(2, channels), Area(-100, -100, 150, 150)
    for turns in range(4):
        where, found = placed(pixels, PLACE, Placement(angle=90.0 * turns), room)
        assert (found == np.rot90(pixels, -turns)).all()
        assert centre(where) == centre(PLACE)
    _, found = placed(pixels, PLACE, Placement().flipped(True), room)
    assert (found == pixels[:, ::-1]).all()
    _, found = placed(pixels, PLACE, Placement().flipped(False), room)
    assert (found == pixels[::-1]).all()
    where, found = placed(pixels, PLACE, Placement(7.4, -3.2), room)
    assert (found == pixels).all()
    assert where == PLACE.moved(-3, 7)
    where, found = placed(pixels, PLACE, Placement(7, -3), (22, 30))
    assert where == Area(7, 21, 19, 30)
    assert (found == pixels[:, :9]).all()


def test_a_flip_is_as_it_is_seen() -> None:
    turned = Placement(angle=30, sx=2)
    for across in (True, False):
        flipped = turned.flipped(across)
        for x in (-1, 1):
            for y in (-1, 1):
                px, py = turned.point(PLACE, x, y)
                qx, qy = flipped.point(PLACE, x, y)
                cx, cy = centre(PLACE)
                expected = (2 * cx - px, py) if across else (px, 2 * cy - py)
                assert (qx, qy) == pytest.approx(expected)


@given(placements, st.sampled_from([(1, 1), (-1, 1), (0, -1), (1, 0)]), st.booleans())
def test_a_dragged_handle_comes_to_the_pen_and_the_opposite_stays(
    placement: Placement, handle: tuple[int, int], even: bool
) -> None:
    x, y = handle
    start = placement.point(PLACE, x, y)
    to = (start[0] + 13.7, start[1] - 9.1)
    now = placement.dragged(PLACE, x, y, to, even)
    assert now.point(PLACE, -x, -y) == pytest.approx(placement.point(PLACE, -x, -y), abs=1e-6)
    if x and y and not even and min(abs(now.sx), abs(now.sy)) > 0.01:
        assert now.point(PLACE, x, y) == pytest.approx(to, abs=1e-6)
    if x and y and even and min(abs(now.sx), abs(now.sy)) > 0.01:
        assert now.sx / now.sy == pytest.approx(placement.sx / placement.sy)


def test_pictures_are_filtered_and_colours_do_not_bleed_out_of_the_transparent() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :20] = (200, 40, 10, 255)
    pixels[:, 20:] = (0, 255, 0, 0)  # green, and not there
    area = Area(0, 0, 40, 40)
    for placement in (Placement(sx=0.5, sy=0.5), Placement(sx=1.7, sy=1.3, angle=25)):
        _, found = placed(pixels, area, placement, Area(-50, -50, 100, 100))
        seen = found[found[..., 3] > 20].astype(int)
        assert np.abs(seen[:, :3] - (200, 40, 10)).max() <= 12
    stripes = np.zeros((64, 64, 4), np.uint8)
    stripes[..., 3] = 255
    stripes[:, ::2, :3] = 255
    where, found = placed(stripes, Area(0, 0, 64, 64), Placement(sx=0.25, sy=0.25), (64, 64))
    assert where == Area(24, 24, 40, 40)
    assert np.abs(found[2:-2, 2:-2, :3].astype(int) - 128).max() < 12  # no moire


def test_a_turned_picture_lies_where_its_corners_say() -> None:
    pixels = np.full((20, 30, 4), 255, np.uint8)
    area, placement = Area(40, 40, 60, 70), Placement(5.5, 2.25, angle=33)
    where, found = placed(pixels, area, placement, (120, 120))
    alpha = np.zeros((120, 120))
    alpha[where.slices] = found[..., 3] / 255
    y, x = np.mgrid[:120, :120] + 0.5
    assert alpha.sum() == pytest.approx(600, rel=0.01)
    assert (alpha * x).sum() / alpha.sum() == pytest.approx(55 + 5.5, abs=0.05)
    assert (alpha * y).sum() / alpha.sum() == pytest.approx(50 + 2.25, abs=0.05)


def test_masks_go_with_their_pieces() -> None:
    mask = piece() > 2
    for placement in (Placement(3, 4), Placement(angle=40, sx=2), Placement(angle=-90, sy=-1)):
        where, ids = placed(
            np.where(mask, 1, UNPAINTED).astype(np.uint8), PLACE, placement, (80, 80)
        )
        there, found = placed_mask(mask, PLACE, placement, (80, 80))
        assert there == where
        assert (found == (ids == 1)).all()


def test_over_lays_one_on_the_other() -> None:
    below = np.array([[[100, 0, 0, 255], [100, 0, 0, 0], [100, 0, 0, 128]]], np.uint8)
    above = np.array([[[0, 200, 0, 128], [0, 200, 0, 128], [0, 200, 0, 0]]], np.uint8)
    found = over(below, above)[0].tolist()
    assert found == [[50, 100, 0, 255], [0, 200, 0, 128], [100, 0, 0, 128]]


def test_what_is_cut_out_is_no_larger_than_needed() -> None:
    mask = np.zeros((30, 40), np.bool_)
    assert cut(mask).area.empty
    mask[5, 7] = mask[20, 30] = True
    assert cut(mask).area == Area(5, 7, 21, 31)
