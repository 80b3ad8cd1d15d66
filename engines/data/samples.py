"""What a data set hands out: one NamedTuple of arrays for each kind of data."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


class ImageSample(NamedTuple):
    """A picture, uint8 (3, H, W)."""

    image: Pixels


class LayoutSample(NamedTuple):
    """A picture uint8 (3, H, W), its class ids uint8 (H, W), attributes (A,) in [0, 1], NaN
    unknown.
    """

    image: Pixels
    layout: Pixels
    attributes: Floats


class PairedSample(NamedTuple):
    """Two pictures of one place, uint8 (3, H, W)."""

    source: Pixels
    target: Pixels


class UnpairedSample(NamedTuple):
    """A picture of one sort and one of another, uint8 (3, H, W), of nothing in common."""

    source: Pixels
    target: Pixels


class LabelledSample(NamedTuple):
    """A picture uint8 (3, H, W) and its attributes (A,) in [0, 1], NaN unknown."""

    image: Pixels
    attributes: Floats


class PointsSample(NamedTuple):
    """A point of a toy distribution, float32 (2,)."""

    points: Floats


Sample = ImageSample | LayoutSample | PairedSample | UnpairedSample | LabelledSample | PointsSample
Decoded = tuple[npt.NDArray[Any], ...]  # what one entry of a set holds once its files are read
