"""A layout as a coloured picture, and back: other programs see and change a layout this way."""

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engines.data.pictures import UNPAINTED_COLOR
from engines.data.spec import PaletteClass, palette
from engines.ports import UNPAINTED

Pixels = npt.NDArray[np.uint8]
_BAND = 1 << 20  # pixels whose distances to every class are compared at once


def rendering(ids: Pixels, classes: tuple[PaletteClass, ...]) -> Pixels:
    """RGBA (H, W, 4) in exact class colours; unpainted is transparent black."""
    return np.take(_table(classes), ids).view(np.uint8).reshape(*ids.shape, 4)


@lru_cache(16)
def _table(classes: tuple[PaletteClass, ...]) -> npt.NDArray[np.uint32]:
    """The four bytes of each id's colour."""
    table = np.full((256, 4), 255, np.uint8)
    table[:, :3] = UNPAINTED_COLOR  # ids that the palette does not have
    table[: len(classes), :3] = palette(classes)
    table[UNPAINTED] = 0
    return table.view(np.uint32)[:, 0]


def fingerprint(pixels: Pixels) -> str:
    """A hash of RGBA pixels that does not see what colour the transparent ones have."""
    clear = pixels[..., 3] == 0
    if (pixels[clear] != 0).any():
        pixels = np.where(clear[..., None], np.uint8(0), pixels)
    return hashlib.sha256(
        repr(pixels.shape).encode() + np.ascontiguousarray(pixels).data
    ).hexdigest()


def reread(
    pixels: Pixels, classes: tuple[PaletteClass, ...], ids: Pixels | None = None
) -> tuple[Pixels, int]:
    """Ids (H, W) of RGBA pixels by exact colour, and how many had none and took the nearest class.

    Where `ids` still look like the picture they stay, for classes may share a colour.
    """
    codes = color_codes(pixels)
    table = np.full(1 << 24, UNPAINTED, np.uint8)
    colors = palette(classes)
    for i in reversed(range(len(classes))):  # The lowest of equals wins.
        table[color_codes(colors[i])] = i
    found = table[codes]
    painted = pixels[..., 3] >= 128
    unknown = painted & (found == UNPAINTED)
    found[~painted] = UNPAINTED
    if ids is not None:
        before = rendering(ids, classes)
        same = (before == pixels).all(2) | ((before[..., 3] == 0) & (pixels[..., 3] == 0))
        found[same], unknown[same] = ids[same], False
    count = int(unknown.sum())
    if count and classes:
        strange, places = np.unique(codes[unknown], return_inverse=True)
        found[unknown] = _nearest(strange, colors)[places]
    return found, count


def _nearest(codes: npt.NDArray[np.uint32], colors: Pixels) -> Pixels:
    """The class nearest in RGB for each 0xrrggbb."""
    result = np.empty(len(codes), np.uint8)
    for start in range(0, len(codes), _BAND):
        part = codes[start : start + _BAND]
        parts = [((part >> shift) & 255).astype(np.int32) for shift in (16, 8, 0)]
        least = np.full(len(part), 1 << 30, np.int32)
        for i, color in enumerate(colors.astype(np.int32)):
            far = sum((a - b) ** 2 for a, b in zip(parts, color, strict=True))
            closer = far < least
            least[closer] = far[closer]
            result[start : start + _BAND][closer] = i
    return result


def color_codes(colors: Pixels) -> npt.NDArray[np.uint32]:
    """0xrrggbb of colours (..., 3)."""
    red, green, blue = (colors[..., i].astype(np.uint32) for i in range(3))
    return np.asarray((red << 16) | (green << 8) | blue, np.uint32)
