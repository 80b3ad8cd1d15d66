"""The history as a line: pictures that tell what a step changed, wherever the document stands."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from engines.ports import UNPAINTED
from studio.document.changes import TILE, TileChange
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import FIRST, LAYOUT, Kind, Layer
from studio.document.raster import Area, Shape
from studio.document.scene import Picture, Scene
from studio.lanes.work import WorkLane
from studio.models.library import Library
from studio.models.session import Session
from studio.models.timeline import (
    GREY,
    HEIGHT,
    MOST_KEPT,
    PALE,
    WIDTH,
    Timeline,
    cut_out,
    flat,
    pool,
)

CLASSES = (PaletteClass("sky", "#88bbee"), PaletteClass("rock", "#775544"))
SIZE = 600, 700


@pytest.fixture
def timeline(qtbot: QtBot) -> Iterator[Timeline]:
    work = WorkLane()
    session = Session(Library(work))
    session.show(Document.blank(SIZE, Scene(palette=CLASSES, layers=FIRST)))
    yield Timeline(session)
    work.close()


def stroke(timeline: Timeline, area: Area, value: int, layer: int | None = None) -> None:
    edit = Edit(timeline.session.document, "Stroke", layer)
    edit.paint(Shape(area.within(SIZE)), value)
    timeline.session.commit(edit)


def journey(timeline: Timeline, seed: int) -> None:
    rng = np.random.default_rng(seed)
    session = timeline.session
    for step in range(12):
        kind = rng.integers(0, 4)
        if kind == 3:
            session.change_scene(replace(session.scene, seed=step), "Seed")
            continue
        top, left = int(rng.integers(0, 500)), int(rng.integers(0, 600))
        area = Area(top, left, top + int(rng.integers(5, 300)), left + int(rng.integers(5, 300)))
        stroke(timeline, area, int(rng.integers(0, 2)) if kind else UNPAINTED)


@pytest.mark.parametrize("seed", range(4))
def test_every_state_is_told_from_wherever_the_document_stands(
    timeline: Timeline, seed: int
) -> None:
    journey(timeline, seed)
    document, real, scenes = timeline.session.document, [], []
    for step in range(timeline.count + 1):
        timeline.go(step)
        real.append(document.plane(LAYOUT).copy())
        scenes.append(document.scene)
    for stand in range(timeline.count, -1, -3):
        timeline.go(stand)
        for step, change in enumerate(timeline.steps, 1):
            assert timeline._scene_at(step) == scenes[step]
            for part in flat(change):
                if isinstance(part, TileChange):
                    for row, column in part.tiles:
                        at = Area(row * TILE, column * TILE, (row + 1) * TILE, (column + 1) * TILE)
                        at = at.within(SIZE)
                        for state in (step - 1, step):
                            place = (row, column)
                            found = timeline._tiles_at(state, part, [place])
                            assert found is not None
                            assert (found[place] == real[state][at.slices]).all()


def test_a_step_s_picture_shows_what_was_painted_and_dims_the_rest(timeline: Timeline) -> None:
    stroke(timeline, Area(0, 0, 600, 700), 0)
    stroke(timeline, Area(100, 100, 180, 210), 1)
    thumb = timeline._make(2)
    assert thumb.pixels is not None
    assert thumb.pixels.shape == (HEIGHT, WIDTH, 3)
    assert thumb.pixels[HEIGHT // 2, WIDTH // 2].tolist() == [0x77, 0x55, 0x44]
    corner = thumb.pixels[0, 0].astype(int)
    sky = np.array([0x88, 0xBB, 0xEE])
    assert np.abs(corner - (sky * 0.25 + GREY * 0.75)).max() <= 1
    share = (thumb.pixels == [0x77, 0x55, 0x44]).all(2).mean()
    assert 0.3 < share < 0.75
    timeline.go(0)  # and it is the same when the step is undone
    again = timeline._make(2)
    assert again.pixels is not None
    assert (again.pixels == thumb.pixels).all()


def test_what_changes_no_pixel_has_an_icon_or_the_picture_that_came(timeline: Timeline) -> None:
    session = timeline.session
    session.change_scene(replace(session.scene, seed=9), "Seed")
    photo = Picture(np.full((50, 90, 3), 77, np.uint8))
    session.change_scene(session.scene.with_value("photo", photo), "Style")
    session.change_scene(session.scene.with_value("moods", {"fog": 0.5}), "Fog")
    layer = Layer(9, Kind.LAYOUT, "Over")
    session.change_layers((layer, *session.scene.layers), "Add a layer")
    assert timeline._make(1).icon == "seed"
    shown = timeline._make(2).pixels
    assert shown is not None
    assert (shown == 77).all()
    assert timeline._make(3).icon == "settings"
    assert timeline._make(4).icon == "layers"
    assert timeline.thumb(0) is not None


def test_a_layer_that_is_gone_is_not_brought_back(timeline: Timeline) -> None:
    session = timeline.session
    session.change_layers((Layer(9, Kind.LAYOUT, "Over"), *session.scene.layers), "Add")
    stroke(timeline, Area(0, 0, 50, 50), 1, layer=9)
    edit = Edit(session.document, "Remove", 9)
    edit.replace(np.full(SIZE, UNPAINTED, np.uint8))
    layers = tuple(layer for layer in session.scene.layers if layer.id != 9)
    session.commit_with([edit], replace(session.scene, layers=layers), "Remove")
    assert 9 not in session.document.planes
    thumb = timeline._make(2)
    assert thumb.pixels is not None
    assert (thumb.pixels == [0x77, 0x55, 0x44]).all(2).any()
    assert 9 not in session.document.planes


def test_another_size_has_an_icon_and_hides_what_lies_beyond(timeline: Timeline) -> None:
    stroke(timeline, Area(0, 0, 50, 50), 1)
    small = timeline.session.document.plane(LAYOUT)[:300, :300].copy()
    timeline.session.resize((300, 300), {LAYOUT: small}, "Crop")
    stroke(timeline, Area(100, 100, 150, 150), 0)
    assert timeline._make(2).pixels is None
    assert timeline._make(1).pixels is None  # It is of another size: an icon, no fault.
    assert timeline._make(3).pixels is not None


def test_going_somewhere_is_undo_and_redo_step_by_step(timeline: Timeline) -> None:
    heard: list[str] = []
    for step in range(5):
        stroke(timeline, Area(0, 0, 10 + step, 10), 1)
    timeline.session.history.heard = lambda step, change: heard.append(step)
    timeline.go(1)
    assert (timeline.current, timeline.count) == (1, 5)
    timeline.go(4)
    timeline.go(99)
    assert heard == ["undo"] * 4 + ["redo"] * 4
    assert timeline.label(0) != timeline.label(1) == "Stroke"


def test_pictures_are_made_one_by_one_when_they_are_seen_and_few_are_kept(
    timeline: Timeline, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.models.timeline.MOST_KEPT", 5)
    for step in range(9):
        stroke(timeline, Area(0, 0, 10 + step, 10), 1)
    made: list[int] = []
    timeline.thumbed.connect(made.append)
    qtbot.wait(20)
    assert made == []  # Nobody has looked.
    for step in range(1, 10):
        assert timeline.thumb(step) is None
    qtbot.waitUntil(lambda: len(made) == 9)
    assert made[0] == 9  # What was asked for last is seen now.
    assert len(timeline._kept) == 5 < MOST_KEPT
    assert timeline.thumb(made[-1]) is not None


def test_a_slider_being_dragged_is_seen_anew(timeline: Timeline, qtbot: QtBot) -> None:
    session = timeline.session
    for value in (40, 90):
        photo = Picture(np.full((8, 8, 3), value, np.uint8))
        session.change_scene(session.scene.with_value("photo", photo), "Style", merge="style")
        timeline.thumb(1)
        qtbot.waitUntil(lambda: timeline.thumb(1) is not None)
    thumb = timeline.thumb(1)
    assert thumb is not None
    assert thumb.pixels is not None
    assert (thumb.pixels == 90).all()


def test_a_thin_line_on_a_large_page_is_still_seen() -> None:
    touched = np.zeros((256, 256), np.bool_)
    assert cut_out(touched) is None
    touched[10, 3:250] = True
    cut = cut_out(touched)
    assert cut is not None
    assert cut.painted.any(1).sum() == 1
    assert cut.painted.sum() > 0.7 * WIDTH
    assert touched[cut.rows, cut.columns][cut.painted].all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 4, 32]))
def test_pooling_loses_nothing(seed: int, stride: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(1, 100, 2))
    cells = rng.random(shape) < 0.01
    rows, columns = (np.arange(0, n, stride) for n in shape)
    wanted = np.logical_or.reduceat(np.logical_or.reduceat(cells, rows, 0), columns, 1)
    assert (pool(cells, stride) == wanted).all()


def test_where_too_much_was_painted_since_the_shape_is_shown(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        for value in (0, 1):
            stroke(timeline, Area(100, 100, 180, 210), value)
    monkeypatch.setattr("studio.models.timeline.MOST_LOOKS", 4)
    shown, exact = timeline._make(1).pixels, timeline._make(3).pixels
    assert shown is not None
    assert exact is not None
    assert (shown[HEIGHT // 2, WIDTH // 2] == PALE).all()
    assert exact[HEIGHT // 2, WIDTH // 2].tolist() == [0x88, 0xBB, 0xEE]
