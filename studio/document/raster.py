"""Shapes as masks with hard edges: which pixels a brush, a line, a box or a fill covers.

A shape is an area (a slice of rows and one of columns) and a bool mask of its size. Points are
(x, y) in pixels with the origin at the outer corner of the first, so its centre is (0.5, 0.5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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

    @property
    def size(self) -> Size:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left

    def within(self, room: "Size | Area") -> "Area":
        """The part of it that an array of that size, or another area, has."""
        room = room if isinstance(room, Area) else whole(room)
        return Area(
            min(max(self.top, room.top), room.bottom),
            min(max(self.left, room.left), room.right),
            max(min(self.bottom, room.bottom), room.top),
            max(min(self.right, room.right), room.left),
        )

    def moved(self, down: int, right: int) -> "Area":
        """It elsewhere."""
        return Area(self.top + down, self.left + right, self.bottom + down, self.right + right)

    def inside(self, other: "Area") -> tuple[slice, slice]:
        """For indexing an array that covers the other area, which must hold this one."""
        top, left = self.top - other.top, self.left - other.left
        return slice(top, top + self.size[0]), slice(left, left + self.size[1])

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
HAIR = 1e-3  # of a pixel
Room = Size | Area  # what shapes are cut to: an array's size, or an area


@dataclass(frozen=True)
class Shape:
    """An area and which of its pixels are meant; `mask` None means all."""

    area: Area
    mask: Bools | None = None

    def within(self, room: "Size | Area") -> "Shape":
        """The part of it that an array of that size, or another area, has."""
        area = self.area.within(room)
        if area == self.area or self.mask is None or area.empty:
            return Shape(area, None if area.empty else self.mask)
        return Shape(area, self.mask[area.inside(self.area)])

    def over(self, size: Size) -> Bools:
        """It as a mask of a whole array of that size."""
        full = np.zeros(size, np.bool_)
        part = self.within(size)
        full[part.area.slices] = True if part.mask is None else part.mask
        return full


def bounds(mask: Bools) -> Area:
    """The least area that holds every True of a mask; NOTHING where it has none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return NOTHING
    return Area(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def whole(size: Size) -> Area:
    """All of an array."""
    return Area(0, 0, *size)


def pixelwise(plane: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """Ids (H, W) as they are; RGBA (H, W, 4) as one uint32 a pixel, which is some ten times as fast
    under a mask. The memory is the same.
    """
    return plane if plane.ndim == 2 else plane.view(np.uint32)[..., 0]


def _centres(area: Area) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """x (1, W) and y (H, 1) of the pixels' centres."""
    x = np.arange(area.left, area.right, dtype=np.float32) + np.float32(0.5)
    y = np.arange(area.top, area.bottom, dtype=np.float32) + np.float32(0.5)
    return x[None], y[:, None]


def segment(start: Point, end: Point, first: float, last: float, size: Room) -> Shape:
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
    return Shape(area, _with(mask, area, end))


def box(start: Point, end: Point, size: Room) -> Shape:
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


def ellipse(start: Point, end: Point, size: Room) -> Shape:
    """The ellipse that fills the rectangle between two corners."""
    area = box(start, end, size).area
    if area.empty:
        return Shape(area)
    x, y = _centres(area)
    cx, cy = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    rx, ry = (max(abs(b - a) / 2, 0.5) for a, b in zip(start, end, strict=True))
    return Shape(area, ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1)


def polygon(points: Sequence[Point], size: Room) -> Shape:
    """All pixels whose centres a closed outline goes round, however often (nonzero winding)."""
    ways = np.asarray(points, np.float64).reshape(-1, 2)
    if len(ways) < 3:
        return Shape(NOTHING)
    (left, top), (right, bottom) = np.floor(ways.min(0)), np.ceil(ways.max(0))
    area = Area(int(top), int(left), int(bottom), int(right)).within(size)
    if area.empty:
        return Shape(NOTHING)
    x0, y0 = ways.T - 0.5  # Now pixels' centres lie on whole numbers.
    x1, y1 = np.roll(ways, -1, 0).T - 0.5
    down = y1 > y0
    upper, lower = np.where(down, y0, y1), np.where(down, y1, y0)
    first = np.clip(np.ceil(upper), area.top, area.bottom).astype(np.int64)
    counts = np.clip(np.ceil(lower), area.top, area.bottom).astype(np.int64) - first
    edge = np.repeat(np.arange(len(ways)), counts)  # one entry for each row that an edge crosses
    row = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    column = np.ceil(x0[edge] + (row - y0[edge]) * slope)
    height, width = area.size
    column = (np.clip(column, area.left, area.right) - area.left).astype(np.int64)
    turns = np.zeros((height, width + 1), np.int16)
    np.add.at(turns, (row - area.top, column), np.where(down, 1, -1)[edge].astype(np.int16))
    return Shape(area, np.cumsum(turns[:, :-1], 1, dtype=np.int16) != 0)


def convex(corners: npt.NDArray[np.float64], end: Point, size: Room) -> Shape:
    """The hull of some points (N, 2), every pixel whose centre is in it, and the one at `end`."""
    (left, top), (right, bottom) = np.floor(corners.min(0)), np.floor(corners.max(0)) + 1
    area = Area(int(top), int(left), int(bottom), int(right)).within(size)
    if area.empty:
        return Shape(area)
    height, width = area.size
    x, y = _centres(Area(0, 0, height, width))
    mask = np.ones(area.size, np.bool_)
    # A hair to the right and down: a centre on the edge belongs to one of two neighbours, not both.
    ring = hull(corners) - (area.left - HAIR, area.top - HAIR)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, 0), strict=True):
        dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
        mask &= (y - np.float32(y0)) * dx >= (x - np.float32(x0)) * dy
    return Shape(area, _with(mask, area, end))


def _with(mask: Bools, area: Area, point: Point) -> Bools:
    """The mask with the pixel under a point."""
    row, column = math.floor(point[1]) - area.top, math.floor(point[0]) - area.left
    if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]:
        mask[row, column] = True
    return mask


def hull(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The corners of the convex hull, in the order of growing angle (Andrew 1979)."""
    ordered = np.unique(points, axis=0).tolist()

    def chain(points: list[list[float]]) -> list[list[float]]:
        kept: list[list[float]] = []
        for x, y in points:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2:]
                if (bx - ax) * (y - ay) > (by - ay) * (x - ax):
                    break
                kept.pop()
            kept.append([x, y])
        return kept

    return np.array(chain(ordered)[:-1] + chain(ordered[::-1])[:-1]).reshape(-1, 2)
