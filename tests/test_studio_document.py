"""The document: shapes, changes, history and scenes."""

import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document import raster
from studio.document.changes import SceneChange, TileChange
from studio.document.document import Document, translate
from studio.document.edit import Edit, editing
from studio.document.filling import fill
from studio.document.layers import FIRST, Kind, Layer
from studio.document.raster import Area, Shape
from studio.document.scene import ModelRef, Picture, Scene, merged
from studio.history import History

SIZE = (300, 530)
points = st.tuples(st.floats(-200, 800), st.floats(-200, 800))
radii = st.floats(0, 90)


def painted(shape: Shape, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The shape as a mask of the whole."""
    document = Document.blank(size)
    Edit(document, "").paint(shape, 1)
    return document.ids == 1


@given(points, points, radii, radii)
def test_a_stroke_is_every_pixel_near_its_line_and_stays_in_bounds(
    start: raster.Point, end: raster.Point, first: float, last: float
) -> None:
    shape = raster.segment(start, end, first, last, SIZE)
    found = painted(shape)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(dx * dx + dy * dy, 1e-12)
    t = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / length, 0, 1)
    if length < 1e-6:
        t, first = np.zeros_like(t), max(first, last)
    far = np.hypot(x - start[0] - t * dx, y - start[1] - t * dy) - (first + t * (last - first))
    assert found[far < -0.01].all()
    wrong = found & (far > 0.01)
    assert wrong.sum() <= 1  # the pixel under the pen
    if wrong.any():
        assert np.argwhere(wrong)[0].tolist() == [int(end[1]), int(end[0])]


def test_the_pixel_under_the_pen_is_painted_by_the_smallest_brush() -> None:
    found = painted(raster.segment((7.9, 3.1), (7.9, 3.1), 0.1, 0.1, (10, 10)), (10, 10))
    assert np.argwhere(found).tolist() == [[3, 7]]


@given(points, points)
def test_an_ellipse_touches_its_box_and_no_more(start: raster.Point, end: raster.Point) -> None:
    inside = painted(raster.ellipse(start, end, SIZE))
    around = painted(raster.box(start, end, SIZE))
    assert not (inside & ~around).any()


def test_an_ellipse_has_an_ellipse_s_area() -> None:
    found = painted(raster.ellipse((50, 60), (250, 160), SIZE))
    assert found.sum() == pytest.approx(np.pi * 100 * 50, rel=0.01)


def test_a_fill_is_what_hangs_together() -> None:
    rng = np.random.default_rng(3)
    ids = rng.integers(0, 2, (40, 50)).astype(np.uint8)
    for start in ((0.5, 0.5), (25.2, 30.9), (49.9, 39.9)):
        seen = {(int(start[1]), int(start[0]))}
        queue = deque(seen)
        while queue:
            row, column = queue.popleft()
            for other in (
                (row + 1, column),
                (row - 1, column),
                (row, column + 1),
                (row, column - 1),
            ):
                inside = 0 <= other[0] < 40 and 0 <= other[1] < 50
                if inside and other not in seen and ids[other] == ids[row, column]:
                    seen.add(other)
                    queue.append(other)
        found = painted(fill(ids, start), (40, 50))
        assert {tuple(p) for p in np.argwhere(found).tolist()} == seen
    assert fill(ids, (-1, 5)).area.empty


def stroke(document: Document, rng: np.random.Generator) -> object:
    """A random edit, already finished."""
    edit = Edit(document, "stroke")
    for _ in range(int(rng.integers(1, 4))):
        a, b = rng.uniform(-50, 600, (2, 2))
        radius = float(rng.uniform(0, 60))
        edit.paint(
            raster.segment(tuple(a), tuple(b), radius, radius, document.size),
            int(rng.integers(0, 5)),
        )
    return edit.finish()


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from("dsur"), max_size=12))
def test_undo_and_redo_go_through_the_same_states(seed: int, moves: list[str]) -> None:
    rng = np.random.default_rng(seed)
    document = Document.blank(SIZE)
    history = History(document)

    def state() -> tuple[bytes, Scene]:
        return document.ids.tobytes(), document.scene

    states, place = [state()], 0
    for move in moves:
        if move == "d":
            change = stroke(document, rng)
            if change is None:
                continue
            history.add(change)  # type: ignore[arg-type]
        elif move == "s":
            before = document.scene
            document.scene = replace(before, seed=int(rng.integers(1, 10**6)))
            history.add(SceneChange("seed", before))
        elif move == "u":
            assert (history.undo() is None) == (place == 0)
            place = max(place - 1, 0)
        else:
            assert (history.redo() is None) == (place == len(states) - 1)
            place = min(place + 1, len(states) - 1)
        if move in "ds":
            states[place + 1 :] = [state()]
            place += 1
        assert state() == states[place]
    while history.undo() is not None:
        pass
    assert state() == states[0]


def test_a_dragged_slider_is_one_step_until_it_is_let_go() -> None:
    document = Document.blank((8, 8))
    history = History(document)
    heard: list[str] = []
    history.heard = lambda step, change: heard.append(step)

    def drag(value: float) -> None:
        before = document.scene
        document.scene = before.with_value("fog", value)
        history.add(SceneChange("Fog", before, merge="fog"))

    for value in (0.1, 0.2, 0.3):
        drag(value)
    history.settle()
    drag(0.4)
    assert heard == ["do", "merge", "merge", "do"]
    history.undo()
    assert document.scene.values["fog"] == 0.3
    history.undo()
    assert document.scene.values == {}


def test_an_edit_that_fails_or_changes_nothing_leaves_no_trace() -> None:
    document = Document.blank((600, 600))
    document.ids[:300] = 4
    before = document.ids.copy()

    def fail() -> None:
        with editing(document, "x") as edit:
            edit.paint(Shape(Area(10, 20, 500, 580)), 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (document.ids == before).all()
    edit = Edit(document, "x")
    edit.paint(Shape(Area(0, 0, 300, 600)), 4)
    assert edit.finish() is None


@pytest.mark.parametrize("channels", [1, 4])
def test_a_change_of_an_old_file_undoes_and_becomes_one_of_the_new_kind(channels: int) -> None:
    rng = np.random.default_rng(5)
    shape = SIZE if channels == 1 else (*SIZE, channels)
    before, after = (rng.integers(0, 9, shape).astype(np.uint8) for _ in range(2))
    document = Document.blank(SIZE)
    document.plane(40, channels)[:] = after
    corners = {(0, 0): before[:256, :256], (1, 0): before[256:, :256]}
    tiles = {place: zlib.compress(tile.tobytes()) for place, tile in corners.items()}
    expected = after.copy()
    expected[:, :256] = before[:, :256]
    change = TileChange("", tiles, 40, channels, states=True)
    told = change.seen_from(document)  # As if it had been done: what differs is the same.
    for changing in (change, told):
        assert changing.fits(SIZE)
        changing.swap(document)
        assert not changing.states
        assert changing.bytes == sum(len(tile) + 100 for tile in changing.tiles.values())
        found = document.plane(40, channels)
        assert np.array_equal(found, expected if changing is change else after)
        assert changing.tiles == told.tiles


def test_what_was_not_painted_costs_nothing() -> None:
    rng = np.random.default_rng(6)
    document = Document.blank((256, 256), Scene(layers=(Layer(9, Kind.PICTURE), *FIRST)))
    document.plane(9)[:] = rng.integers(0, 256, (256, 256, 4))
    edit = Edit(document, "", 9)
    edit.paint(Shape(Area(0, 0, 256, 128)), (1, 2, 3, 255))
    change = edit.finish()
    assert change is not None
    assert 256 * 128 * 3 < change.bytes < 256 * 128 * 4 * 1.1


def test_history_forgets_the_oldest_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.history.MOST_BYTES", 3000)
    document = Document.blank((256, 256))
    history = History(document)
    rng = np.random.default_rng(0)
    for _ in range(40):
        edit = Edit(document, "x")
        edit.replace(rng.integers(0, 9, document.size).astype(np.uint8))
        change = edit.finish()
        assert change is not None
        history.add(change)
    assert len(history.done) == 1
    assert history.undo() is not None


def test_a_scene_goes_through_json() -> None:
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    style, under = Picture(pixels, "a.jpg"), Picture(pixels + 1)
    scene = Scene(
        palette=(PaletteClass("sky", "#112233"), PaletteClass("sea", "#445566")),
        model=ModelRef("vista", "abc", "Vista"),
        values={
            "photo": style,
            "attributes": {"fog": 0.5},
            "style": (0.1, -2.0),
            "n": 3,
            "t": "hi",
        },
        seed=2**60,
        side=512,
        locked=frozenset({"seed", "attributes.fog"}),
        underlay=under,
        underlay_opacity=0.25,
    )
    assert Scene.from_json(scene.to_json(), scene.pictures) == scene
    assert Scene.from_json(Scene().to_json(), {}) == Scene()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda j: j.pop("seed"),
        lambda j: j.update(palette=[{"name": "", "color": "#000000"}]),
        lambda j: j.update(palette=[{"name": "a", "color": "red"}]),
        lambda j: j.update(palette=[{"name": "a", "color": "#000000"}] * 300),
        lambda j: j.update(values={"photo": {"picture": "nowhere"}}),
        lambda j: j.update(values={"x": [1]}),
        lambda j: j.update(model={"name": "a", "hash": "b", "more": "c"}),
        lambda j: j.update(side="large"),
        lambda j: j.update(values=None),
    ],
)
def test_a_garbled_scene_is_refused(spoil: Callable[[dict], object]) -> None:
    plain = Scene().to_json()
    spoil(plain)
    with pytest.raises(UserError, match=r"cannot be read|not usable"):
        Scene.from_json(plain, {})


def test_a_picture_is_known_by_its_contents() -> None:
    pixels = np.zeros((3, 4, 3), np.uint8)
    picture = Picture(pixels)
    pixels[:] = 9
    assert picture.pixels.max() == 0
    assert (
        picture == Picture(np.zeros((3, 4, 3), np.uint8)) != Picture(np.zeros((4, 3, 3), np.uint8))
    )
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0] = 1


def test_palettes_merge_without_moving_an_id() -> None:
    sky, sea, sand = (PaletteClass(n, "#123456") for n in ("sky", "sea", "sand"))
    assert merged((sea, sky), (sky, sand)) == (sea, sky, sand)


def test_translation_leaves_what_it_does_not_name_unpainted() -> None:
    ids = np.array([[0, 1, 2, 255]], np.uint8)
    assert translate(ids, {0: 7, 2: 1}).tolist() == [[7, 255, 1, 255]]
