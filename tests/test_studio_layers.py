"""Layers: the tree's algebra, what they compose to, and that their changes are undone and kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.request import Request
from studio.document import layers, ora
from studio.document.carried import png_bytes, read_png, without_pictures
from studio.document.changes import Both, SceneChange, SizeChange, TileChange
from studio.document.desk import Desk
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import FIRST, LAYOUT, Kind, Layer, Layers, walk
from studio.document.packing import Packer, Unpacker, fits, pack_history, unpack_history
from studio.document.raster import Area, Shape, box
from studio.document.scene import Scene
from studio.history import History

SIZE = (300, 530)


def tree() -> Layers:
    """A picture over a group of two layouts and a picture, over what every document has."""
    inner = (
        Layer(4, Kind.LAYOUT, "high"),
        Layer(5, Kind.PICTURE, "photo", opacity=0.5, blend="multiply"),
        Layer(6, Kind.LAYOUT, "low"),
    )
    return (Layer(7, Kind.PICTURE, "top"), Layer(3, Kind.GROUP, "group", children=inner), *FIRST)


def layered() -> Document:
    document = Document.blank(SIZE, Scene(layers=tree()))
    for number, area in ((4, (0, 0, 9, 9)), (6, (5, 5, 40, 300)), (LAYOUT, (0, 0, 300, 530))):
        document.plane(number)[Area(*area).slices] = number
    return document


def composed(document: Document) -> np.ndarray:
    """The class map from scratch: every pixel asks each layer from the top."""
    ids = np.full(document.size, 255, np.uint8)
    for layer in reversed(layers.layouts(document.scene.layers)):
        plane = document.plane(layer.id)
        ids = np.where(plane == 255, ids, plane)
    return ids


# The tree -----------------------------------------------------------------------------------------


@given(st.sampled_from([3, 4, 5, 6, 7]), st.sampled_from([None, 3]), st.integers(0, 4))
def test_a_moved_layer_is_where_it_was_sent(number: int, group: int | None, index: int) -> None:
    before = tree()
    after = layers.moved(before, number, group, index)
    assert sorted(e.id for e in walk(after)) == sorted(e.id for e in walk(before))
    if number == 3 and group == 3:
        assert after == before
        return
    now_in, now_at = layers.place_of(after, number)
    assert now_in == group
    siblings = layers.find(before, group).children if group else before  # type: ignore[union-attr]
    old_in, old_at = layers.place_of(before, number)
    wanted = min(index, len(siblings))
    assert now_at == wanted - (1 if old_in == group and old_at < wanted else 0)


def test_ids_are_found_replaced_and_removed() -> None:
    inside = layers.find(tree(), 5)
    assert inside is not None
    louder = layers.replaced(tree(), 5, replace(inside, opacity=1.0))
    assert layers.find(louder, 5) == replace(inside, opacity=1.0)
    assert layers.replaced(louder, 5, inside) == tree()
    assert layers.find(layers.removed(tree(), 3), 4) is None
    assert [e.id for e in layers.path_to(tree(), 6)] == [3, 6]
    assert layers.next_id(tree(), (9,)) == 10
    hidden = layers.replaced(tree(), 3, replace(tree()[1], visible=False))
    assert [e.id for e in layers.layouts(hidden)] == [LAYOUT]
    assert not layers.visible(hidden, 4)
    assert layers.visible(tree(), 4)


def test_json_brings_the_same_tree_and_refuses_others() -> None:
    plain = json.loads(json.dumps(layers.to_json(tree())))
    assert layers.from_json(plain) == tree()
    inner = plain[1]["children"]
    for spoil in (
        {"kind": "video"},
        {"blend": "dissolve"},
        {"visible": 1},
        {"opacity": float("nan")},
        {"opacity": 2},
        {"id": 7},
        {"id": 0},
        {"children": [plain[0]]},
    ):
        with pytest.raises((ValueError, KeyError, TypeError)):
            layers.from_json([plain[0], {**plain[1], "children": [{**inner[0], **spoil}]}])
    deep: list[object] = []
    for number in range(20):
        deep = [{**plain[1], "id": 100 + number, "children": deep}]
    with pytest.raises(ValueError, match="deep"):
        layers.from_json([*plain, *deep])
    with pytest.raises(ValueError, match="model's picture"):
        layers.from_json([plain[0]])


# What they show -----------------------------------------------------------------------------------


def test_the_topmost_painted_class_wins_wherever_it_changes() -> None:
    document = layered()
    assert np.array_equal(document.ids, composed(document))
    assert document.ids[0, 0] == 4
    assert document.ids[6, 200] == 6
    for layer, area in ((6, (0, 0, 20, 520)), (4, (100, 250, 260, 400)), (LAYOUT, (3, 3, 4, 4))):
        edit = Edit(document, "", layer)
        edit.paint(box((area[1], area[0]), (area[3], area[2]), SIZE), 9)
        assert np.array_equal(document.ids, composed(document))
        if layer == 4:
            edit.cancel()
            assert np.array_equal(document.ids, composed(document))
    document.scene = replace(document.scene, layers=layers.removed(tree(), 4))
    assert np.array_equal(document.ids, composed(document))
    with pytest.raises(ValueError, match="read-only"):
        document.ids[0, 0] = 1


def test_a_selection_and_spared_classes_bound_what_is_painted() -> None:
    document = Document.blank((20, 20))
    document.plane(LAYOUT)[10:] = 3
    within = np.zeros((20, 20), np.bool_)
    within[:, :10] = True
    edit = Edit(document, "", within=within, spared=(3,))
    edit.paint(Shape(Area(5, 5, 15, 15)), 7)
    expected = np.full((20, 20), 255, np.uint8)
    expected[10:], expected[5:10, 5:10] = 3, 7
    assert np.array_equal(document.ids, expected)


def test_a_picture_layer_takes_colours_and_arrays() -> None:
    document = layered()
    edit = Edit(document, "", 5)
    edit.paint(Shape(Area(0, 0, 2, 2)), (1, 2, 3, 255))
    mask = np.array([[True, False]])
    patch = np.arange(8, dtype=np.uint8).reshape(1, 2, 4)
    edit.paint(Shape(Area(9, 9, 10, 11), mask), patch)
    change = edit.finish()
    assert isinstance(change, TileChange)
    assert change.channels == 4
    assert document.plane(5)[1, 1].tolist() == [1, 2, 3, 255]
    assert document.plane(5)[9, 9:11].tolist() == [[0, 1, 2, 3], [0, 0, 0, 0]]
    change.swap(document)
    assert not document.plane(5).any()


# History and files --------------------------------------------------------------------------------


def state(document: Document) -> tuple[object, ...]:
    planes = {n: p.tobytes() for n, p in document.planes.items() if (p != p.flat[0]).any()}
    return document.size, document.scene, planes, document.ids.tobytes()


def journey(history: History) -> list[tuple[object, ...]]:
    """Layers come, are painted on, go, and the page is cropped; the state after every step."""
    document = history.document
    states = [state(document)]

    def step(change: TileChange | SceneChange | SizeChange | Both | None) -> None:
        assert change is not None
        history.add(change)
        states.append(state(document))

    def other_layers(tree: Layers) -> SceneChange:
        before, document.scene = document.scene, replace(document.scene, layers=tree)
        return SceneChange("layers", before)

    def painted(layer: int, value: object) -> TileChange | None:
        edit = Edit(document, "paint", layer)
        edit.paint(box((20, 50), (400, 280), document.size), value)
        return edit.finish()

    step(painted(LAYOUT, 2))
    step(other_layers(tree()))
    step(painted(4, 5))
    step(painted(7, (9, 8, 7, 200)))
    step(other_layers(layers.replaced(tree(), 4, replace(tree()[1].children[0], visible=False))))
    erased = Edit(document, "", 7)
    erased.replace(np.zeros_like(document.plane(7)))
    gone = erased.finish()
    assert gone is not None
    step(Both("delete", [gone, other_layers(layers.removed(document.scene.layers, 7))]))
    planes = {n: np.ascontiguousarray(p[50:150, :60]) for n, p in document.planes.items()}
    crop = SizeChange.to("crop", (100, 60), planes)
    crop.swap(document)
    step(crop)
    step(painted(6, 1))
    return states


def walk_through(history: History, states: list[tuple[object, ...]]) -> None:
    """Undo everything and redo it, the states being met on the way."""
    for expected in reversed(states[:-1]):
        history.undo()
        assert state(history.document) == expected
    for expected in states[1:]:
        history.redo()
        assert state(history.document) == expected


def test_every_change_of_layers_is_undone_and_redone() -> None:
    history = History(Document.blank(SIZE))
    states = journey(history)
    walk_through(history, states)
    walk_through(history.copy(), states)


def test_a_packed_history_goes_the_same_way() -> None:
    history = History(Document.blank(SIZE))
    states = journey(history)
    history.undo()
    history.undo()
    plain, blobs = pack_history(history)
    again = unpack_history(history.document.copy(), plain, b"".join(blobs), {})
    assert fits(again)
    again.redo()
    again.redo()
    walk_through(again, states)


def test_a_packed_change_says_whether_it_tells_states_or_what_differs() -> None:
    for states in (True, False):
        packer = Packer(Scene())
        plain = packer.change(TileChange("x", {(0, 1): b"abc"}, states=states))
        assert ("differing" in plain) is not states  # The first files know no such word.
        back = Unpacker(Scene(), {}, b"".join(packer.blobs)).change(plain)
        assert isinstance(back, TileChange)
        assert (back.states, back.tiles) == (states, {(0, 1): b"abc"})


def test_a_history_that_does_not_fit_is_known() -> None:
    history = History(Document.blank(SIZE))
    journey(history)
    assert fits(history)
    for change in history.done:
        if isinstance(change, SizeChange):
            change.size = (200, 301)
    assert not fits(history)


def test_files_bring_layers_back(tmp_path: Path) -> None:
    history = History(Document.blank(SIZE))
    states = journey(history)
    for _ in range(3):
        history.undo()
    ora.write(tmp_path / "a.ora", history)
    opened = ora.read(tmp_path / "a.ora")
    assert not opened.warnings
    assert state(opened.history.document) == states[-4]
    for _ in range(3):
        opened.history.redo()
    walk_through(opened.history, states)


def test_a_killed_studio_leaves_its_layers(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    history = History(Document.blank(SIZE))
    kept = desk.open_new(history)
    history.heard = kept.hear
    states = journey(history)
    kept.leave()
    again = desk.adopt(kept.folder)
    assert not again.warnings
    walk_through(again.history, states)
    again.close()


def test_a_picture_carries_its_layers() -> None:
    document = layered()
    document.plane(5)[:40] = (1, 2, 3, 4)
    pixels = np.zeros((8, 8, 3), np.uint8)
    found = read_png(png_bytes(pixels, Request("m", (8, 8), {}), {}, document))
    assert found is not None
    assert found.document is not None
    assert state(found.document) == state(document)
    bare = without_pictures(document)
    assert {e.kind for e in walk(bare.scene.layers)} == {Kind.RENDER, Kind.GROUP, Kind.LAYOUT}
    assert 5 not in bare.planes
    assert np.array_equal(bare.ids, document.ids)
