"""What a document shows: each layer's colours, and all of them merged.

`picture` is the model's, uint8 (H, W, 3) of any size, shown by the layer of kind RENDER.
"""

import numpy as np
import numpy.typing as npt

from engines.data.pictures import resize_picture
from studio.document.blend import merge
from studio.document.colors import rendering
from studio.document.document import Document
from studio.document.layers import Kind, Layer
from studio.document.raster import Area

Pixels = npt.NDArray[np.uint8]


class Showing:
    """A source for `blend.merge`: a document's layers as RGBA, by area."""

    def __init__(self, document: Document, picture: Pixels | None = None) -> None:
        self.document = document
        self.picture = None if picture is None else resize_picture(picture, document.size)

    @property
    def colourful(self) -> bool:
        """Whether there is more to see than classes."""
        planes = self.document.planes.values()
        return self.picture is not None or any(plane.ndim == 3 for plane in planes)

    def __call__(self, layer: Layer, area: Area) -> Pixels | None:
        if layer.kind is Kind.RENDER:
            if self.picture is None:
                return None
            rgb = self.picture[area.slices]
            return np.concatenate([rgb, np.full((*rgb.shape[:2], 1), 255, np.uint8)], 2)
        plane = self.document.planes.get(layer.id)
        if plane is None:
            return None
        part = plane[area.slices]
        return part if part.ndim == 3 else rendering(part, self.document.scene.palette)

    def merged(self, area: Area | None = None) -> Pixels:
        """All that is shown, uint8 RGBA of an area or of the whole."""
        return merge(self.document.scene.layers, self, self.document.size, area)
