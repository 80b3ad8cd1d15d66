"""Blending against the formulas of W3C Compositing and Blending Level 1, in plain double floats."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from studio.document import blend
from studio.document.layers import BLENDS, Kind, Layer, Layers
from studio.document.raster import Area

Color = tuple[float, float, float]


def hard_light(b: float, s: float) -> float:
    return b * 2 * s if s <= 0.5 else b + (2 * s - 1) - b * (2 * s - 1)


def soft_light(b: float, s: float) -> float:
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
    return b - (1 - 2 * s) * b * (1 - b) if s <= 0.5 else b + (2 * s - 1) * (d - b)


def dodge(b: float, s: float) -> float:
    return 0 if b == 0 else 1 if s == 1 else min(1, b / (1 - s))


def burn(b: float, s: float) -> float:
    return 1 if b == 1 else 0 if s == 0 else 1 - min(1, (1 - b) / s)


SEPARABLE: dict[str, Callable[[float, float], float]] = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: 1 - (1 - b) * (1 - s),
    "overlay": lambda b, s: hard_light(s, b),
    "darken": min,
    "lighten": max,
    "color-dodge": dodge,
    "color-burn": burn,
    "hard-light": hard_light,
    "soft-light": soft_light,
    "difference": lambda b, s: abs(b - s),
}


def lum(c: Color) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def sat(c: Color) -> float:
    return max(c) - min(c)


def set_lum(c: Color, to: float) -> Color:
    c = tuple(x + to - lum(c) for x in c)  # type: ignore[assignment]
    mean, low, high = lum(c), min(c), max(c)
    if low < 0:
        c = tuple(mean + (x - mean) * mean / (mean - low) for x in c)  # type: ignore[assignment]
    if high > 1:
        c = tuple(  # type: ignore[assignment]
            mean + (x - mean) * (1 - mean) / (high - mean) for x in c
        )
    return c


def set_sat(c: Color, to: float) -> Color:
    least, middle, most = np.argsort(c, kind="stable")
    result = [0.0, 0.0, 0.0]
    if c[most] > c[least]:
        result[middle] = (c[middle] - c[least]) * to / (c[most] - c[least])
        result[most] = to
    return result[0], result[1], result[2]


WHOLE: dict[str, Callable[[Color, Color], Color]] = {
    "hue": lambda b, s: set_lum(set_sat(s, sat(b)), lum(b)),
    "saturation": lambda b, s: set_lum(set_sat(b, sat(s)), lum(b)),
    "color": lambda b, s: set_lum(s, lum(b)),
    "luminosity": lambda b, s: set_lum(b, lum(s)),
}


def expected(mode: str, below: np.ndarray, above: np.ndarray, opacity: float) -> list[float]:
    """One pixel, 0 to 255, not rounded; straight from sections 5 and 9."""
    b, s = tuple(below[:3] / 255), tuple(above[:3] / 255)
    alpha_b, alpha_s = below[3] / 255, above[3] / 255 * opacity
    if mode == "plus":
        alpha = min(1, alpha_b + alpha_s)
        sums = [min(1, x * alpha_b + y * alpha_s) for x, y in zip(b, s, strict=True)]
        return [255 * min(1, t / alpha) if alpha else 0 for t in sums] + [255 * alpha]
    if mode in WHOLE:
        mixed = WHOLE[mode](b, s)  # type: ignore[arg-type]
    else:
        mixed = [SEPARABLE[mode](x, y) for x, y in zip(b, s, strict=True)]  # type: ignore[assignment]
    alpha = alpha_s + alpha_b * (1 - alpha_s)
    result = []
    for x, y, m in zip(b, s, mixed, strict=True):
        source = (1 - alpha_b) * y + alpha_b * m
        premultiplied = alpha_s * source + (1 - alpha_s) * alpha_b * x
        result.append(255 * premultiplied / alpha if alpha else 0)
    return [*result, 255 * alpha]


def samples() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of pixels: random ones, and every meeting of the extremes."""
    rng = np.random.default_rng(5)
    ends = np.array([0, 1, 63, 64, 127, 128, 254, 255], np.uint8)
    pairs = rng.integers(0, 256, (2000, 2, 4)).astype(np.uint8)
    pairs[500:1000] = rng.choice(ends, (500, 2, 4))
    pairs[1000:1500, :, 3] = 255
    pairs[1500:1600, :, :3] = pairs[1500:1600, :, :1]  # grey
    pairs[1600:1700, 0, :3] = pairs[1600:1700, 1, :3]
    return pairs[:, 0].reshape(40, 50, 4), pairs[:, 1].reshape(40, 50, 4)


@pytest.mark.parametrize("opacity", [1.0, 0.5, 0.3, 0.0])
@pytest.mark.parametrize("mode", BLENDS)
def test_a_mode_is_its_formula_rounded(mode: str, opacity: float) -> None:
    below, above = samples()
    found = blend.blend(mode, below, above, opacity).reshape(-1, 4)
    pairs = zip(below.reshape(-1, 4), above.reshape(-1, 4), strict=True)
    exact = np.array([expected(mode, b, s, opacity) for b, s in pairs])
    # Rounded: no further than a half, but for what single floats cannot tell from a half. Where
    # alpha is nearly nothing, colour is a quotient of two such.
    assert np.abs(found - exact).max() <= 0.5 + 2e-4


def test_every_mode_is_told_apart() -> None:
    below, above = samples()
    found = {blend.blend(mode, below, above).tobytes() for mode in BLENDS}
    assert len(found) == len(BLENDS)
    assert {*blend.MODES, "normal", "plus"} == set(BLENDS)


# Trees ---------------------------------------------------------------------------------------


def picture(number: int, blend_mode: str = "normal", opacity: float = 1.0) -> Layer:
    return Layer(number, Kind.PICTURE, opacity=opacity, blend=blend_mode)


class Planes(dict[int, np.ndarray]):
    """Whole pictures by a layer's id, handed out by area."""

    def __call__(self, layer: Layer, area: Area) -> np.ndarray | None:
        return self[layer.id][area.slices] if layer.id in self else None


@pytest.fixture
def planes() -> Planes:
    rng = np.random.default_rng(8)
    return Planes({i: rng.integers(0, 256, (300, 170, 4)).astype(np.uint8) for i in range(1, 6)})


def merged(tree: Layers, planes: Planes) -> np.ndarray:
    return blend.merge(tree, planes, (300, 170))


def test_two_layers_merge_as_they_blend(planes: Planes) -> None:
    for mode in BLENDS:
        tree = (picture(1, mode, 0.7), picture(2))
        assert (merged(tree, planes) == blend.blend(mode, planes[2], planes[1], 0.7)).all()


def near(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether premultiplied colours differ by no more than rounding in between may cost."""

    def weighed(pixels: np.ndarray) -> np.ndarray:
        floats = pixels.astype(float)
        return np.concatenate([floats[..., :3] * floats[..., 3:] / 255, floats[..., 3:]], 2)

    return bool(np.abs(weighed(found) - weighed(wanted)).max() <= 2)


def test_a_group_stands_alone(planes: Planes) -> None:
    group = Layer(9, Kind.GROUP, opacity=0.6, blend="screen", children=(picture(2, "multiply"),))
    tree = (group, picture(3))
    # Multiply has nothing below it within its group.
    assert near(merged(tree, planes), blend.blend("screen", planes[3], planes[2], 0.6))
    group = replace(group, children=(picture(1, "difference"), picture(2)))
    inner = blend.blend("difference", planes[2], planes[1])
    assert near(merged((group, picture(3)), planes), blend.blend("screen", planes[3], inner, 0.6))


def test_what_is_hidden_empty_or_clear_adds_nothing(planes: Planes) -> None:
    alone = merged((picture(3),), planes)
    hidden = replace(picture(1), visible=False)
    closed = Layer(9, Kind.GROUP, visible=False, children=(picture(1),))
    tree = (hidden, closed, picture(2, opacity=0), picture(77), Layer(10, Kind.GROUP), picture(3))
    assert (merged(tree, planes) == alone).all()
    assert (alone[..., 3] == planes[3][..., 3]).all()
    seen = alone[..., 3] > 0
    assert (alone[seen] == planes[3][seen]).all()
    assert not alone[~seen].any()
    assert not merged((), planes).any()


def test_an_opaque_normal_layer_covers_all_and_a_thin_one_does_not(planes: Planes) -> None:
    planes[1][..., 3] = 255
    assert (merged((picture(1), picture(2)), planes) == planes[1]).all()
    for opacity in (0.5, 0.95):
        thin = merged((picture(1, opacity=opacity), picture(2)), planes)
        assert (thin == blend.blend("normal", planes[2], planes[1], opacity)).all()
    dark = merged((picture(1, "multiply"), picture(2)), planes)
    assert not (dark == planes[1]).all()


def test_a_layout_is_neither_mixed_nor_thinned(planes: Planes) -> None:
    planes[1][..., 3] = np.where(planes[1][..., 3] > 128, 255, 0)
    layout = Layer(1, Kind.LAYOUT, opacity=0.3, blend="multiply")
    tree = (layout, picture(2))
    assert (merged(tree, planes) == merged((picture(1), picture(2)), planes)).all()


def test_an_area_is_that_part_of_the_whole(planes: Planes) -> None:
    tree = (picture(1, "hue", 0.8), picture(2, "soft-light"), picture(3))
    whole = merged(tree, planes)
    for area in (Area(0, 0, 300, 170), Area(120, 100, 290, 170), Area(5, 7, 6, 8)):
        assert (blend.merge(tree, planes, (300, 170), area) == whole[area.slices]).all()
    assert blend.merge(tree, planes, (300, 170), Area(400, 0, 500, 9)).size == 0


def test_layers_are_asked_for_a_tile_at_a_time(planes: Planes) -> None:
    asked: list[Area] = []

    def source(layer: Layer, area: Area) -> np.ndarray | None:
        asked.append(area)
        return planes(layer, area)

    blend.merge((picture(1), picture(2)), source, (300, 170))
    assert max(a.bottom - a.top for a in asked) <= blend.TILE
    assert max(a.right - a.left for a in asked) <= blend.TILE
    pixels = sum((a.bottom - a.top) * (a.right - a.left) for a in asked)
    assert pixels == 2 * 300 * 170
