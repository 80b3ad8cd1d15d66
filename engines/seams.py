"""Putting a painted region into a photo so that no seam is seen, and nothing else is touched.

All is numpy on crops: `photo` and `made` are uint8 (H, W, 3), `mask` bool (H, W) says what is new.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage  # type: ignore[import-untyped]

Pixels = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]
DEPTH = 0.35  # seams deep into the region, by where its colours are its own again
ENOUGH = 0.005  # of a crop is of a class, for its colours to be known
NEAR = 2.0  # seams a side of the place whose mean colour is a class's there
FINE = 320  # pixels a side at most at which colours are compared
COARSE = 4  # so many are a place, where it is large
CONTRASTS = (0.7, 1.6)


def grown(mask: Bools, seam: int) -> Bools:
    """The mask and all pixels less than `seam` from it: what `blend` may change."""
    return np.asarray(_away(mask) < seam)


def blend(
    photo: Pixels,
    made: Pixels,
    ids: Pixels,
    mask: Bools,
    seam: int,
    known: Bools | None = None,
    usual: "Callable[[int], Floats | None]" = lambda number: None,
) -> Pixels:
    """The photo with `made` where the mask is, over a soft edge of `seam` pixels around it.

    `ids` (H, W) are the classes that were painted. Where it is `known`, outside the mask unless
    told, the photo shows those too: so each class gets the colours that the photo has of it
    nearby, else the `usual` ones (3,), and along the edge to its own like it is shifted by what is
    left. Outside `grown(mask, seam)` every byte is the photo's.
    """
    if not mask.any():
        return photo.copy()
    away = _away(mask)
    known = ~mask if known is None else known & ~mask
    # The nearer to the region, the more a pixel knows of it.
    weights = np.where(known, np.clip(1 - away / (2 * seam), 0, 1), 0).astype(np.float32)
    deep = ndimage.distance_transform_edt(mask).astype(np.float32)
    share = np.exp(-deep / (DEPTH * seam))[..., None]
    true, result = photo.astype(np.float32), made.astype(np.float32)
    for number in np.unique(ids[away < seam]).tolist():
        of_it = ids == number
        own = matched(true, result, of_it, known, NEAR * seam)
        if own is None:
            colour = usual(number)
            own = result + (0 if colour is None else colour - result[of_it].mean(0))
        near = weights * of_it
        if near.any():
            own += local(true - own, near, 1.0).full() * share
        result[of_it] = own[of_it]
    part = np.clip(1 - away / seam, 0, 1).astype(np.float32)
    part = (part * part * (3 - 2 * part))[..., None]
    mixed = np.rint(np.clip(photo + part * (result - photo), 0, 255)).astype(np.uint8)
    return np.where((away < seam)[..., None], mixed, photo)


def matched(photo: Floats, made: Floats, of_it: Bools, known: Bools, place: float) -> Floats | None:
    """`made` with the colours and contrast that the photo has of a class, where that is `known`
    (H, W), each place of so many pixels with those nearby: sand beside wet sand is wet. Right where
    it is `of_it`. None where the photo lacks the class.
    """
    seen = of_it & known
    if np.count_nonzero(seen) < ENOUGH * seen.size:
        return None
    weights = seen.astype(np.float32)
    smooth = local(made, of_it.astype(np.float32), place)
    here, there = local(made, weights, place), local(photo, weights, place)
    few = seen[:: here.step, :: here.step]
    detail = (photo[:: here.step, :: here.step] - there.values)[few].std()
    drawn = (made[:: here.step, :: here.step] - here.values)[few].std()
    contrast = np.float32(np.clip(detail / max(float(drawn), 1.0), *CONTRASTS))
    shift = smooth.values * (1 - contrast) + there.values - here.values
    return made * contrast + replace(here, values=shift).full()


@dataclass(frozen=True, eq=False)
class Grid:
    """Values (h, w, C), one for `step` pixels a side of something of `size` (H, W)."""

    values: Floats
    step: int
    size: tuple[int, ...]

    @classmethod
    def of(cls, values: Floats, step: int) -> "Grid":
        """The means over the pixels of each."""
        made = values
        if step > 1:
            made = np.stack([np.asarray(band.reduce(step)) for band in _bands(values)], 2)
        return cls(made, step, values.shape[:2])

    def full(self) -> Floats:
        """The values (H, W, C), smoothly."""
        if self.step == 1:
            return self.values
        size = (self.values.shape[1] * self.step, self.values.shape[0] * self.step)
        smooth = Image.Resampling.BILINEAR
        bands = [np.asarray(band.resize(size, smooth)) for band in _bands(self.values)]
        return np.stack(bands, 2)[: self.size[0], : self.size[1]]


def _bands(values: Floats) -> list[Image.Image]:
    return [Image.fromarray(np.ascontiguousarray(band)) for band in np.moveaxis(values, 2, 0)]


def local(values: Floats, weights: Floats, place: float) -> Grid:
    """Weighted means of values (H, W, C) around each pixel: over places of so many pixels a side
    or, where the weights (H, W) are small, over larger ones.
    """
    step = max(1, int(place / COARSE), -(-max(weights.shape) // FINE))
    known = Grid.of(weights[..., None], step)
    means = Grid.of(values * weights[..., None], step).values / np.maximum(known.values, 1e-6)
    trust = np.minimum(known.values[..., 0] * (step / place) ** 2, 1)
    return replace(known, values=spread(means, trust))


def spread(values: Floats, weights: Floats) -> Floats:
    """Values (H, W, C) known where weights (H, W) are above 0, smoothly for all pixels.

    Pulled to ever coarser grids and pushed back where a finer one knows little: Gortler et al.
    1996, The Lumigraph, section 3.4.
    """
    if min(weights.shape) <= 2 or (weights >= 1).all():
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
