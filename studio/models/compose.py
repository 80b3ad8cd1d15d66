"""From a document and a model to a Request: classes by name, the layout at the picture's size."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.data.derive import taken
from engines.data.pictures import shrink_area, shrink_layout
from engines.ports import (
    UNPAINTED,
    Attributes,
    Choice,
    Image,
    Latent,
    Layout,
    Mask,
    Noise,
    NoiseLevel,
    Port,
    Scalar,
    Size,
    Text,
)
from engines.request import Request
from engines.runtime.fit import fit, nearest_size
from studio.document.document import Document, Pixels, translate
from studio.document.raster import NOTHING, Area
from studio.document.scene import Picture, Scene
from studio.document.styles import Styles
from studio.models.mapping import mapping_of, numbering
from studio.models.styling import mixed, wire_of

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle


class Small:
    """The layout at one size, kept in step area by area: a dab costs what it touches."""

    def __init__(self, document: Document, size: Size) -> None:
        self.document, self.size = document, size
        self._ids: Pixels = shrink_layout(document.ids, size).copy()
        self._stale = NOTHING

    def touch(self, area: Area) -> None:
        """Those pixels of the document changed."""
        self._stale = self._stale.union(area)

    def ids(self) -> Pixels:
        """The document's ids at this size, for reading until the next touch."""
        stale, self._stale = self._stale.within(self.document.size), NOTHING
        if not stale.empty:
            edges = (stale.top, stale.left, stale.bottom, stale.right)
            place, part = shrink_area(self.document.ids, self.size, edges)
            self._ids[place[0] : place[2], place[1] : place[3]] = part
        return self._ids


def picture_size(bundle: "Bundle", document: Size, side: int) -> Size:
    """The model's size with the document's shape and a longer side of about `side` pixels.

    Sides are multiples of the model's step, so a size a little larger or smaller may fit the shape
    better; a stretched picture is worse than a few pixels more.
    """
    shape = document[1] / document[0]
    best, least = (0, 0), math.inf
    for share in (1.0, 0.875, 0.9375, 1.0625, 1.125):
        scale = side * share / max(document)
        size = nearest_size(bundle, (round(document[0] * scale), round(document[1] * scale)))
        stretched = abs(math.log(size[1] / size[0] / shape))
        cost = stretched + 0.3 * abs(math.log(max(size) / side))
        if cost < least - 1e-9:
            best, least = size, cost
    return best


def compose(bundle: "Bundle", scene: Scene, ids: Pixels) -> Request:
    """The Request of a scene over a layout that has the picture's size already."""
    values: dict[str, Any] = {}
    wire = wire_of(bundle)
    for port in bundle.ports:
        if isinstance(port, Layout):
            said = mapping_of(scene, bundle.name)
            values[port.name] = translate(ids, numbering(scene.palette, port.classes, said))
        elif isinstance(port, Mask):
            values[port.name] = _mask(scene, scene.values.get(port.name), ids)
        elif isinstance(scene.values.get(port.name), Styles):
            if wire is not None and wire.vector.name == port.name:
                values[port.name] = mixed(scene, wire, ids)
        elif port.name in scene.values:
            value = _fitting(port, scene.values[port.name])
            if isinstance(port, Image) and port.derived and value is not None:
                size = (ids.shape[0], ids.shape[1])  # Lines are as wide as in training at its size.
                value = taken(fit(port, value, size), port.derived)
            if value is not None:
                values[port.name] = value
    return Request(
        model=bundle.hash,
        size=(ids.shape[0], ids.shape[1]),
        values=values,
        seed=scene.seed,
        sampler=scene.sampler,
        steps=scene.steps,
        guidance=scene.guidance,
    )


def _mask(scene: Scene, value: Any, ids: Pixels) -> Any:
    """A mask is everything, the pixels of a class (by name), or the bright part of a picture."""
    if isinstance(value, Picture):
        return value.pixels.max(2) > 127
    if isinstance(value, str) and value:
        numbers = [n for n, entry in enumerate(scene.palette) if entry.name == value]
        return np.isin(ids, numbers)
    return np.ones(ids.shape, np.bool_)


def _fitting(port: Port, value: Any) -> Any:
    """A scene's value as a document value of this port; None where it is of another's kind."""
    if isinstance(port, Image):
        return value.pixels if isinstance(value, Picture) else None
    if isinstance(port, Attributes):
        if not isinstance(value, Mapping):
            return None
        return {k: min(max(v, 0.0), 1.0) for k, v in value.items() if k in port.names} or None
    if isinstance(port, Latent):
        right = isinstance(value, tuple) and len(value) == port.dimensions
        return np.array(value, np.float32) if right else None
    if isinstance(port, Scalar):
        number = isinstance(value, int | float)
        return min(max(float(value), port.minimum), port.maximum) if number else None
    if isinstance(port, Choice):
        return value if value in port.options else None
    if isinstance(port, Text):
        return value if isinstance(value, str) else None
    if isinstance(port, Noise):
        return value if isinstance(value, int) else None
    return None


def missing(bundle: "Bundle", scene: Scene) -> list[Port]:
    """The inputs that have to be given before there can be a picture, and were not."""
    given = {
        port.name
        for port in bundle.ports
        if isinstance(port, Layout | Mask)
        or _fitting(port, scene.values.get(port.name)) is not None
    }

    def has(port: Port) -> bool:
        if port.name in given or port.default is not None or isinstance(port, Noise | NoiseLevel):
            return True
        maker = bundle.maker(port)
        return maker is not None and all(has(p) for p in maker.inputs)

    return [port for port in bundle.target.inputs if not has(port)]


def painted(ids: Pixels) -> bool:
    """Whether there is anything on a layout."""
    return bool((ids != UNPAINTED).any())
