"""Ports change the form of values and nothing else, refuse what does not fit, and survive JSON."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import UserError
from engines.ports import (
    KINDS,
    UNPAINTED,
    Attributes,
    Choice,
    Image,
    Latent,
    Layout,
    Mask,
    Moments,
    Noise,
    NoiseLevel,
    Port,
    Regional,
    Scalar,
    Text,
    port_from_json,
)
from engines.samplers import Schedule

PORTS: list[Port] = [
    Image("picture", "Picture", multiple=4, minimum=8, maximum=64),
    Image("photo", fixed=(16, 12)),
    Image("grey", channels=1),
    Layout("layout", classes=("sky", "sea", "rock"), colors=("#000000",) * 3, fallback=1),
    Mask("mask"),
    Latent("latent", dimensions=5),
    Latent("style", dimensions=5, regional=True),
    Attributes("attributes", names=("fog", "snow"), defaults=(0.25, -1.0)),
    Attributes("looks", names=("fog", "snow"), regional=True),
    Scalar("strength", minimum=-1, maximum=3, initial=1),
    Choice("mode", options=("soft", "hard")),
    Text("caption", length=40),
    Noise("noise", channels=3, scale=4),
    Noise("seed", channels=7),
    NoiseLevel("level", schedule=Schedule("cosine", 20, "v"), noisy="noise"),
    Mask("everywhere", fixed=(16, 12), whole=True),
    Moments("moments", channels=(3, 5)),
    Moments("products", channels=(3, 5), products=True, regional=True),
]
SIZE = (24, 16)


def test_every_kind_is_tried() -> None:
    assert {type(p) for p in PORTS} == set(KINDS.values())


@pytest.mark.parametrize("port", PORTS, ids=lambda p: p.name)
def test_json_gives_the_port_back(port: Port) -> None:
    assert port_from_json(json.loads(json.dumps(port.to_json()))) == port


@pytest.mark.parametrize("port", PORTS, ids=lambda p: p.name)
def test_samples_have_the_shape_and_type_that_the_port_says(port: Port) -> None:
    drawn = port.sample(np.random.default_rng(0), 3, SIZE)
    assert list(drawn) == [a.name for a in port.tensors()]
    for axes in port.tensors():
        array = drawn[axes.name]
        regions = array.shape[1] if "regions" in axes.axes else 1
        assert array.shape == axes.shape(3, SIZE, regions)
        assert str(array.dtype) == axes.dtype
    again = port.sample(np.random.default_rng(0), 3, SIZE)
    assert all(np.array_equal(drawn[k], again[k]) for k in drawn)


@pytest.mark.parametrize("port", PORTS, ids=lambda p: p.name)
def test_what_was_sampled_decodes_and_encodes_to_itself(port: Port) -> None:
    first = port.tensors()[0]
    drawn = port.sample(np.random.default_rng(1), 1, SIZE)[first.name]
    value = port.decode(drawn)
    size = getattr(port, "fixed", ()) or SIZE
    encoded = port.encode(value, size)
    again = port.decode(encoded[first.name])
    np.testing.assert_array_equal(_plain(value), _plain(again))
    assert list(encoded) == [a.name for a in port.tensors()]


def _plain(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


@pytest.mark.parametrize("port", PORTS, ids=lambda p: p.name)
def test_an_output_is_close_to_itself_and_not_to_another(port: Port) -> None:
    first = port.tensors()[0].name
    one = port.sample(np.random.default_rng(2), 16, SIZE)[first]
    other = port.sample(np.random.default_rng(3), 16, SIZE)[first]
    assert port.close(one, one.copy())
    assert other.shape != one.shape or not port.close(one, other)
    if one.dtype == np.float32:
        broken = one.copy()
        broken.flat[0] = np.nan
        assert not port.close(one, broken)


@pytest.mark.parametrize("port", [p for p in PORTS if p.default is not None], ids=lambda p: p.name)
def test_defaults_encode(port: Port) -> None:
    for axes in port.tensors():
        assert port.encode(port.default, SIZE)[axes.name].shape[0] == 1


@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 9))
def test_pictures_go_through_the_graph_form_unchanged(seed: int, height: int, width: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    port = Image("picture")
    encoded = port.encode(picture, (height, width))["picture"]
    assert encoded.dtype == np.float32
    assert np.abs(encoded).max() <= 1
    np.testing.assert_array_equal(port.decode(encoded), picture)


def test_a_larger_picture_is_as_many_times_as_large() -> None:
    axes = Image("large", minimum=8, maximum=64, scale=4).tensors()[0]
    assert axes.shape(2, SIZE, 1) == (2, 3, 4 * SIZE[0], 4 * SIZE[1])
    assert port_from_json(Image("large", scale=2).to_json()) == Image("large", scale=2)


def test_a_mask_of_which_nothing_was_said_chooses_all() -> None:
    whole, none = Mask("mask", whole=True), Mask("mask")
    assert (whole.encode(whole.default, SIZE)["mask"] == 1).all()
    assert none.default is None
    chosen = np.zeros(SIZE, bool)
    chosen[3, 4] = True
    assert whole.encode(chosen, SIZE)["mask"].sum() == 1


@pytest.mark.parametrize("products", [False, True])
def test_drawn_moments_are_those_of_some_picture(products: bool) -> None:
    port = Moments("moments", channels=(3, 5), products=products)
    assert port.width == 8 + (9 + 25 if products else 8)
    rows = port.sample(np.random.default_rng(4), 20, SIZE)["moments"].astype(np.float64)
    assert rows.shape == (20, port.width)
    means, seconds = rows[:, :8], rows[:, 8:]
    if not products:
        assert (seconds >= np.square(means)).all()
        return
    for level, (a, b) in enumerate(((0, 3), (3, 8))):
        block = seconds[:, :9] if level == 0 else seconds[:, 9:]
        covariance = block.reshape(20, b - a, b - a)
        covariance = covariance - means[:, a:b, None] * means[:, None, a:b]
        assert (np.linalg.eigvalsh(covariance) > -1e-4).all()


def test_black_and_white_are_minus_one_and_one() -> None:
    ends = np.array([[[0, 255, 0]]], np.uint8)
    assert Image("p").encode(ends, (1, 1))["p"].ravel().tolist() == [-1, 1, -1]


def test_unpainted_takes_the_fallback_and_a_strange_id_is_refused() -> None:
    port = PORTS[3]
    ids = np.array([[0, UNPAINTED], [2, 1]], np.uint8)
    assert port.encode(ids, (2, 2))["layout"].tolist() == [[[0, 1], [2, 1]]]
    ids[0, 0] = 3
    with pytest.raises(UserError, match=r"class id 3.*sky, sea, rock"):
        port.encode(ids, (2, 2))


@pytest.mark.parametrize("size", [(10, 16), (4, 16), (16, 68), (16, 0)])
def test_sizes_that_a_model_cannot_take_are_refused(size: tuple[int, int]) -> None:
    port = PORTS[0]
    assert isinstance(port, Image)
    with pytest.raises(UserError, match="multiples of 4 between 8 and 64"):
        port.check(size)
    port.check((8, 64))


def test_a_region_table_goes_with_its_map() -> None:
    port = PORTS[6]
    table = np.eye(3, 5, dtype=np.float32)
    regions = np.arange(4, dtype=np.uint8).reshape(2, 2) % 3
    encoded = port.encode(Regional(table, regions), (2, 2))
    assert encoded["style"].shape == (1, 3, 5)
    assert encoded["style.regions"].tolist() == [regions.tolist()]
    with pytest.raises(UserError, match="region map"):
        port.encode(Regional(table[:2], regions), (2, 2))
    one = port.encode(table[0], (2, 2))
    assert one["style"].shape == (1, 1, 5)
    assert not one["style.regions"].any()


@pytest.mark.parametrize(
    ("port", "value"),
    [
        (PORTS[0], np.zeros((3, 3, 3), np.uint8)),
        (PORTS[4], np.zeros((3, 3), bool)),
        (PORTS[5], [1.0, 2.0]),
        (PORTS[5], [1.0, 2.0, np.nan, 0.0, 0.0]),
        (PORTS[7], {"fog": 1.5}),
        (PORTS[7], {"mist": 0.5}),
        (PORTS[9], 4.0),
        (PORTS[10], "loud"),
        (PORTS[10], 2),
        (PORTS[11], "x" * 41),
        (PORTS[12], np.zeros((3, 1, 1))),
    ],
)
def test_values_that_do_not_fit_are_refused_in_a_sentence(port: Port, value: Any) -> None:
    with pytest.raises(UserError, match=r"[;.]"):
        port.encode(value, SIZE)


def test_attributes_not_said_rest_at_their_defaults() -> None:
    port = PORTS[7]
    assert port.encode({"snow": 1.0}, SIZE)["attributes"].tolist() == [[0.25, 1.0]]
    assert port.encode(port.null, SIZE)["attributes"].tolist() == [[-1.0, -1.0]]


def test_the_same_seed_gives_the_same_noise() -> None:
    port = PORTS[12]
    one, again, other = (port.encode(seed, SIZE)["noise"] for seed in (5, 5, 6))
    assert one.shape == (1, 3, 6, 4)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "hologram", "name": "x"},
        {"kind": "image"},
        {"kind": "image", "name": "x", "colour": 1},
        {"kind": "noise_level", "name": "x", "schedule": "{}"},
        {"kind": "noise_level", "name": "x", "schedule": 5},
    ],
)
def test_a_spoiled_port_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        port_from_json(values)
