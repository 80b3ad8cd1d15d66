"""Houses and lighthouses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_easel import HOUSE, Easel
from engines.worlds.vista_light import ramp
from engines.worlds.vista_matter import coat
from engines.worlds.vista_noise import Array, f32, lerp, look, smooth, strokes
from engines.worlds.vista_things import Point, around, cast, polygon

WALLS = (
    ramp("#8f8672", "#ded2b6", "#fff6de"),
    ramp("#6d2320", "#b53f32", "#dc6d52"),
    ramp("#7a5424", "#cf9a48", "#f0c878"),
    ramp("#40566a", "#7d9ab0", "#b9cfd8"),
    ramp("#4a3426", "#83603f", "#b28c60"),
)
ROOFS = (
    ramp("#5e241c", "#a8462f", "#d67850"),
    ramp("#2c333f", "#4f5a68", "#8490a0"),
    ramp("#23382f", "#3f5f4c", "#73937a"),
    ramp("#4a3a22", "#7f6538", "#b59658"),
)
_PANE = ramp("#1c2530", "#33475a", "#7fa0b4")


@dataclass(frozen=True)
class House:
    """A gabled house at (u, v) on the ground, `size` = height of its walls; `style` picks colours and shape."""

    u: float
    v: float
    size: float
    depth: float
    style: int
    turn: float

    def draw(self, easel: Easel) -> None:
        s, at = self.size, (self.u, self.v)
        side = -1.0 if self.turn < 0 else 1.0
        front, long = s * (0.75 + 0.25 * abs(self.turn)), s * (1.9 - 0.7 * abs(self.turn))
        wall, roof = WALLS[self.style % 5], ROOFS[(self.style // 5) % 4]
        peak = s * 1.75
        cast(easel, self.u, self.v, s * 1.6)
        lit = 0.62 + 0.2 * side * easel.mood.side
        a, b, c = -side * front, side * 0.0, side * long
        self._part(easel, [(b, 0.03 * s), (c, 0), (c, -s), (b, -s)], at, wall, lit, 0.0)
        self._part(
            easel,
            [(a, 0.03 * s), (b, 0.03 * s), (b, -s), ((a + b) / 2, -peak), (a, -s)],
            at,
            wall,
            1.24 - lit,
            0.0,
        )
        eave = 0.13 * s
        ridge = (a + b) / 2
        self._part(
            easel,
            [(b + side * eave * 0.2, -s + eave), (c + side * eave, -s + eave), (c + ridge - b + side * eave, -peak), (ridge, -peak - 0.02 * s)],
            at, roof, lit, 1.0,
        )  # fmt: skip
        self._part(
            easel,
            [
                (ridge, -peak - 0.1 * s),
                (ridge, -peak + 0.05 * s),
                (a - side * eave, -s + eave),
                (a - side * eave * 1.3, -s),
            ],
            at,
            roof,
            0.35,
            0.9,
        )
        chimney = ridge + side * long * 0.55
        self._part(
            easel,
            [
                (chimney - 0.1 * s, -peak * 0.94),
                (chimney + 0.1 * s, -peak * 0.94),
                (chimney + 0.1 * s, -peak - 0.28 * s),
                (chimney - 0.1 * s, -peak - 0.28 * s),
            ],
            at,
            ROOFS[0],
            0.45,
            0.4,
        )
        if s * easel.scale > 7:
            middle = (a + b) / 2
            self._pane(
                easel,
                [
                    (middle - 0.13 * s, 0.02 * s),
                    (middle + 0.13 * s, 0.02 * s),
                    (middle + 0.13 * s, -0.52 * s),
                    (middle - 0.13 * s, -0.52 * s),
                ],
                at,
                False,
            )
            self._pane(
                easel,
                [
                    (middle - 0.1 * s, -0.85 * s),
                    (middle + 0.1 * s, -0.85 * s),
                    (middle + 0.1 * s, -1.12 * s),
                    (middle - 0.1 * s, -1.12 * s),
                ],
                at,
                True,
            )
            for t in (0.3, 0.68):
                x = b + (c - b) * t
                w = abs(c - b) * 0.09
                self._pane(
                    easel,
                    [
                        (x - w, -0.35 * s),
                        (x + w, -0.35 * s),
                        (x + w, -0.72 * s),
                        (x - w, -0.72 * s),
                    ],
                    at,
                    True,
                )

    def _part(
        self,
        easel: Easel,
        points: Sequence[Point],
        at: Point,
        pigment: Array,
        tone: float,
        top: float,
    ) -> None:
        window = around(easel, points, at)
        if window is None:
            return
        cover = polygon(easel, window, points, at)

        def paint() -> Array:
            brush = look(strokes(), window.u * 2.2, window.v * 3.1)
            value = np.clip(tone + 0.13 * brush, 0, 1)
            return coat(
                easel.mood,
                pigment,
                value,
                self.depth,
                settle=top * 1.3 - 0.95 + 0.35 * brush,
                wet=0.5 * top,
            )

        easel.lay(HOUSE, window, cover, paint)

    def _pane(self, easel: Easel, points: Sequence[Point], at: Point, window_pane: bool) -> None:
        window = around(easel, points, at)
        if window is None:
            return
        mood = easel.mood

        def paint() -> Array:
            tone = np.full((window.v.size, window.u.size), 0.45 if window_pane else 0.2, np.float32)
            dark = coat(mood, _PANE, tone, self.depth)
            lamp = f32([1.0, 0.78, 0.38]) * np.float32(window_pane)
            lit = float(smooth(0.62, 0.85, mood.time)) + 0.35 * mood.gloom * (1 - mood.night)
            return lerp(dark, lamp, min(1.0, lit) * float(window_pane) * (1 - 0.35 * mood.fog))

        easel.lay(HOUSE, window, polygon(easel, window, points, at), paint)


@dataclass(frozen=True)
class Lighthouse:
    """A tapering banded tower of height `size` that stands at (u, v)."""

    u: float
    v: float
    size: float
    depth: float
    style: int

    def draw(self, easel: Easel) -> None:
        s, at = self.size, (self.u, self.v)
        bands = [WALLS[0], WALLS[1]] if self.style % 2 else [WALLS[0], WALLS[0]]
        cast(easel, self.u, self.v, s * 0.25)
        for i in range(5):
            low, high = i / 5 * 0.78, (i + 1) / 5 * 0.78
            w0, w1 = 0.13 - 0.06 * low, 0.13 - 0.06 * high
            self._part(
                easel,
                [
                    (-w0 * s, -low * s),
                    (w0 * s, -low * s),
                    (w1 * s, -high * s),
                    (-w1 * s, -high * s),
                ],
                at,
                bands[i % 2],
                0,
            )
        self._part(
            easel,
            [
                (-0.115 * s, -0.78 * s),
                (0.115 * s, -0.78 * s),
                (0.115 * s, -0.81 * s),
                (-0.115 * s, -0.81 * s),
            ],
            at,
            ROOFS[1],
            0,
        )
        self._part(
            easel,
            [
                (-0.06 * s, -0.81 * s),
                (0.06 * s, -0.81 * s),
                (0.06 * s, -0.92 * s),
                (-0.06 * s, -0.92 * s),
            ],
            at,
            WALLS[2],
            1,
        )
        self._part(
            easel,
            [(-0.085 * s, -0.92 * s), (0.085 * s, -0.92 * s), (0.0, -1.03 * s)],
            at,
            ROOFS[0],
            0,
        )
        shine = float(smooth(0.6, 0.85, easel.mood.time)) * (1 - 0.3 * easel.mood.fog)
        window = easel.window(
            self.u - s * 0.5, self.u + s * 0.5, self.v - s * 1.4, self.v - s * 0.35
        )
        if window is not None and shine > 0:
            ratio = np.float32(easel.tall / easel.scale)
            far = np.hypot(window.u - self.u, (window.v - self.v) * ratio + 0.865 * s) / s
            easel.stain(
                window,
                np.clip(np.exp(-far * 9) - 0.02, 0, 1) * np.float32(shine * 0.9),
                f32([1.0, 0.88, 0.55]),
            )

    def _part(
        self, easel: Easel, points: Sequence[Point], at: Point, pigment: Array, lamp: int
    ) -> None:
        window = around(easel, points, at)
        if window is None:
            return
        mood = easel.mood

        def paint() -> Array:
            round_ = np.clip((window.u - self.u) / (0.13 * self.size), -1, 1) * np.float32(
                mood.side
            )
            brush = look(strokes(), window.v * 2, window.u * 3)
            tone = np.clip(0.58 + 0.3 * round_ + 0.1 * brush, 0, 1) + 0 * window.v
            colour = coat(mood, pigment, tone, self.depth, settle=-0.75 + 0.4 * brush)
            return lerp(colour, f32([1.0, 0.9, 0.6]), lamp * float(smooth(0.6, 0.8, mood.time)))

        easel.lay(HOUSE, window, polygon(easel, window, points, at), paint)
