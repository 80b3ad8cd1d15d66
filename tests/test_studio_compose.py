"""From documents to requests: classes by meaning, sizes that fit, layouts kept small in step."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.data.pictures import shrink_layout
from engines.data.spec import PaletteClass
from engines.ports import Attributes, Choice, Image, Latent, Layout, Mask, Noise, Port, Scalar, Text
from engines.runtime.bundle import Bundle, GraphFile
from studio.document.document import Document
from studio.document.edit import Edit
from studio.document.raster import Area, Shape
from studio.document.scene import Picture, Scene
from studio.models.compose import Small, compose, missing, picture_size
from studio.models.mapping import numbering
from studio.models.names import closest


def bundle(*inputs: Port, output: Port | None = None) -> Bundle:
    made = output or Image("picture", multiple=32, minimum=128, maximum=1024)
    graph = GraphFile("g", "G", Path("g.onnx"), "0", inputs, (made,))
    return Bundle(Path("g.onnx"), "g", "G", (graph,))


@given(
    st.tuples(*[st.integers(32, 4096)] * 2),
    st.integers(128, 1024),
)
def test_a_picture_has_the_document_s_shape_in_sizes_the_model_takes(
    document: tuple[int, int], side: int
) -> None:
    height, width = picture_size(bundle(), document, side)
    for edge in (height, width):
        assert edge % 32 == 0
        assert 128 <= edge <= 1024
    if max(document) / min(document) < side / 160 and side <= 900:
        assert abs(np.log(width / height / (document[1] / document[0]))) < 0.13
        assert 0.8 < max(height, width) / side < 1.25


def test_a_shape_that_fits_is_not_stretched() -> None:
    assert picture_size(bundle(), (512, 768), 256) == (192, 288)
    assert picture_size(bundle(), (512, 512), 256) == (256, 256)
    assert picture_size(bundle(output=Image("p", fixed=(64, 64))), (500, 900), 256) == (64, 64)


@given(st.integers(0, 2**32 - 1))
def test_the_small_layout_keeps_in_step(seed: int) -> None:
    rng = np.random.default_rng(seed)
    document = Document(rng.integers(0, 5, (200, 300)).astype(np.uint8), Scene())
    small = Small(document, (64, 96))
    for _ in range(4):
        top, left = int(rng.integers(0, 199)), int(rng.integers(0, 299))
        area = Area(top, left, int(rng.integers(top, 260)), int(rng.integers(left, 360)))
        small.touch(Edit(document, "").paint(Shape(area.within((200, 300))), 3))
        if rng.uniform() < 0.5:
            assert (small.ids() == shrink_layout(document.ids, (64, 96))).all()
    assert (small.ids() == shrink_layout(document.ids, (64, 96))).all()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sky", "sky"),
        ("mountain", "mountain_rock"),
        ("rock", "mountain_rock"),
        ("forest", "tree_forest"),
        ("meadow", "grass_field"),
        ("house", "building"),
        ("snow", "snow_ice"),
        ("path", "road_path"),
        ("moon", "sun"),
        ("Sea", "water"),
        ("unicorn", None),
    ],
)
def test_a_class_meets_the_one_that_means_the_same(name: str, found: str | None) -> None:
    names = ("other", "sky", "cloud", "mountain_rock", "snow_ice", "tree_forest", "grass_field",
             "water", "sand_beach", "road_path", "building", "sun")  # fmt: skip
    place = closest(name, names)
    assert (None if place is None else names[place]) == found


def test_a_request_has_the_model_s_ids_and_only_values_that_fit() -> None:
    layout = Layout("layout", classes=("sea", "sky"), colors=("#000000", "#ffffff"))
    ports = (
        layout,
        Mask("where"),
        Attributes("moods", names=("fog",)),
        Latent("style", dimensions=2),
        Scalar("much", maximum=2.0),
        Choice("kind", options=("a", "b")),
        Text("say", length=4),
        Image("photo", fixed=(8, 8)),
    )
    model = bundle(*ports)
    palette = tuple(PaletteClass(n, "#123456") for n in ("sky", "lava", "sea"))
    photo = Picture(np.zeros((4, 4, 3), np.uint8))
    values = {
        "moods": {"fog": 3.0, "unknown": 1.0},
        "style": (1.0, 2.0, 3.0),
        "much": 5,
        "kind": "c",
        "say": "hm",
        "photo": photo,
        "gone": 1.0,
        "where": "sky",
    }
    scene = Scene(palette=palette, values=values, seed=7)
    ids = np.array([[0, 1], [2, 255]], np.uint8)
    request = compose(model, scene, ids)
    assert request.values["layout"].tolist() == [[1, 255], [0, 255]]
    assert request.values["where"].tolist() == [[True, False], [False, False]]
    assert request.values["moods"] == {"fog": 1.0}
    assert request.values["much"] == 2.0
    assert request.values["say"] == "hm"
    assert (request.values["photo"] == photo.pixels).all()
    assert not {"style", "kind", "gone"} & request.values.keys()
    assert numbering(palette, layout.classes, {}) == {0: 1, 2: 0}


def test_what_a_model_still_needs_is_known() -> None:
    photo, style = Image("photo", fixed=(8, 8)), Latent("style", dimensions=2)
    assert missing(bundle(photo), Scene()) == [photo]
    given_one = replace(Scene(), values={"photo": Picture(np.zeros((4, 4, 3), np.uint8))})
    assert missing(bundle(photo), given_one) == []
    assert missing(bundle(Mask("m"), style, Noise("n"), Text("t")), Scene()) == []
    encode = GraphFile("e", "E", Path("e.onnx"), "1", (photo,), (Image("plan"),))
    paint = GraphFile("g", "G", Path("g.onnx"), "0", (Image("plan"),), (Image("picture"),))
    wired = Bundle(Path("x"), "x", "X", (encode, paint))
    assert [port.name for port in missing(wired, Scene())] == ["plan"]
    assert missing(wired, given_one) == []
