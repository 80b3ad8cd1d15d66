"""Selections as masks: put together, turned inside out, grown and shrunk. bool (H, W); None: none.

Without a selection everything may be painted on, so an empty one is none.
"""

from enum import Enum

import numpy as np

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
    """Dilation by a disc, as runs of columns: for each column apart, how far up and down."""
    result = mask.copy()
    width = mask.shape[1]
    tall: dict[int, Bools] = {}
    for step in range(min(pixels, width - 1) + 1):
        reach = int((pixels * pixels - step * step) ** 0.5)
        if reach not in tall:
            tall[reach] = _stretched(mask, reach)
        if step == 0:
            result |= tall[reach]
        else:
            result[:, step:] |= tall[reach][:, :-step]
            result[:, :-step] |= tall[reach][:, step:]
    return result


def _stretched(mask: Bools, reach: int) -> Bools:
    """Each pixel with so many above and below it."""
    reach = min(reach, mask.shape[0])
    run = np.pad(mask, ((reach, reach), (0, 0)))
    done, length = 1, 2 * reach + 1
    while done < length:  # Two runs end to end are one run.
        step = min(done, length - done)
        run = run[:-step] | run[step:]
        done += step
    return run
