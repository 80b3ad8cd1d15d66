"""Which pixels a fill or a magic wand takes: those alike, all of them or those that hang together.

A plane is class ids (H, W) or straight RGBA (H, W, 4), uint8.
"""

import math

import numpy as np
import numpy.typing as npt

from studio.document.raster import NOTHING, Area, Bools, Point, Shape, bounds, pixelwise

Pixels = npt.NDArray[np.uint8]


def alike(plane: Pixels, row: int, column: int, tolerance: int = 0) -> Bools:
    """Pixels like one: of its class, or no channel farther off than the tolerance.

    The colour of a transparent pixel means nothing.
    """
    found = plane[row, column]
    if plane.ndim == 2:
        return np.asarray(plane == found)
    if tolerance == 0 and found[3]:
        return np.asarray(pixelwise(plane) == pixelwise(plane)[row, column])
    same: Bools = np.ones(plane.shape[:2], np.bool_)
    low = np.maximum(found.astype(np.int16) - tolerance, 0).astype(np.uint8)
    high = np.minimum(found.astype(np.int16) + tolerance, 255).astype(np.uint8)
    for channel in range(3):
        same &= (plane[..., channel] >= low[channel]) & (plane[..., channel] <= high[channel])
    alpha = plane[..., 3]
    same |= (alpha <= tolerance) & (found[3] <= tolerance)
    same &= (alpha >= low[3]) & (alpha <= high[3])
    return same


def fill(
    plane: Pixels,
    start: Point,
    tolerance: int = 0,
    contiguous: bool = True,
    gap: int = 0,
    within: Bools | None = None,
) -> Shape:
    """The pixels alike to the one under `start`, of `within` alone.

    `contiguous`: those that hang together with it, edge by edge, and do not run through openings
    of the outline that are at most `gap` pixels wide.
    """
    row, column = math.floor(start[1]), math.floor(start[0])
    height, width = plane.shape[:2]
    if not (0 <= row < height and 0 <= column < width):
        return Shape(NOTHING)
    same = alike(plane, row, column, tolerance)
    if within is not None:
        same &= within
    if not same[row, column]:
        return Shape(NOTHING)
    if not contiguous:
        return cut(same)
    shape = _piece(same, row, column)
    return _closed(shape, row, column, gap) if gap > 0 else shape


def cut(mask: Bools) -> Shape:
    """A mask of a whole array as a shape, no larger than needed."""
    area = bounds(mask)
    return Shape(NOTHING) if area.empty else Shape(area, mask[area.slices])


def _piece(same: Bools, row: int, column: int) -> Shape:
    """What hangs together with a pixel."""
    # A tenth of a second to import, and only a fill needs it.
    from scipy import ndimage  # type: ignore[import-untyped]

    labels, _ = ndimage.label(same)
    label = labels[row, column]
    rows, columns = ndimage.find_objects(labels, max_label=label)[label - 1]
    area = Area(rows.start, columns.start, rows.stop, columns.stop)
    return Shape(area, labels[area.slices] == label)


def _closed(shape: Shape, row: int, column: int, gap: int) -> Shape:
    """The part of a piece that a square wider than the gap can be pushed to from a pixel.

    Corners that the square cannot enter are taken where they touch no other part.
    """
    from scipy import ndimage

    mask = shape.mask
    assert mask is not None
    row, column = row - shape.area.top, column - shape.area.left
    cores, count = ndimage.label(_fits(mask, gap + 1))
    window = cores[max(row - gap, 0) : row + 1, max(column - gap, 0) : column + 1]
    here = np.unique(window[window > 0])
    if count < 2 or not here.size:  # Nothing is parted, or the pixel is in a narrow place.
        return shape
    mine = _labelled(cores, here)
    ours = _covered(mine, gap + 1)
    others = _covered((cores > 0) & ~mine, gap + 1) & ~ours
    rest, _ = ndimage.label(mask & ~ours & ~others)
    across = np.unique(rest[ndimage.binary_dilation(others)])
    ours |= (rest > 0) & ~_labelled(rest, across)
    part = _piece(ours, row, column)  # What is left over elsewhere is no neighbour of ours.
    area, origin = part.area, shape.area
    return Shape(area.moved(origin.top, origin.left), part.mask)


def _labelled(labels: npt.NDArray[np.int32], wanted: npt.NDArray[np.int32]) -> Bools:
    """Where the labels are some of those; quicker than `np.isin`."""
    table = np.zeros(int(labels.max()) + 1, np.bool_)
    table[wanted] = True
    return np.asarray(table[labels])


def _fits(mask: Bools, side: int) -> Bools:
    """Where a square's upper left corner may lie, bool (H - side + 1, W - side + 1)."""
    if min(mask.shape) < side:
        return np.zeros((1, 1), np.bool_)
    return _runs(_runs(mask, side).T, side).T


def _covered(corners: Bools, side: int) -> Bools:
    """What the squares with these upper left corners cover."""
    return ~_fits(~np.pad(corners, side - 1), side)


def _runs(mask: Bools, length: int) -> Bools:
    """Whether so many rows from each on are all meant, in a logarithm of steps."""
    done = 1
    while done < length:  # Two runs end to end are one run.
        step = min(done, length - done)
        mask = mask[:-step] & mask[step:]
        done += step
    return mask
