"""Selections as masks: put together, turned inside out, grown and shrunk. bool (H, W); None: none.

Without a selection everything may be painted on, so an empty one is none.
"""

from enum import Enum

import numpy as np
import numpy.typing as npt

from studio.document.filling import cut
from studio.document.raster import Area, Bools


class How(Enum):
    """What becomes of the selection that is there."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


def combined(mask: Bools | None, new: Bools, how: How) -> Bools | None:
    """The selection with another."""
    if how is How.ADD and mask is not None:
        new = mask | new
    elif how is How.SUBTRACT:
        new = (np.ones_like(new) if mask is None else mask) & ~new
    elif how is How.INTERSECT and mask is not None:
        new = mask & new
    return new if new.any() else None


def shifted(mask: Bools, dx: int, dy: int) -> Bools | None:
    """A selection so many pixels to the right and down; what leaves the page is gone."""
    height, width = mask.shape
    result = np.zeros_like(mask)
    if abs(dx) < width and abs(dy) < height:
        to = result[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
        to[:] = mask[max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
    return result if result.any() else None


def grown(mask: Bools, pixels: int) -> Bools:
    """All pixels whose centres are at most so far from one that is selected."""
    shape = cut(mask)
    if shape.mask is None or pixels < 1:
        return mask
    area = shape.area
    around = Area(
        area.top - pixels, area.left - pixels, area.bottom + pixels, area.right + pixels
    ).within((mask.shape[0], mask.shape[1]))
    part = mask[around.slices]
    result = mask.copy()
    result[around.slices] = _spread(part, pixels)
    return result


def shrunk(mask: Bools, pixels: int) -> Bools | None:
    """What is left when all beyond the edge comes so far in; the page's own edge does not."""
    result = ~grown(~mask, pixels)
    return result if result.any() else None


def _spread(mask: Bools, pixels: int) -> Bools:
    """Dilation by a disc: for each column apart, how far up and down it may be."""
    far = _up_or_down(mask, pixels)
    result = far <= pixels
    for step in range(1, min(pixels, mask.shape[1] - 1) + 1):
        near = far <= int((pixels * pixels - step * step) ** 0.5)
        result[:, step:] |= near[:, :-step]
        result[:, :-step] |= near[:, step:]
    return result


def _up_or_down(mask: Bools, most: int) -> npt.NDArray[np.int16]:
    """The way to the next selected pixel of the same column; more than `most` where it is far."""
    height = mask.shape[0]
    rows = np.arange(height, dtype=np.int16)[:, None]
    away = np.int16(-most - 1)
    above = np.maximum.accumulate(np.where(mask, rows, away), 0)
    below = np.maximum.accumulate(np.where(mask[::-1], rows, away), 0)[::-1]
    return np.minimum(rows - above, rows[::-1] - below)
