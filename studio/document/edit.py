"""Painting in progress, which ends as a change or as if it had not been."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from studio.document.changes import TileChange, packed_pixels, tile_area, tiles_of
from studio.document.document import Document, Pixels
from studio.document.raster import NOTHING, Area, Bools, Shape, pixelwise, whole


class Edit:
    """Painting on one layer in progress: it keeps what each tile was when it is first touched."""

    def __init__(
        self,
        document: Document,
        label: str,
        layer: int | None = None,
        within: Bools | None = None,
        spared: Collection[int] | None = None,
    ) -> None:
        """On the active layer unless told. Only pixels `within` (H, W), a selection, are changed,
        and none that shows a class of `spared`: those that the scene protects unless told.
        """
        self.document, self.label = document, label
        self.layer = document.active if layer is None else layer
        self.plane = document.plane(self.layer)
        self.within = within
        self.spared = document.scene.spared if spared is None else tuple(spared)
        self._before: dict[tuple[int, int], Pixels] = {}

    @property
    def channels(self) -> int:
        """1 on a layout, 4 on a picture."""
        return 1 if self.plane.ndim == 2 else self.plane.shape[2]

    def paint(self, shape: Shape, value: Any) -> Area:
        """Set the shape's pixels to a class id or an RGBA colour, or to those of an array of the
        shape's area; the area touched comes back.
        """
        area = shape.area
        if area.empty:
            return NOTHING
        self._keep(area)
        part, mask = self.plane[area.slices], shape.mask
        if self.within is not None:
            inside = self.within[area.slices]
            mask = inside if mask is None else mask & inside
        if self.spared and self.plane.ndim == 2:
            free = ~np.isin(part, self.spared) & ~np.isin(
                self.document.ids[area.slices], self.spared
            )
            mask = free if mask is None else mask & free
        if part.ndim == 3:
            value = np.ascontiguousarray(value, np.uint8).view(np.uint32)[..., 0]
        np.copyto(pixelwise(part), value, where=True if mask is None else mask)
        self.document.touch(area)
        return area

    def replace(self, plane: Pixels) -> Area:
        """Put another plane of the same size in place, whatever is selected or spared."""
        area = whole(self.document.size)
        self._keep(area)
        self.plane[:] = plane
        self.document.touch(area)
        return area

    def finish(self) -> TileChange | None:
        """The change that was made; None when every pixel is as it was."""
        tiles = {}
        for place, before in self._before.items():
            differing = before ^ self.plane[tile_area(place, self.document.size).slices]
            if differing.any():
                tiles[place] = packed_pixels(differing)
        return TileChange(self.label, tiles, self.layer, self.channels) if tiles else None

    def cancel(self) -> Area:
        """Put everything back as it was; the area touched."""
        touched = NOTHING
        for place, before in self._before.items():
            area = tile_area(place, self.document.size)
            self.plane[area.slices] = before
            touched = touched.union(area)
        self._before.clear()
        self.document.touch(touched)
        return touched

    def _keep(self, area: Area) -> None:
        for place in tiles_of(area):
            if place not in self._before:
                part = self.plane[tile_area(place, self.document.size).slices]
                self._before[place] = part.copy()


@contextmanager
def editing(document: Document, label: str) -> Iterator[Edit]:
    """An edit that is taken back where the code within fails."""
    edit = Edit(document, label)
    try:
        yield edit
    except BaseException:
        edit.cancel()
        raise
