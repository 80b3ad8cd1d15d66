"""A document: the planes of its layers and a scene, and the only ways to change them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.ports import UNPAINTED, Size
from studio.document.layers import Kind, Layers, find, layouts, walk
from studio.document.raster import NOTHING, Area, whole
from studio.document.scene import Scene

Pixels = npt.NDArray[np.uint8]
MOST_SIDE = 8192


def blank(size: Size, channels: int) -> Pixels:
    """A plane with nothing on it: unpainted ids (H, W), or clear RGBA (H, W, 4)."""
    if channels == 1:
        return np.full(size, UNPAINTED, np.uint8)
    return np.zeros((*size, channels), np.uint8)


class Document:
    """Changed through `Edit` and the changes below alone.

    `planes` holds what is painted, by layer: uint8 ids (H, W), 255 where unpainted, or straight
    RGBA (H, W, 4). A layer without a plane is blank.
    """

    def __init__(self, ids: Pixels, scene: Scene | None = None) -> None:
        """One whose lowest layout layer shows `ids`, uint8 (H, W)."""
        scene = scene or Scene()
        self.size: Size = (ids.shape[0], ids.shape[1])
        self.planes: dict[int, Pixels] = {}
        self._active = 0
        self._shown: tuple[int, ...] = ()
        self._composed: Pixels | None = None
        self._stale = NOTHING
        self.scene = scene
        self.planes[base_layout(scene.layers)] = ids

    @classmethod
    def blank(cls, size: Size, scene: Scene | None = None) -> "Document":
        """An unpainted document of (height, width) pixels."""
        return cls(blank(size, 1), scene)

    @classmethod
    def of(cls, size: Size, planes: Mapping[int, Pixels], scene: Scene) -> "Document":
        """A document of these planes, each of that size and of its layer's channels; planes of no
        layer are left out.
        """
        document = cls.blank(size, scene)
        document.planes = dict(planes)
        document.scene = scene
        return document

    @property
    def scene(self) -> Scene:
        """Everything but the pixels."""
        return self._scene

    @scene.setter
    def scene(self, scene: Scene) -> None:
        self._scene = scene
        known = {layer.id for layer in walk(scene.layers)}
        self.planes = {number: p for number, p in self.planes.items() if number in known}
        shown = tuple(layer.id for layer in layouts(scene.layers))
        if shown != self._shown:
            self._shown, self._composed = shown, None

    @property
    def active(self) -> int:
        """The layer that is painted on; the lowest layout while the one that was chosen is gone."""
        there = find(self.scene.layers, self._active) is not None
        return self._active if there else base_layout(self.scene.layers)

    @active.setter
    def active(self, number: int) -> None:
        self._active = number

    @property
    def ids(self) -> Pixels:
        """The class map (H, W), to read: of all layout layers shown, the topmost painted class."""
        if len(self._shown) == 1:
            return self.plane(self._shown[0])
        if self._composed is None:
            self._composed, self._stale = blank(self.size, 1), whole(self.size)
        if not self._stale.empty:
            self._compose(self._stale.within(self.size))
            self._stale = NOTHING
        seen: Pixels = self._composed.view()
        seen.setflags(write=False)
        return seen

    def plane(self, number: int, channels: int = 0) -> Pixels:
        """What is painted on a layer. Channels are the layer's unless told, for one that is not in
        the scene at present.
        """
        if not channels:
            layer = find(self.scene.layers, number)
            if layer is None and number in self.planes:
                return self.planes[number]  # It was told its channels, and comes into the scene.
            channels = layer.channels if layer else 0
            if not channels:
                raise ValueError(f"layer {number} has no pixels")
        found = self.planes.get(number)
        if found is None or found.ndim != (2 if channels == 1 else 3):
            found = self.planes[number] = blank(self.size, channels)
        return found

    def touch(self, area: Area) -> None:
        """Say that a plane changed there."""
        self._stale = self._stale.union(area)

    def resize(self, size: Size, planes: Mapping[int, Pixels]) -> None:
        """Take planes of another size in place of all."""
        self.size, self.planes, self._composed = size, dict(planes), None

    def copy(self) -> "Document":
        """One that stays as it is when this is painted on."""
        planes = {number: plane.copy() for number, plane in self.planes.items()}
        document = Document.of(self.size, planes, self.scene)
        document.active = self._active
        return document

    def _compose(self, area: Area) -> None:
        assert self._composed is not None
        part = self._composed[area.slices]
        part[:] = UNPAINTED
        for number in reversed(self._shown):
            if number in self.planes:
                above = self.plane(number)[area.slices]
                np.copyto(part, above, where=above != UNPAINTED)


def base_layout(tree: Layers) -> int:
    """The lowest layout layer, one that is shown if any is."""
    shown = layouts(tree) or tuple(e for e in walk(tree) if e.kind is Kind.LAYOUT)
    return shown[-1].id


def translate(ids: Pixels, names: Mapping[int, int]) -> Pixels:
    """Ids under another numbering; those that it does not name are unpainted."""
    table = np.full(256, UNPAINTED, np.uint8)
    for old, new in names.items():
        table[old] = new
    result: Pixels = table[ids]
    return result
