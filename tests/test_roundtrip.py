"""The round trip: what was painted otherwise is rendered, and no other byte of a photo changes."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines import seams
from engines.data.spec import PaletteClass
from engines.request import Request
from engines.runtime import render as rendering
from engines.runtime.bundle import Bundle
from engines.runtime.places import SHIPPED
from engines.runtime.render import Cache, Frame
from engines.runtime.sessions import Sessions, Stop
from studio.document.document import Document
from studio.document.layers import Kind, Layer, find, inserted, replaced
from studio.document.raster import bounds
from studio.document.scene import Scene, Traced
from studio.models.compose import compose
from studio.models.roundtrip import RoundTrip, around, regions, trip_of
from studio.models.session import classes_of

Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def model() -> Bundle:
    return Bundle.open(SHIPPED / "vista")


def photo_of(size: tuple[int, int], seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def result(trip: RoundTrip, model: Bundle) -> Pixels:
    request = compose(model, trip.scene, trip.ids[:128, :128])
    (frame,) = trip.frames(model, request, Sessions("cpu", 1), Cache(0), Stop())
    assert frame.final
    return frame.picture


def digest(pixels: Pixels) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def test_only_the_region_is_rendered_and_all_else_is_the_photo(model: Bundle) -> None:
    # Larger than the model's maximum of 1024.
    size = (700, 1100)
    read = np.zeros(size, np.uint8)
    read[400:] = 7
    ids = read.copy()
    ids[350:450, 500:640] = 4
    ids[:30, :40] = 255  # Erased: the photo stays there.
    trip = RoundTrip(photo_of(size), read, ids, Scene(palette=classes_of(model)))
    made = result(trip, model)
    allowed = seams.grown(trip.changed, trip.seam)
    assert allowed.sum() < 1.6 * trip.changed.sum()
    assert digest(made[~allowed]) == digest(trip.photo[~allowed])
    assert np.abs(made[trip.changed].astype(int) - trip.photo[trip.changed]).mean() > 20
    # A second edit far away leaves the first one's pixels as they were.
    ids = ids.copy()
    ids[600:640, 900:980] = 8
    second = result(replace(trip, ids=ids), model)
    other = np.zeros(size, np.bool_)
    other[600:640, 900:980] = True
    kept = ~seams.grown(other, trip.seam)
    assert digest(second[kept]) == digest(made[kept])
    assert (second[other] != made[other]).any()
    # And taken back, it is the photo again, byte for byte.
    assert digest(result(replace(trip, ids=read), model)) == digest(trip.photo)


def noise(bundle: Bundle, request: Request, *rest: Any) -> Iterator[Frame]:
    """A model that paints noise, and is quick."""
    made = np.random.default_rng(3).integers(0, 256, (*request.size, 3), dtype=np.uint8)
    yield Frame(request, {"picture": made}, 1.0, 0.0, True)


box = st.tuples(*(st.floats(0, 1) for _ in range(4)))


@given(
    boxes=st.lists(box, max_size=4),
    size=st.tuples(st.integers(33, 240), st.integers(33, 240)),
)
@settings(max_examples=25)
def test_no_byte_outside_any_regions_changes(
    model: Bundle, boxes: list[tuple[float, ...]], size: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "render", noise)
        read = np.zeros(size, np.uint8)
        ids = read.copy()
        for top, left, down, right in boxes:
            y, x = int(top * (size[0] - 1)), int(left * (size[1] - 1))
            ids[y : y + 1 + int(down * size[0] / 3), x : x + 1 + int(right * size[1] / 3)] = 5
        trip = RoundTrip(photo_of(size), read, ids, Scene(palette=classes_of(model)))
        made = result(trip, model)
    allowed = seams.grown(trip.changed, trip.seam)
    assert digest(made[~allowed]) == digest(trip.photo[~allowed])
    differs = (made != trip.photo).any(2)
    assert not trip.changed.any() or differs[trip.changed].mean() > 0.8
    found = list(regions(trip.changed, trip.seam))
    assert np.array_equal(np.sum(found, 0, np.int32) if found else 0 * ids, trip.changed)


def test_the_seam_is_not_seen_where_both_show_the_same_in_other_light() -> None:
    y, x = np.mgrid[:120, :160]
    scene = np.stack([90 + 40 * np.sin(x / 9), 100 + 0.3 * y, 120 + 20 * np.cos(y / 7)], 2)
    photo, made = scene.astype(np.uint8), (scene * 0.8 + 45).astype(np.uint8)
    ids = np.zeros((120, 160), np.uint8)
    mask = (y - 60) ** 2 + (x - 80) ** 2 < 30**2
    blended = seams.blend(photo, made, ids, mask, 8)
    hard = np.where(mask[..., None], made, photo)
    true = photo.astype(int)
    assert np.abs(hard - true)[mask].mean() > 15
    assert np.abs(blended - true)[mask].mean() < 3
    beyond = ~seams.grown(mask, 8)
    touched = (seams.blend(photo, photo_of((120, 160)), ids, mask, 8) != photo).any(2)
    assert not touched[beyond].any()
    assert touched[mask].mean() > 0.9
    assert 1.3 * mask.sum() < (~beyond).sum() < 2 * mask.sum()


SAND, SEA = 0, 1
GREY, ORANGE, TEAL = (130, 125, 120), (190, 120, 30), (20, 150, 165)


def beach() -> tuple[Pixels, Pixels, Pixels]:
    """A photo of sea above sand that is wet and orange at the left and dry and grey at the right,
    its classes, and what a model makes of it: sand like fog, and a sea that is nearly white.
    """
    ids = np.full((120, 160), SAND, np.uint8)
    ids[:60] = SEA
    photo = np.full((*ids.shape, 3), GREY, np.uint8)
    photo[60:, :80] = ORANGE
    photo[:60] = TEAL
    made = np.full_like(photo, 150)
    made[:60] = 235
    return photo, ids, made


@pytest.mark.parametrize(
    ("number", "rows", "columns", "colour"),
    [
        (SAND, (30, 60), (20, 60), ORANGE),  # into the sea, where the sand beside it is wet
        (SAND, (30, 60), (110, 150), GREY),
        (SEA, (60, 90), (20, 60), TEAL),  # a bay in wet sand, which gives it no tint
        (SEA, (75, 100), (100, 140), TEAL),  # a pond in dry sand
    ],
)
def test_a_region_has_the_colours_that_the_photo_has_of_it_nearby(
    number: int, rows: tuple[int, int], columns: tuple[int, int], colour: tuple[int, ...]
) -> None:
    photo, ids, made = beach()
    mask = np.zeros(ids.shape, np.bool_)
    mask[slice(*rows), slice(*columns)] = True
    ids, made = ids.copy(), made.copy()
    ids[mask], made[mask] = number, 150 if number == SAND else 235
    blended = seams.blend(photo, made, ids, mask, 6)
    assert np.abs(blended[mask] - np.array(colour, int)).mean() < 7
    beyond = ~seams.grown(mask, 6)
    assert digest(blended[beyond]) == digest(photo[beyond])


def test_what_is_not_nearby_has_the_colours_of_all_of_the_photo() -> None:
    photo, ids, made = beach()
    part = (slice(66, 120), slice(80, 160))  # dry sand alone
    mask = np.zeros((54, 80), np.bool_)
    mask[20:40, 20:60] = True
    crop = ids[part].copy()
    crop[mask] = SEA
    drawn = made[part].copy()
    drawn[mask] = 235
    asked: list[int] = []

    def usual(number: int) -> Any:
        asked.append(number)
        return np.array(TEAL, np.float32)

    blended = seams.blend(photo[part], drawn, crop, mask, 6, usual=usual)
    assert np.abs(blended[mask] - np.array(TEAL, int)).max() < 3
    assert asked == [SEA]
    assert (seams.blend(photo[part], drawn, crop, mask, 6)[mask] == 235).all()
    # A trip gives those of what it knows, and not of what was painted.
    painted = ids.copy()
    painted[66 + 20 : 66 + 40, 100:140] = SEA
    trip = RoundTrip(photo, ids, painted, Scene())
    assert trip._usual(trip.changed, SEA) == pytest.approx(TEAL)
    assert trip._usual(trip.changed, 9) is None


def test_what_is_spread_is_what_is_known_and_smooth_between() -> None:
    values = np.zeros((64, 48, 1), np.float32)
    values[:, :8], values[:, -8:] = 10, 30
    known = np.zeros((64, 48), np.float32)
    known[:, :8] = known[:, -8:] = 1
    found = seams.spread(values, known)[..., 0]
    assert np.allclose(found[:, :8], 10)
    assert np.allclose(found[:, -8:], 30)
    assert found.min() >= 10 - 1e-3
    assert found.max() <= 30 + 1e-3
    assert np.abs(np.diff(found, axis=1)).max() < 6
    assert found[32, 12] < found[32, 24] < found[32, 36]


def test_areas_around_regions_are_inside_and_large_enough() -> None:
    area = around(bounds(np.eye(900, dtype=np.bool_)[:600]), (600, 900), 10)
    assert (area.top, area.left, area.bottom, area.right) == (0, 0, 600, 900)
    mask = np.zeros((2000, 3000), np.bool_)
    mask[5:9, 2990:] = True
    area = around(bounds(mask), (2000, 3000), 32)
    assert area.size == (750, 750)
    assert (area.top, area.right) == (0, 3000)


def test_a_document_has_a_round_trip_while_both_layers_are_there(model: Bundle) -> None:
    classes = (PaletteClass("sky", "#0000ff"), PaletteClass("sea", "#00ff00"))
    document = Document.blank((40, 50), Scene(palette=classes))
    assert trip_of(document) is None
    tree = inserted(document.scene.layers, Layer(3, Kind.PICTURE), None, 2)
    tree = inserted(tree, Layer(4, Kind.LAYOUT, visible=False), None, 3)
    document.scene = replace(document.scene, layers=tree, traced=Traced(3, 4))
    assert trip_of(document) is None, "nothing is on the layers"
    document.plane(3)[:, 10:] = (9, 8, 7, 255)
    document.plane(4)[:, 10:] = 1
    document.plane(1)[:, 20:] = 1
    document.plane(1)[:, 30:] = 0
    trip = trip_of(document)
    assert trip is not None
    assert not trip.changed[:, :30].any(), "unpainted, or as it was read"
    assert trip.changed[:, 30:].all()
    assert (trip.photo[:, :10] == 255).all()
    assert (trip.photo[:, 10:] == (9, 8, 7)).all()
    layer = find(tree, 4)
    assert layer is not None
    gone = replaced(tree, 4, replace(layer, id=9))
    document.scene = replace(document.scene, layers=gone)
    assert trip_of(document) is None
    again = Scene.from_json(replace(document.scene, traced=Traced(3, 9)).to_json(), {})
    assert again.traced == Traced(3, 9)
