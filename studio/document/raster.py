"""Shapes as masks with hard edges: which pixels a brush, a line, a box or a fill covers.

A shape is an area (a slice of rows and one of columns) and a bool mask of its size. Points are
(x, y) in pixels with the origin at the outer corner of the first, so its centre is (0.5, 0.5).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.ports import Size

Point = tuple[float, float]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Area:
    """Rows `top` to `bottom` and columns `left` to `right` of an array, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def empty(self) -> bool:
        """Whether there is no pixel in it."""
        return self.top >= self.bottom or self.left >= self.right

    def within(self, size: Size) -> "Area":
        """The part of it that an array of that size has."""
        return Area(
            min(max(self.top, 0), size[0]),
            min(max(self.left, 0), size[1]),
            max(min(self.bottom, size[0]), 0),
            max(min(self.right, size[1]), 0),
        )

    def union(self, other: "Area") -> "Area":
        """The least area that holds both."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Area(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )


NOTHING = Area(0, 0, 0, 0)


@dataclass(frozen=True)
class Shape:
    """An area and which of its pixels are meant; `mask` None means all."""

    area: Area
    mask: Bools | None = None


def whole(size: Size) -> Area:
    """All of an array."""
    return Area(0, 0, *size)


def _centres(area: Area) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """x (1, W) and y (H, 1) of the pixels' centres."""
    x = np.arange(area.left, area.right, dtype=np.float32) + np.float32(0.5)
    y = np.arange(area.top, area.bottom, dtype=np.float32) + np.float32(0.5)
    return x[None], y[:, None]


def segment(start: Point, end: Point, first: float, last: float, size: Size) -> Shape:
    """The stroke of a round brush from `start` to `end`, its radius going from first to last.

    A pixel is covered where its centre is; the pixel under the pen always is.
    """
    (x0, y0), (x1, y1) = start, end
    reach = max(first, last, 0.5)
    area = Area(
        math.floor(min(y0, y1) - reach),
        math.floor(min(x0, x1) - reach),
        math.ceil(max(y0, y1) + reach) + 1,
        math.ceil(max(x0, x1) + reach) + 1,
    ).within(size)
    if area.empty:
        return Shape(area)
    x, y = _centres(area)
    dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
    length = dx * dx + dy * dy
    x, y = x - np.float32(x0), y - np.float32(y0)
    if length < 1e-6:
        mask = x * x + y * y <= np.float32(max(first, last) ** 2)
    else:
        t = np.clip((x * dx + y * dy) / length, 0, 1)
        radius = np.float32(first) + t * np.float32(last - first)
        mask = (x - t * dx) ** 2 + (y - t * dy) ** 2 <= radius * radius
    row, column = math.floor(y1) - area.top, math.floor(x1) - area.left
    if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]:
        mask[row, column] = True
    return Shape(area, mask)


def box(start: Point, end: Point, size: Size) -> Shape:
    """The rectangle between two corners, every pixel that it touches."""
    (x0, y0), (x1, y1) = start, end
    return Shape(
        Area(
            math.floor(min(y0, y1)),
            math.floor(min(x0, x1)),
            math.floor(max(y0, y1)) + 1,
            math.floor(max(x0, x1)) + 1,
        ).within(size)
    )


def ellipse(start: Point, end: Point, size: Size) -> Shape:
    """The ellipse that fills the rectangle between two corners."""
    area = box(start, end, size).area
    if area.empty:
        return Shape(area)
    x, y = _centres(area)
    cx, cy = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    rx, ry = (max(abs(b - a) / 2, 0.5) for a, b in zip(start, end, strict=True))
    return Shape(area, ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1)


def flood(ids: npt.NDArray[np.uint8], start: Point) -> Shape:
    """All pixels of the class under `start` that hang together with it, edge by edge."""
    row, column = math.floor(start[1]), math.floor(start[0])
    if not (0 <= row < ids.shape[0] and 0 <= column < ids.shape[1]):
        return Shape(NOTHING)
    # A tenth of a second to import, and only a fill needs it.
    from scipy import ndimage  # type: ignore[import-untyped]

    labels, _ = ndimage.label(ids == ids[row, column])
    label = labels[row, column]
    rows, columns = ndimage.find_objects(labels, max_label=label)[label - 1]
    area = Area(rows.start, columns.start, rows.stop, columns.stop)
    return Shape(area, labels[area.slices] == label)
