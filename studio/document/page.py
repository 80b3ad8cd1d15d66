"""The page itself: cropped, extended, resized, turned and mirrored, with every layer on it.

Layouts keep their hard edges: they shrink by majority and grow by repeating; pictures are filtered.
"""

from collections.abc import Callable, Mapping

import numpy as np

from engines.data.pictures import shrink_layout
from engines.ports import Size
from studio.document.document import Document, Pixels, blank
from studio.document.importing import resize_rgba
from studio.document.raster import Area

Planes = Mapping[int, Pixels]
Change = Callable[[Document], tuple[Size, Planes]]


def cropped(document: Document, area: Area) -> tuple[Size, Planes]:
    """The part of the page in an area, which may reach beyond it: what is new there is blank."""
    size = area.bottom - area.top, area.right - area.left
    inner = area.within(document.size)

    def crop(plane: Pixels) -> Pixels:
        made = blank(size, 1 if plane.ndim == 2 else plane.shape[2])
        if not inner.empty:
            rows = slice(inner.top - area.top, inner.bottom - area.top)
            columns = slice(inner.left - area.left, inner.right - area.left)
            made[rows, columns] = plane[inner.slices]
        return made

    return size, _each(document, crop)


def resized(document: Document, size: Size) -> tuple[Size, Planes]:
    """The whole page at another size."""
    return size, _each(document, lambda plane: plane_at(plane, size))


def turned(document: Document, quarters: int) -> tuple[Size, Planes]:
    """The page turned clockwise by quarters of a circle."""
    height, width = document.size
    size = (width, height) if quarters % 2 else (height, width)
    return size, _each(document, lambda plane: np.ascontiguousarray(np.rot90(plane, -quarters)))


def mirrored(document: Document, across: bool) -> tuple[Size, Planes]:
    """The page with left and right exchanged, or else up and down."""
    axis = 1 if across else 0
    return document.size, _each(document, lambda p: np.ascontiguousarray(np.flip(p, axis)))


def extended(old: Size, new: Size, x: float, y: float) -> Area:
    """Where a page of another size lies on the old one, which is anchored at shares of both: 0 is
    the left or upper edge, 0.5 the middle, 1 the other edge.
    """
    top, left = round((old[0] - new[0]) * y), round((old[1] - new[1]) * x)
    return Area(top, left, top + new[0], left + new[1])


def plane_at(plane: Pixels, size: Size) -> Pixels:
    """A plane at another size: ids (H, W) by majority, RGBA (H, W, 4) by Lanczos."""
    if plane.shape[:2] == size:
        return plane.copy()
    if plane.ndim == 2:
        return np.ascontiguousarray(shrink_layout(plane, size))
    return resize_rgba(plane, size).copy()


def _each(document: Document, change: Callable[[Pixels], Pixels]) -> Planes:
    return {number: change(plane) for number, plane in document.planes.items()}
