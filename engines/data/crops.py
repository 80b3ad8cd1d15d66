"""Which part of a picture a sample shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engines.data.pictures import Pixels, resize_picture, shrink_layout
from engines.data.samples import Decoded

SMALLEST = 0.75  # of the longest crop that fits: closer looks at the same picture
_ROOM = 2.0  # For ids: shrunk twice by vote, a border can be off by half a pixel of the first.
_WORTH = 1.25  # How much larger than needed a picture is where it is kept smaller.


@dataclass(frozen=True)
class Crop:
    """The square-to-size window of a picture: top, left and the height and width cut out; where
    `quick`, it is shrunk by a filter a third as wide.
    """

    top: int
    left: int
    height: int
    width: int
    flip: bool = False
    quick: bool = False

    def picture(self, pixels: Pixels, size: tuple[int, int]) -> Pixels:
        """Cut, resize and flip a picture (H, W, 3); (3, height, width) comes back."""
        cut = resize_picture(self._cut(pixels), size, quick=self.quick)
        return np.ascontiguousarray((cut[:, ::-1] if self.flip else cut).transpose(2, 0, 1))

    def layout(self, ids: Pixels, size: tuple[int, int]) -> Pixels:
        """Cut, resize by majority and flip ids (H, W)."""
        cut = shrink_layout(self._cut(ids), size)
        return np.ascontiguousarray(cut[:, ::-1] if self.flip else cut)

    def _cut(self, pixels: Pixels) -> Pixels:
        bottom, right = self.top + self.height, self.left + self.width
        return np.ascontiguousarray(pixels[self.top : bottom, self.left : right])


def central_crop(shape: Sequence[int], size: tuple[int, int]) -> Crop:
    """The largest window of the aspect of `size` (height, width), in the middle of a picture."""
    return _middle(shape, _largest(shape, size))


def random_crop(shape: Sequence[int], size: tuple[int, int], rng: np.random.Generator) -> Crop:
    """A window of that aspect anywhere in a picture, mirrored or not."""
    # Half of the crops show all they can: composition matters as much as texture.
    share = rng.uniform(SMALLEST, 1) if rng.random() < 0.5 else 1.0
    height, width = (max(1, round(side * share)) for side in _largest(shape, size))
    # Training draws far more than it shows.
    return replace(_anywhere(shape, (height, width), rng), quick=True)


def central_detail(shape: Sequence[int], size: tuple[int, int]) -> Crop:
    """The window of `size` (height, width) in the middle of a picture, as it is, and smaller only
    where the picture is.
    """
    return _middle(shape, _native(shape, size))


def random_detail(shape: Sequence[int], size: tuple[int, int], rng: np.random.Generator) -> Crop:
    """Such a window anywhere in a picture, mirrored or not."""
    return _anywhere(shape, _native(shape, size), rng)


def _middle(shape: Sequence[int], window: tuple[int, int]) -> Crop:
    height, width = window
    return Crop((shape[0] - height) // 2, (shape[1] - width) // 2, height, width)


def _anywhere(shape: Sequence[int], window: tuple[int, int], rng: np.random.Generator) -> Crop:
    height, width = window
    top = int(rng.integers(0, shape[0] - height + 1))
    left = int(rng.integers(0, shape[1] - width + 1))
    return Crop(top, left, height, width, bool(rng.random() < 0.5))


def _largest(shape: Sequence[int], size: tuple[int, int]) -> tuple[int, int]:
    scale = min(shape[0] / size[0], shape[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _native(shape: Sequence[int], size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, shape[0] / size[0], shape[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def kept(decoded: Decoded, size: tuple[int, int]) -> Decoded:
    """An entry's pictures and ids, of one height and width, as small as the closest look at them
    lets them be: a photo of twelve million pixels is read once and not at every draw.
    """
    if not decoded:
        return decoded
    height, width = decoded[0].shape[:2]
    room = _ROOM if any(array.ndim == 2 for array in decoded) else 1.0
    scale = SMALLEST / room * min(height / size[0], width / size[1])
    if scale < _WORTH:
        return decoded
    small = math.ceil(height / scale), math.ceil(width / scale)
    return tuple(
        resize_picture(array, small) if array.ndim == 3 else shrink_layout(array, small)
        for array in decoded
    )
