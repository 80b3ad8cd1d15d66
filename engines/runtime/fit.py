"""Making a document value fit a port's size, so that a port's own encoding can stay strict."""

from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from engines.data.pictures import shrink_layout
from engines.ports import Image, Layout, Mask, Port, Regional, Size


def fit(port: Port, value: Any, size: Size) -> Any:
    """`value` for `port` at `size` (height, width): pictures cover it, layouts go by majority."""
    if isinstance(port, Image) and isinstance(value, np.ndarray) and value.ndim == 3:
        height, width = port.fixed or size
        if value.shape[:2] == (height, width):
            return value
        picture = Pillow.fromarray(value)
        return np.asarray(ImageOps.fit(picture, (width, height), Pillow.Resampling.LANCZOS))
    if isinstance(port, Layout) and isinstance(value, np.ndarray) and value.ndim == 2:
        return shrink_layout(value.astype(np.uint8), size)
    if isinstance(port, Mask) and isinstance(value, np.ndarray) and value.ndim == 2:
        return shrink_layout((value > 0).astype(np.uint8), size) > 0
    if isinstance(value, Regional):
        return Regional(value.table, shrink_layout(value.regions, size))
    return value
