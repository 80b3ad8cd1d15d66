"""How sure a reader of layouts was of what it read: small and smooth, as a picture of the scene."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.ports import Size
from studio.document.document import Document
from studio.document.page import Change
from studio.document.scene import Picture, Scene

Pixels = npt.NDArray[np.uint8]
MOST_SIDE = 512  # of what is kept; a reader looks at less


def kept(sure: Pixels) -> Picture:
    """Sureness, uint8 (H, W), as a scene keeps it."""
    scale = min(1.0, MOST_SIDE / max(sure.shape))
    height, width = (max(round(side * scale), 1) for side in sure.shape)
    return Picture(_resized(sure, (height, width))[..., None].repeat(3, 2))


def shown(picture: Picture, size: Size) -> Pixels:
    """Sureness, uint8, at a size."""
    return _resized(picture.pixels[..., 0], size)


def moved(picture: Picture, size: Size, change: Change) -> Picture:
    """Sureness that follows a change of its page, which was of that size."""
    sheet = Document(shown(picture, size), Scene())
    (plane,) = change(sheet)[1].values()
    return kept(plane)


def _resized(values: Pixels, size: Size) -> Pixels:
    if values.shape == size:
        return np.ascontiguousarray(values)
    image = Image.fromarray(np.ascontiguousarray(values))
    return np.array(image.resize((size[1], size[0]), Image.Resampling.BILINEAR))
