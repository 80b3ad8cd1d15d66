"""Classes that cannot be painted over, and what a scene says of its classes, kept."""

import json

import numpy as np
import pytest

from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.layers import FIRST, Kind, Layer
from studio.document.raster import Area, Shape
from studio.document.scene import Scene
from studio.models import classes

PALETTE = tuple(PaletteClass(n, f"#{i:02x}0000") for i, n in enumerate(("sky", "sea", "sand")))
ALL = Shape(Area(0, 0, 4, 4), None)


def test_protected_classes_stay_when_painted_over_or_erased() -> None:
    ids = np.array([[0, 1, 2, 255]] * 4, np.uint8)
    document = Document(ids.copy(), Scene(PALETTE, protected=frozenset({"sea", "gone"})))
    edit = Edit(document, "x")
    edit.paint(ALL, 2)
    assert document.ids[0].tolist() == [2, 1, 2, 2]
    edit.paint(ALL, 255)
    assert document.ids[0].tolist() == [255, 1, 255, 255]
    edit.cancel()
    assert (document.ids == ids).all()
    edit.replace(np.zeros((4, 4), np.uint8))  # Opening another layout is not painting.
    assert (document.ids == 0).all()


def test_a_layer_above_does_not_hide_a_protected_class() -> None:
    layers = (*FIRST[:1], Layer(3, Kind.LAYOUT, "Above"), *FIRST[1:])
    ids = np.array([[0, 1, 2, 255]] * 4, np.uint8)
    document = Document(ids, Scene(PALETTE, layers=layers, protected=frozenset({"sea"})))
    document.active = 3
    Edit(document, "x").paint(ALL, 2)
    assert document.plane(3)[0].tolist() == [2, 255, 2, 2]


def test_a_stroke_of_a_protected_class_paints() -> None:
    document = Document.blank((4, 4), Scene(PALETTE, protected=frozenset({"sea"})))
    edit = Edit(document, "x")
    edit.paint(Shape(Area(0, 0, 2, 4), None), 1)
    edit.paint(ALL, 1)
    assert (document.ids == 1).all()


def test_what_is_said_of_classes_is_kept() -> None:
    scene = Scene(
        PALETTE,
        order=("sand", "sky"),
        protected=frozenset({"sea", "sky"}),
        mappings={"vista": {"sand": "meadow", "sea": ""}},
    )
    plain = json.loads(json.dumps(scene.to_json()))
    assert Scene.from_json(plain, {}) == scene
    for key in ("order", "protected", "mappings"):
        del plain[key]
    assert Scene.from_json(plain, {}) == Scene(PALETTE)  # a document from before them
    for key, wrong in (("order", 3), ("protected", None), ("mappings", {"vista": ["sand"]})):
        with pytest.raises(UserError, match="settings cannot be read"):
            Scene.from_json(plain | {key: wrong}, {})


def test_a_class_keeps_its_pattern_when_one_before_it_is_deleted() -> None:
    scene = Scene(PALETTE)
    assert [scene.pattern_of(n) for n in range(3)] == [0, 1, 2]
    scene = classes.removed(scene, 0)
    assert [scene.pattern_of(n) for n in range(2)] == [1, 2]
    scene = classes.renamed(scene, 0, "ocean")
    assert [scene.pattern_of(n) for n in range(2)] == [1, 2]
    scene = classes.removed(scene, 0)
    assert scene.pattern_of(0) == 2
    assert set(scene.patterns) == {"sand"}
    assert Scene.from_json(json.loads(json.dumps(scene.to_json())), {}).patterns == {"sand": 2}


def test_a_new_class_has_a_pattern_that_no_other_has() -> None:
    scene = classes.removed(Scene(PALETTE), 0)
    for n in range(10):
        scene = classes.added(scene, f"more {n}", f"#0000{n:02x}", range(len(scene.palette)))
    assert sorted(scene.pattern_of(n) for n in range(12)) == list(range(12))


@pytest.mark.parametrize("wrong", [[1], {"sand": "x"}, {"sand": None}, 3])
def test_patterns_of_strangers_are_numbers(wrong: object) -> None:
    plain = Scene(PALETTE).to_json()
    with pytest.raises(UserError, match="settings cannot be read"):
        Scene.from_json(plain | {"patterns": wrong}, {})
    assert Scene.from_json(plain | {"patterns": {"sand": 1 << 70}}, {}).pattern_of(2) == 255
