"""Polygons, cast shadows and boulders."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_easel import ROCK, Easel, Window
from engines.worlds.vista_matter import ROCK as ROCK_PIGMENTS
from engines.worlds.vista_matter import coat
from engines.worlds.vista_noise import (
    Array,
    dabs,
    generator,
    lerp,
    look,
    smooth,
)

Point = tuple[float, float]


def polygon(easel: Easel, window: Window, points: Sequence[Point], origin: Point) -> Array:
    """Coverage of a convex polygon; its points are offsets from `origin` (u, v), y downward."""
    x = window.u - np.float32(origin[0])
    y = (window.v - np.float32(origin[1])) * np.float32(easel.tall / easel.scale)
    turn = 0.0
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        turn += ax * by - bx * ay
    sign = 1.0 if turn > 0 else -1.0
    inside = np.full((window.v.size, window.u.size), 9, np.float32)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        length = max(1e-6, float(np.hypot(bx - ax, by - ay)))
        inside = np.minimum(
            inside, ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) * np.float32(sign / length)
        )
    return easel.inside(inside)


def around(easel: Easel, points: Sequence[Point], origin: Point) -> Window | None:
    """The window around these points."""
    xs, ys = [p[0] for p in points], [p[1] * easel.scale / easel.tall for p in points]
    return easel.window(
        origin[0] + min(xs), origin[0] + max(xs), origin[1] + min(ys), origin[1] + max(ys)
    )


def cast(easel: Easel, u: float, v: float, wide: float, strength: float = 0.45) -> None:
    """A soft cast shadow beside something that stands at (u, v), away from the light."""
    mood = easel.mood
    long = wide * 1.6
    centre = u - mood.side * long * 0.55
    window = easel.window(centre - long, centre + long, v - wide * 0.25, v + wide * 0.25)
    if window is None:
        return
    ratio = np.float32(easel.tall / easel.scale)
    far = np.hypot((window.u - centre) / long, (window.v - v) * ratio / (wide * 0.2))
    depth = strength * (1 - 0.75 * mood.gloom) * (1 - 0.6 * mood.fog)
    easel.stain(
        window,
        smooth(0.0, 0.35, 1 - far) * np.float32(depth),
        lerp(mood.ambient, mood.zenith, 0.4) * 0.45,
    )


@dataclass(frozen=True)
class Boulder:
    """A faceted rock at (u, v), `size` high."""

    u: float
    v: float
    size: float
    depth: float
    seed: int
    pigment: int

    def draw(self, easel: Easel) -> None:
        rng = generator(self.seed, 13)
        s, at = self.size, (self.u, self.v)
        count = 7
        angles = np.linspace(np.pi, 2 * np.pi, count)
        radii = s * rng.uniform(0.8, 1.1, count)
        rim = [
            (float(np.cos(a) * r * 1.3), float(np.sin(a) * r * 0.8))
            for a, r in zip(angles, radii, strict=True)
        ]
        rim[0], rim[-1] = (rim[0][0], 0.06 * s), (rim[-1][0], 0.06 * s)
        heart = (float(rng.normal(0, 0.15)) * s, -0.38 * s)
        cast(easel, self.u, self.v, s * 1.1)
        for i in range(count - 1):
            middle = (rim[i][0] + rim[i + 1][0]) / 2
            high = -(rim[i][1] + rim[i + 1][1]) / 2 / s
            tone = (
                0.4
                + 0.22 * np.sign(middle) * easel.mood.side * min(1, abs(middle) / s)
                + 0.3 * high
            )
            self._facet(easel, [rim[i], rim[i + 1], heart], at, float(tone), high)
        self._facet(easel, [rim[0], heart, rim[-1]], at, 0.3, 0.0)

    def _facet(
        self, easel: Easel, points: Sequence[Point], at: Point, tone: float, top: float
    ) -> None:
        grown = [(x * 1.02, y * 1.02) for x, y in points]
        window = around(easel, grown, at)
        if window is None:
            return

        def paint() -> Array:
            brush = look(dabs(), window.u * 1.3, window.v * 1.7)
            value = np.clip(tone + 0.16 * brush, 0, 1)
            return coat(
                easel.mood,
                ROCK_PIGMENTS[self.pigment],
                value,
                self.depth,
                settle=top * 1.6 - 0.7 + 0.4 * brush,
                wet=0.8,
            )

        easel.lay(ROCK, window, polygon(easel, window, grown, at), paint)
