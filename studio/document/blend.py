"""Layers over each other: W3C Compositing and Blending Level 1, which OpenRaster refers to.

Pictures are uint8 (H, W, 4), straight RGBA. Between them all is reckoned in floats and rounded
once. https://www.w3.org/TR/compositing-1, https://www.openraster.org/baseline/layer-stack-spec.html
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.document.layers import Kind, Layer, Layers
from studio.document.raster import Area, whole

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Source = Callable[[Layer, Area], Pixels | None]
TILE = 128  # pixels a side that are merged at once: what that takes stays in the cache
_ONE = np.float32(1)
_EDGE = np.float32(1e-6)  # what a colour that was divided by its alpha may miss 0 or 1 by


@dataclass(eq=False)
class Sheet:
    """What has been merged so far: `color` (3, h, w), straight, and `alpha` (h, w), in [0, 1]."""

    color: Floats
    alpha: Floats

    @classmethod
    def of(cls, pixels: Pixels) -> "Sheet":
        """From uint8 (h, w, 4)."""
        planar = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
        floats = np.divide(planar, np.float32(255), dtype=np.float32)
        return cls(floats[:3], floats[3])

    @property
    def pixels(self) -> Pixels:
        """As uint8 (h, w, 4), rounded; black where it is transparent."""
        result = np.empty((*self.alpha.shape, 4), np.uint8)
        color = self.color * (np.float32(255) * (self.alpha > 0))
        result[..., :3] = np.moveaxis(np.rint(color, out=color), 0, 2)
        result[..., 3] = np.rint(self.alpha * np.float32(255))
        return result


def blend(mode: str, backdrop: Pixels, source: Pixels, opacity: float = 1.0) -> Pixels:
    """One picture over another of the same size in one of `layers.BLENDS`."""
    over = Sheet.of(source)
    over.alpha *= np.float32(opacity)
    return _over(mode, Sheet.of(backdrop), over).pixels


def merge(tree: Layers, source: Source, size: tuple[int, int], area: Area | None = None) -> Pixels:
    """The layers that are shown, merged over nothing: uint8 RGBA of an area, or of all of it.

    `source` gives a layer's uint8 RGBA of an area, None where it has none there. Groups stand
    alone: their layers are merged first. Besides the result it needs some megabytes.
    """
    area = (area or whole(size)).within(size)
    result = np.zeros((area.bottom - area.top, area.right - area.left, 4), np.uint8)
    for top in range(area.top, area.bottom, TILE):
        for left in range(area.left, area.right, TILE):
            bottom, right = min(top + TILE, area.bottom), min(left + TILE, area.right)
            sheet = _merged(tree, source, Area(top, left, bottom, right))
            if sheet is not None:
                rows = slice(top - area.top, bottom - area.top)
                result[rows, left - area.left : right - area.left] = sheet.pixels
    return result


def _merged(tree: Layers, source: Source, area: Area) -> Sheet | None:
    """A tree's layers in an area; None where there is nothing."""
    seen: list[tuple[str, Sheet]] = []
    for layer in tree:
        if not layer.visible or layer.opacity <= 0:
            continue
        if layer.kind is Kind.GROUP:
            sheet = _merged(layer.children, source, area)
        else:
            pixels = source(layer, area)
            sheet = Sheet.of(pixels) if pixels is not None and pixels[..., 3].any() else None
        if sheet is None:
            continue
        plain = layer.kind is Kind.LAYOUT  # Classes are neither mixed nor thinned.
        if layer.opacity < 1 and not plain:
            sheet.alpha = sheet.alpha * np.float32(layer.opacity)
        mode = "normal" if plain else layer.blend
        seen.append((mode, sheet))
        if mode == "normal" and sheet.alpha.min() == 1:
            break  # Nothing below is seen.
    if not seen:
        return None
    _, below = seen.pop()
    for mode, sheet in reversed(seen):
        below = _over(mode, below, sheet)
    return below


def _over(mode: str, backdrop: Sheet, source: Sheet) -> Sheet:
    """The source over the backdrop: Co = Cb + (as / ao) (T - Cb), T = Cs + ab (B(Cb, Cs) - Cs).

    That is section 5.1 with the general formula of section 9.2 put into it.
    """
    if mode == "plus":
        return _plus(backdrop, source)
    below, above = backdrop.color, source.color
    alpha = source.alpha + backdrop.alpha * (_ONE - source.alpha)
    mixed = above
    if mode != "normal":
        mixed = MODES[mode](below, above)
        if backdrop.alpha.min() < 1:
            mixed = above + backdrop.alpha * (mixed - above)
    share = np.divide(source.alpha, alpha, out=np.zeros_like(alpha), where=alpha > 0)
    return Sheet(below + share * (mixed - below), alpha)


def _plus(backdrop: Sheet, source: Sheet) -> Sheet:
    """Porter and Duff's lighter: what is there of both is added."""
    alpha = np.minimum(backdrop.alpha + source.alpha, _ONE)
    total = backdrop.color * backdrop.alpha + source.color * source.alpha
    color = np.divide(total, alpha, out=total, where=alpha > 0)
    return Sheet(np.minimum(color, _ONE), alpha)


# B(Cb, Cs) of each mode: section 10, (3, h, w) in [0, 1] ----------------------------------------


def _multiply(b: Floats, s: Floats) -> Floats:
    return b * s


def _screen(b: Floats, s: Floats) -> Floats:
    return b + s - b * s


def _overlay(b: Floats, s: Floats) -> Floats:
    return _hard_light(s, b)


def _darken(b: Floats, s: Floats) -> Floats:
    return np.minimum(b, s)


def _lighten(b: Floats, s: Floats) -> Floats:
    return np.maximum(b, s)


def _color_dodge(b: Floats, s: Floats) -> Floats:
    lit = np.divide(b, _ONE - s, out=np.ones_like(b), where=s < 1)
    return np.where(b <= _EDGE, np.float32(0), np.minimum(lit, _ONE))


def _color_burn(b: Floats, s: Floats) -> Floats:
    burnt = np.divide(_ONE - b, s, out=np.ones_like(b), where=s > 0)
    return np.where(b >= _ONE - _EDGE, _ONE, _ONE - np.minimum(burnt, _ONE))


def _hard_light(b: Floats, s: Floats) -> Floats:
    twice = s + s
    return np.where(s <= 0.5, b * twice, _screen(b, twice - _ONE))


def _soft_light(b: Floats, s: Floats) -> Floats:
    bent = ((np.float32(16) * b - np.float32(12)) * b + np.float32(4)) * b
    more = np.where(b <= 0.25, bent, np.sqrt(b)) - b
    twice = s + s - _ONE
    return b + twice * np.where(s <= 0.5, b * (_ONE - b), more)


def _difference(b: Floats, s: Floats) -> Floats:
    apart: Floats = np.abs(b - s)
    return apart


def _hue(b: Floats, s: Floats) -> Floats:
    return _with_luminosity(_with_saturation(s, _saturation_of(b)), _luminosity_of(b))


def _saturation(b: Floats, s: Floats) -> Floats:
    return _with_luminosity(_with_saturation(b, _saturation_of(s)), _luminosity_of(b))


def _color(b: Floats, s: Floats) -> Floats:
    return _with_luminosity(s, _luminosity_of(b))


def _luminosity(b: Floats, s: Floats) -> Floats:
    return _with_luminosity(b, _luminosity_of(s))


MODES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "multiply": _multiply,
    "screen": _screen,
    "overlay": _overlay,
    "darken": _darken,
    "lighten": _lighten,
    "color-dodge": _color_dodge,
    "color-burn": _color_burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": _difference,
    "hue": _hue,
    "saturation": _saturation,
    "color": _color,
    "luminosity": _luminosity,
}


def _luminosity_of(c: Floats) -> Floats:
    total: Floats = c[0] * np.float32(0.3) + c[1] * np.float32(0.59) + c[2] * np.float32(0.11)
    return total


def _saturation_of(c: Floats) -> Floats:
    spread: Floats = c.max(0) - c.min(0)
    return spread


def _with_luminosity(c: Floats, luminosity: Floats) -> Floats:
    """SetLum, and ClipColor: the colour moved to a luminosity, then towards grey into [0, 1]."""
    moved = c + (luminosity - _luminosity_of(c))
    low, high = moved.min(0), moved.max(0)
    scale = np.ones_like(luminosity)
    np.divide(luminosity, luminosity - low, out=scale, where=low < 0)
    np.divide(_ONE - luminosity, high - luminosity, out=scale, where=high > 1)
    return luminosity + (moved - luminosity) * scale


def _with_saturation(c: Floats, saturation: Floats) -> Floats:
    """SetSat: the least channel becomes 0, the greatest `saturation`, the other keeps its share."""
    spread = _saturation_of(c)
    scale = np.divide(saturation, spread, out=np.zeros_like(spread), where=spread > 0)
    result: Floats = (c - c.min(0)) * scale
    return result
