"""What is done to layers: one step each, undone wholly, and what it shows is right."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engines.data.spec import PaletteClass
from studio.document import layers
from studio.document.blend import blend
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import LAYOUT, RENDER, Kind, Layer, walk
from studio.document.raster import Area, Shape
from studio.document.scene import Scene
from studio.lanes.work import WorkLane
from studio.models.layering import Layering, fitted
from studio.models.library import Library
from studio.models.session import Session

SIZE = (40, 60)
PALETTE = (PaletteClass("a", "#ff0000"), PaletteClass("b", "#00ff00"))
RNG = np.random.default_rng(0)


@pytest.fixture
def layering(qtbot: QtBot) -> Layering:
    lane = WorkLane()
    session = Session(Library(lane))
    session.show(Document.blank(SIZE, Scene(palette=PALETTE)))
    picture = RNG.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    made = Layering(session, SimpleNamespace(picture=picture))  # type: ignore[arg-type]
    made.setProperty("lane", lane)
    lane.close()
    return made


def paint(layering: Layering, layer: int, area: Area, value: object) -> None:
    edit = Edit(layering.session.document, "paint", layer)
    edit.paint(Shape(area), value)
    layering.session.commit(edit)


def state(layering: Layering) -> tuple[object, ...]:
    document = layering.session.document
    planes = {n: p.tobytes() for n, p in document.planes.items() if (p != p.flat[0]).any()}
    return document.scene, planes, document.ids.tobytes()


def one_step(layering: Layering, do: Callable[[], object]) -> None:
    """It is one step of the history, which undo and redo walk."""
    before, count = state(layering), len(layering.session.history.done)
    do()
    after = state(layering)
    assert len(layering.session.history.done) == count + 1
    layering.session.undo()
    assert state(layering) == before
    layering.session.redo()
    assert state(layering) == after


def test_every_way_to_change_layers_is_one_step(layering: Layering) -> None:
    session = layering.session
    paint(layering, LAYOUT, Area(0, 0, 20, 60), 0)
    session.activate(LAYOUT)
    one_step(layering, layering.add_layout)
    high = session.active
    assert high not in (LAYOUT, RENDER)
    paint(layering, high, Area(5, 5, 10, 10), 1)
    one_step(layering, layering.keep_render)
    kept = session.active
    assert layers.place_of(layering.tree, kept) == (None, 0)
    one_step(layering, layering.add_picture)
    paint(layering, session.active, Area(0, 0, 9, 9), (9, 8, 7, 100))
    photo = session.active
    one_step(layering, lambda: layering.set_blend(photo, "screen"))
    one_step(layering, lambda: layering.set_opacity(photo, 0.25))
    one_step(layering, lambda: layering.rename(photo, "glow"))
    one_step(layering, lambda: layering.lock(photo, True))
    one_step(layering, lambda: layering.show(photo, False))
    one_step(layering, lambda: layering.show_only(photo))
    one_step(layering, lambda: layering.show_only(photo))
    one_step(layering, lambda: layering.move(photo, None, 99))
    one_step(layering, lambda: layering.lock(photo, False))
    session.activate(high)
    one_step(layering, layering.add_group)
    group, _ = layers.place_of(layering.tree, high)
    assert group is not None
    one_step(layering, lambda: layering.duplicate(group))
    copies = layers.find(layering.tree, session.active)
    assert copies is not None
    assert copies.kind is Kind.GROUP
    twin = copies.children[0].id
    document = session.document
    assert np.array_equal(document.plane(twin), document.plane(high))
    one_step(layering, lambda: layering.clear(twin))
    assert (document.plane(twin) == 255).all()
    one_step(layering, lambda: layering.merge_down(group))
    one_step(layering, lambda: layering.merge_down(session.active))
    one_step(layering, lambda: layering.delete(kept))
    one_step(layering, layering.from_visible)


def test_a_merged_layout_shows_what_was_seen(layering: Layering) -> None:
    session = layering.session
    paint(layering, LAYOUT, Area(0, 0, 20, 60), 0)
    session.activate(LAYOUT)
    layering.add_layout()
    paint(layering, session.active, Area(10, 10, 30, 30), 1)
    seen = session.document.ids.copy()
    layering.merge_down(session.active)
    assert sum(e.kind is Kind.LAYOUT for e in walk(layering.tree)) == 1
    assert np.array_equal(session.document.ids, seen)


def test_merged_pictures_look_as_before(layering: Layering) -> None:
    session, document = layering.session, layering.session.document
    layering.keep_render()
    low = session.active
    layering.add_picture()
    high = session.active
    layering.set_blend(high, "multiply")
    layering.set_opacity(high, 0.5)
    paint(layering, high, Area(0, 0, 40, 30), (200, 100, 50, 255))
    expected = blend("multiply", document.plane(low), document.plane(high), 0.5)
    seen = layering.merged()
    layering.merge_down(high)
    assert np.array_equal(document.plane(session.active), expected)
    assert np.array_equal(layering.merged(), seen)


def test_what_cannot_be_is_refused_in_a_sentence(layering: Layering, qtbot: QtBot) -> None:
    session = layering.session

    def refused(do: Callable[[], object], word: str) -> None:
        before = state(layering)
        with qtbot.waitSignal(session.problem, check_params_cb=lambda text: word in text):
            do()
        assert state(layering) == before

    refused(lambda: layering.delete(LAYOUT), "needs a layout")
    refused(lambda: layering.delete(RENDER), "needs a layout")
    refused(lambda: layering.merge_down(RENDER), "keep the model's picture")
    refused(lambda: layering.merge_down(LAYOUT), "no layer below")
    session.activate(LAYOUT)
    layering.add_layout()
    high = session.active
    layering.lock(high, True)
    refused(lambda: layering.merge_down(high), "locked")
    refused(lambda: layering.clear(high), "locked")
    layering.lock(high, False)
    layering.show(high, False)
    refused(lambda: layering.merge_down(high), "hidden")
    assert "hidden" in session.may_paint()
    layering.show(high, True)
    assert session.may_paint() == ""
    session.activate(RENDER)
    assert "model paints" in session.may_paint()


def test_no_id_is_given_twice(layering: Layering) -> None:
    session = layering.session
    layering.add_picture()
    first = session.active
    paint(layering, first, Area(0, 0, 5, 5), (1, 2, 3, 255))
    session.undo()
    session.undo()
    assert first not in [e.id for e in walk(layering.tree)]
    session.redo()
    layering.delete(first)
    layering.add_layout()
    assert session.active != first
    for _ in range(3):
        session.undo()


def test_steps_and_walks_go_through_groups(layering: Layering) -> None:
    session = layering.session
    layering.add_picture()
    photo = session.active
    layering.add_group()
    group, _ = layers.place_of(layering.tree, photo)
    assert [e.id for e in walk(layering.tree)] == [group, photo, RENDER, LAYOUT]
    session.activate(photo)
    layering.step(up=False)  # Out of the group, below it.
    assert layers.place_of(layering.tree, photo) == (None, 1)
    layering.step(up=False)
    assert [e.id for e in layering.tree] == [group, RENDER, photo, LAYOUT]
    layering.step(up=True)
    assert [e.id for e in layering.tree] == [group, photo, RENDER, LAYOUT]
    layering.walk(up=False)
    assert session.active == RENDER
    for _ in range(9):
        layering.walk(up=True)
    assert session.active == group


def test_a_photo_is_fitted_into_the_middle() -> None:
    pixels = np.full((10, 40, 3), 77, np.uint8)
    plane = fitted(pixels, (20, 40))
    assert plane[5:15, :, 3].min() == 255
    assert not plane[:5].any()
    assert not plane[15:].any()
    assert (plane[5:15, :, :3] == 77).all()


def test_the_source_is_each_layer_s_own(layering: Layering) -> None:
    paint(layering, LAYOUT, Area(0, 0, 20, 60), 1)
    area = Area(10, 0, 30, 10)
    shown = layering.source(Layer(LAYOUT, Kind.LAYOUT), area)
    assert shown is not None
    assert shown[0, 0].tolist() == [0, 255, 0, 255]
    assert shown[15, 0].tolist() == [0, 0, 0, 0]
    render = layering.source(Layer(RENDER, Kind.RENDER), area)
    assert render is not None
    assert render.shape == (20, 10, 4)
    assert layering.source(Layer(9, Kind.PICTURE), area) is None


def test_clearing_spares_locked_classes_and_says_so(layering: Layering) -> None:
    session = layering.session
    said: list[str] = []
    session.problem.connect(said.append)
    paint(layering, LAYOUT, Area(0, 0, 20, 60), 0)
    paint(layering, LAYOUT, Area(20, 0, 30, 60), 1)
    names = [entry.name for entry in session.scene.palette]
    session.change_scene(replace(session.scene, protected=frozenset({names[1]})), "lock")
    layering.clear(LAYOUT)
    ids = session.document.plane(LAYOUT)
    assert (ids[20:30, :60] == 1).all()
    assert (ids == 1).sum() == 600
    assert (ids == 255).sum() == ids.size - 600
    assert len(said) == 1
    assert names[1] in said[0]
    session.undo()
    assert (session.document.ids[:20, :60] == 0).all()
    session.change_scene(replace(session.scene, protected=frozenset()), "unlock")
    one_step(layering, lambda: layering.clear(LAYOUT))
    assert (session.document.ids == 255).all()
    assert len(said) == 1


def test_a_group_is_cleared_in_one_step(layering: Layering) -> None:
    session = layering.session
    session.activate(LAYOUT)
    layering.add_layout()
    high = session.active
    paint(layering, high, Area(0, 0, 9, 9), 1)
    layering.add_group()
    group, _ = layers.place_of(layering.tree, high)
    assert group is not None
    session.activate(high)
    layering.add_layout()
    paint(layering, session.active, Area(9, 9, 19, 19), 0)
    layering.lock(high, True)
    steps = len(session.history.done)
    layering.clear(group)  # One in it is locked.
    assert len(session.history.done) == steps
    layering.lock(high, False)
    one_step(layering, lambda: layering.clear(group))
    assert (session.document.plane(high) == 255).all()
