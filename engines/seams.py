"""Putting a painted region into a photo so that no seam is seen, and nothing else is touched.

All is numpy on crops: `photo` and `made` are uint8 (H, W, 3), `mask` bool (H, W) says what is new.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage  # type: ignore[import-untyped]

Pixels = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]
DEPTH = 0.35  # seams deep into the region, by where its colours are its own again
ENOUGH = 0.01  # of a crop is of a class, for its colours to be known
MOST_SHIFT = 64.0  # grey levels
CONTRASTS = (0.7, 1.3)


def grown(mask: Bools, seam: int) -> Bools:
    """The mask and all pixels less than `seam` from it: what `blend` may change."""
    return np.asarray(_away(mask) < seam)


def blend(
    photo: Pixels, made: Pixels, ids: Pixels, mask: Bools, seam: int, known: Bools | None = None
) -> Pixels:
    """The photo with `made` where the mask is, over a soft edge of `seam` pixels around it.

    `ids` (H, W) are the classes that were painted. Where it is `known`, outside the mask unless
    told, the photo shows those too: so each class gets the colours that the photo has of it, and
    along the edge `made` is shifted by what is left. Outside `grown(mask, seam)` every byte is the
    photo's.
    """
    if not mask.any():
        return photo.copy()
    away = _away(mask)
    known = ~mask if known is None else known & ~mask
    result = matched(photo, made, ids, known)
    around = (away < 2 * seam) & known
    if around.any():
        # The nearer to the region, the more a pixel knows of it.
        weights = np.where(around, 1 - away / (2 * seam), 0).astype(np.float32)
        deep = ndimage.distance_transform_edt(mask).astype(np.float32)
        share = np.exp(-deep / (DEPTH * seam))
        result += spread(photo.astype(np.float32) - result, weights) * share[..., None]
    part = np.clip(1 - away / seam, 0, 1).astype(np.float32)
    part = (part * part * (3 - 2 * part))[..., None]
    mixed = np.rint(np.clip(photo + part * (result - photo), 0, 255)).astype(np.uint8)
    return np.where((away < seam)[..., None], mixed, photo)


def matched(photo: Pixels, made: Pixels, ids: Pixels, known: Bools) -> Floats:
    """`made` as float32, each class with the mean and contrast of colour that the photo has of it
    where that is `known` (H, W). A class that the photo lacks stays as it is.
    """
    result = made.astype(np.float32)
    for number in np.unique(ids):
        of_it = ids == number
        seen = of_it & known
        if np.count_nonzero(seen) < ENOUGH * ids.size:
            continue
        true, drawn = photo[seen].astype(np.float32), result[seen]
        shift = np.clip(true.mean(0) - drawn.mean(0), -MOST_SHIFT, MOST_SHIFT)
        contrast = np.clip(true.std() / max(float(drawn.std()), 1.0), *CONTRASTS)
        middle = drawn.mean(0)
        result[of_it] = (result[of_it] - middle) * contrast + middle + shift
    return result


def spread(values: Floats, weights: Floats) -> Floats:
    """Values (H, W, C) known where weights (H, W) are above 0, smoothly for all pixels.

    Pulled to ever coarser grids and pushed back where a finer one knows little: Gortler et al.
    1996, The Lumigraph, section 3.4.
    """
    if min(weights.shape) <= 2 or (weights > 0).all():
        total = max(float(weights.sum()), 1e-6)
        mean = (values * weights[..., None]).sum((0, 1)) / total
        sure = np.minimum(weights, 1)[..., None]
        found = np.where(weights[..., None] > 0, values, mean)
        return np.asarray(sure * found + (1 - sure) * mean, np.float32)
    height, width = weights.shape
    sums = _halved(values * weights[..., None])
    known = _halved(weights[..., None])[..., 0]
    coarse = spread(sums / np.maximum(known, 1e-6)[..., None], np.minimum(known, 1))
    # A grid of even sides lies half a pixel beside the finer one.
    zoomed = ndimage.zoom(coarse, (2, 2, 1), order=1, grid_mode=True, mode="nearest")
    below = zoomed[:height, :width]
    sure = np.minimum(weights, 1)[..., None]
    return np.asarray(sure * values + (1 - sure) * below, np.float32)


def _halved(values: Floats) -> Floats:
    """Sums of two by two."""
    height, width = values.shape[:2]
    padded = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    rows = padded[::2] + padded[1::2]
    return np.asarray(rows[:, ::2] + rows[:, 1::2])


def _away(mask: Bools) -> Floats:
    """How many pixels each is away from the mask; far from everything where there is none."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return np.asarray(ndimage.distance_transform_edt(~mask), np.float32)
