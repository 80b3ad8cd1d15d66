"""Brushes: round and square ones that are swept, textured ones that are stamped; all hard-edged."""

import math
from collections.abc import Iterator
from enum import Enum
from functools import cache

import numpy as np
import numpy.typing as npt

from studio.document.raster import Area, Bools, Point, Room, Shape, convex, segment

GRID = 128  # pixels a side of a stamp's texture
GOLDEN = math.pi * (3 - math.sqrt(5))  # turns that never repeat
SMALLEST_STAMP = 1.5  # below this radius nothing is left of a texture

CHALK = 1.7  # how fast it thins towards its edge
Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]


class Tip(Enum):
    """The shape of a brush."""

    ROUND = "round"
    SQUARE = "square"
    CHALK = "chalk"
    BRISTLES = "bristles"
    SPRAY = "spray"
    LEAVES = "leaves"


SPACING = {Tip.CHALK: 0.3, Tip.BRISTLES: 0.25, Tip.SPRAY: 0.7, Tip.LEAVES: 0.8}  # of the radius
STAMPED = tuple(SPACING)
TURNING = (Tip.SPRAY, Tip.LEAVES)  # Each stamp is turned further, unless it follows the stroke.


class Way:
    """The way of a brush over the layout: each stretch of it as shapes.

    `angle`: of the tip, in degrees, clockwise on the screen; with `follow` relative to the
    direction that the brush moves in. Shapes are cut to `room`.
    """

    def __init__(
        self, tip: Tip, start: Point, radius: float, room: Room, angle: float, follow: bool
    ) -> None:
        self.tip, self.room, self.follow = tip, room, follow and tip is not Tip.ROUND
        self._turn = math.radians(angle)
        self._last, self._radius = start, radius
        self._course: Point | None = None  # a unit vector, once it is known
        self._left = 0.0  # to go before the next stamp
        self._begun = False
        self._stamp = 0

    @property
    def angle(self) -> float:
        """How the tip is turned now, in radians."""
        if not self.follow or self._course is None:
            return self._turn
        return self._turn + math.atan2(self._course[1], self._course[0])

    def begin(self) -> Iterator[Shape]:
        """Where the brush is put down; nothing yet where it must first know its direction."""
        if not self.follow:
            yield from self._first()

    def end(self) -> Iterator[Shape]:
        """Where it is lifted: a brush that never moved leaves its mark."""
        if not self._begun:
            yield from self._first()

    def to(self, point: Point, radius: float) -> Iterator[Shape]:
        """The stretch to another point."""
        if self.follow:
            before = self.angle
            if not self._steer(point, radius):
                return
            if not self._begun:
                yield from self._first()
                before = self.angle
        else:
            before = self._turn
        if self.tip is Tip.ROUND:
            yield segment(self._last, point, self._radius, radius, self.room)
        elif self.tip is Tip.SQUARE:
            corners = [
                _square(self._last, self._radius, before),
                _square(point, radius, self.angle),
            ]
            yield convex(np.concatenate(corners), point, self.room)
        else:
            yield from self._stamps(point, radius)
        self._last, self._radius = point, radius

    def _first(self) -> Iterator[Shape]:
        self._begun = True
        yield self._mark(self._last, self._radius)
        self._left = self._apart(self._radius)

    def _stamps(self, point: Point, radius: float) -> Iterator[Shape]:
        (x0, y0), (x1, y1) = self._last, point
        far = math.hypot(x1 - x0, y1 - y0)
        at = self._left
        while at <= far:
            share = at / far if far else 1.0
            here = self._radius + share * (radius - self._radius)
            spot = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            yield self._mark(spot, here)
            at += self._apart(here)
        self._left = at - far

    def _mark(self, point: Point, radius: float) -> Shape:
        angle = self.angle
        if self.tip in TURNING and not self.follow:
            angle += self._stamp * GOLDEN
        self._stamp += 1
        return mark(self.tip, point, radius, angle, self.room)

    def _apart(self, radius: float) -> float:
        """The way between two stamps."""
        return max(radius * SPACING.get(self.tip, 1.0), 1.0)

    def _steer(self, point: Point, radius: float) -> bool:
        """Turn towards a point, the more the farther it is; whether the direction is known."""
        dx, dy = point[0] - self._last[0], point[1] - self._last[1]
        far = math.hypot(dx, dy)
        if self._course is None:
            if far < 1:
                return False
            self._course = (dx / far, dy / far)
            return True
        keep = math.exp(-far / max(radius / 2, 2.0))
        x, y = self._course[0] * keep, self._course[1] * keep
        if far:
            x, y = x + (1 - keep) * dx / far, y + (1 - keep) * dy / far
        length = math.hypot(x, y)
        if length > 1e-6:
            self._course = (x / length, y / length)
        return True


def mark(tip: Tip, point: Point, radius: float, angle: float, room: Room) -> Shape:
    """The mark of a brush at one point; `angle` in radians."""
    if tip is Tip.ROUND or (tip in STAMPED and radius < SMALLEST_STAMP):
        return segment(point, point, radius, radius, room)
    if tip is Tip.SQUARE:
        return convex(_square(point, radius, angle), point, room)
    reach = radius * math.sqrt(2)  # to the corners of the texture
    area = Area(
        math.floor(point[1] - reach),
        math.floor(point[0] - reach),
        math.floor(point[1] + reach) + 1,
        math.floor(point[0] + reach) + 1,
    ).within(room)
    if area.empty:
        return Shape(area)
    scale = np.float32(1 / radius)
    x = (
        np.arange(area.left, area.right, dtype=np.float32)[None] + np.float32(0.5 - point[0])
    ) * scale
    y = (
        np.arange(area.top, area.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - point[1])
    ) * scale
    if tip is Tip.CHALK:
        return Shape(area, _grain(area) > CHALK * (x * x + y * y) - CHALK / 2)
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    half = np.float32(GRID / 2)
    column = ((x * cos + y * sin) * half + (half + 1)).astype(np.int16)
    row = ((y * cos - x * sin) * half + (half + 1)).astype(np.int16)
    np.clip(column, 0, GRID + 1, out=column)
    np.clip(row, 0, GRID + 1, out=row)
    return Shape(area, texture(tip)[row, column])


def _grain(area: Area) -> Floats32:
    """The paper's grain, which stays where it is however often chalk goes over it."""
    rows = np.arange(area.top, area.bottom) % GRID
    columns = np.arange(area.left, area.right) % GRID
    return paper()[np.ix_(rows, columns)]


def outline(tip: Tip, radius: float, angle: float) -> list[Point] | None:
    """The corners of a tip around (0, 0), turned by `angle` degrees; None where it is a circle."""
    if tip is not Tip.SQUARE:
        return None
    return [(x, y) for x, y in _square((0.0, 0.0), radius, math.radians(angle)).tolist()]


@cache
def paper() -> Floats32:
    """Grain that repeats without a seam: (GRID, GRID), about 0, standard deviation 1/2."""
    rng = np.random.Generator(np.random.PCG64([GRID, 4]))
    return (0.75 * _noise(rng, 3) + 0.45 * _noise(rng, 9)).astype(np.float32)


@cache
def texture(tip: Tip) -> Bools:
    """A stamp as bool (GRID + 2, GRID + 2) with an empty rim, always the same."""
    rng = np.random.Generator(np.random.PCG64([STAMPED.index(tip), 4]))
    y, x = (np.mgrid[:GRID, :GRID] + 0.5) / GRID * 2 - 1
    inner = {
        Tip.BRISTLES: _bristles,
        Tip.SPRAY: _spray,
        Tip.LEAVES: _leaves,
    }[tip](x, y, rng)
    made = np.pad(np.asarray(inner, np.bool_), 1)
    made.setflags(write=False)
    return made


def _bristles(x: Floats, y: Floats, rng: np.random.Generator) -> Bools:
    """Hairs beside each other, along the x axis."""
    hairs = np.repeat(rng.random(GRID // 4) > 0.35, 4)[:, None]
    ends = np.repeat(rng.uniform(0.15, 0.4, GRID // 4), 4)[:, None]
    return np.asarray(hairs & (np.abs(x) < ends) & (np.abs(y) < 0.97))


def _spray(x: Floats, y: Floats, rng: np.random.Generator) -> Bools:
    """Dots, thicker in the middle."""
    found = np.zeros(x.shape, np.bool_)
    for far, angle, radius in zip(
        rng.beta(1.4, 1.6, 90),
        rng.uniform(0, 2 * np.pi, 90),
        rng.uniform(0.02, 0.05, 90),
        strict=True,
    ):
        far *= 0.94
        found |= (x - far * np.cos(angle)) ** 2 + (y - far * np.sin(angle)) ** 2 < radius**2
    return found


def _leaves(x: Floats, y: Floats, rng: np.random.Generator) -> Bools:
    """Pointed leaves every way."""
    found = np.zeros(x.shape, np.bool_)
    for far, angle, turn in zip(
        rng.uniform(0.05, 0.72, 16),
        rng.uniform(0, 2 * np.pi, 16),
        rng.uniform(0, 2 * np.pi, 16),
        strict=True,
    ):
        dx, dy = x - far * np.cos(angle), y - far * np.sin(angle)
        along, beside = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        found |= (np.abs(along) < 0.26) & (np.abs(beside) < 0.1 * (1 - (along / 0.26) ** 2))
    return found


def _noise(rng: np.random.Generator, grain: int) -> Floats:
    """Smooth noise about 0, some `grain` pixels wide, its standard deviation 1/2."""
    rough = rng.standard_normal((GRID, GRID))
    for axis in (0, 1):
        rough = sum((np.roll(rough, shift, axis) for shift in range(grain)), np.zeros((GRID, GRID)))
    return np.asarray(rough / rough.std() / 2)


def _square(point: Point, radius: float, angle: float) -> Floats:
    cos, sin = math.cos(angle) * radius, math.sin(angle) * radius
    x, y = point
    return np.array(
        [
            (x + cos - sin, y + sin + cos),
            (x - cos - sin, y - sin + cos),
            (x - cos + sin, y - sin - cos),
            (x + cos + sin, y + sin - cos),
        ]
    )
