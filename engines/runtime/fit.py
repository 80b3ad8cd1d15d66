"""Making sizes and values fit a model, so that the ports' own checks can stay strict."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from engines.data.pictures import shrink_layout
from engines.ports import Image, Layout, Mask, Port, Regional, Size, Spatial

if TYPE_CHECKING:  # It brings ONNX along, which is slow to load.
    from engines.runtime.bundle import Bundle


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
        height, width = port.fixed or size
        return shrink_layout((value > 0).astype(np.uint8), (height, width)) > 0
    if isinstance(value, Regional):
        return Regional(value.table, shrink_layout(value.regions, size))
    return value


def nearest_size(bundle: "Bundle", asked: Size) -> Size:
    """The (height, width) nearest to `asked` that a model takes; a large one keeps its shape."""
    for port in bundle.target.outputs:
        if isinstance(port, Image) and port.fixed:
            return port.fixed[0], port.fixed[1]
    target = [*bundle.target.inputs, *bundle.target.outputs]
    free = [p for p in target if isinstance(p, Spatial) and p.free]
    step = math.lcm(*(p.multiple for p in free)) if free else 1
    least = max((p.minimum for p in free), default=1)
    most = min((p.maximum for p in free), default=max(asked))
    scale = min(1.0, most / max(asked))
    low, high = -(-least // step) * step, most // step * step
    height, width = (
        min(max(int(side * scale / step + 0.5) * step, low), max(high, low)) for side in asked
    )
    return height, width
