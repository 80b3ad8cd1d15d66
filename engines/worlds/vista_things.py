"""Single things: houses, lighthouses, trees and boulders."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_easel import FOREST, HOUSE, ROCK, Easel, Window
from engines.worlds.vista_light import ramp
from engines.worlds.vista_matter import CONIFER, LEAFY, TURNED, coat
from engines.worlds.vista_matter import ROCK as ROCK_PIGMENTS
from engines.worlds.vista_noise import (
    Array,
    dabs,
    f32,
    generator,
    lerp,
    look,
    smooth,
    soft,
    strokes,
)

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
_BARK = ramp("#2a1c18", "#503828", "#86684c")
_PANE = ramp("#1c2530", "#33475a", "#7fa0b4")

Point = tuple[float, float]


def polygon(easel: Easel, window: Window, points: Sequence[Point], origin: Point) -> Array:
    """Coverage of a convex polygon; points are offsets from `origin` (u, v) in units of the height, y downward."""
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


def _around(easel: Easel, points: Sequence[Point], origin: Point) -> Window | None:
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
        window = _around(easel, points, at)
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
        window = _around(easel, points, at)
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
        window = _around(easel, points, at)
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


@dataclass(frozen=True)
class Tree:
    """One tree that stands at (u, v), `size` high: 'fir', 'round' or 'poplar'."""

    u: float
    v: float
    size: float
    depth: float
    shape: str
    seed: int
    pigment: int

    def draw(self, easel: Easel) -> None:
        s = self.size
        reach = {"fir": 0.32, "round": 0.45, "poplar": 0.2}[self.shape] * s
        high = s * easel.scale / easel.tall
        window = easel.window(self.u - reach, self.u + reach, self.v - high * 1.05, self.v + 0.01)
        cast(easel, self.u, self.v, s * 0.35)
        if window is None:
            return
        ratio = np.float32(easel.tall / easel.scale)
        x, y = (window.u - np.float32(self.u)) / s, (np.float32(self.v) - window.v) * ratio / s
        trunk = np.minimum((0.03 - 0.012 * y) - np.abs(x), np.minimum(y, 0.45 - y)) * s
        easel.lay(FOREST, window, easel.inside(trunk), lambda: self._bark(easel, window))
        inside, tone = (
            self._fir(x, y, easel.mood.side)
            if self.shape == "fir"
            else self._crown(easel, window, x, y)
        )
        easel.lay(
            FOREST, window, easel.inside(inside * s), lambda: self._leaves(easel, window, tone, y)
        )

    def _fir(self, x: Array, y: Array, side: float) -> tuple[Array, Array]:
        tiers = 7 + self.seed % 4
        t = np.clip((1 - y) / 0.92, 0, 1)
        part = t * tiers - np.floor(t * tiers)
        droop = 0.045 * np.sin(x * 60 + self.seed)
        part = np.clip(part + droop, 0, 1)
        half = 0.25 * (t**0.9) * (0.62 + 0.5 * part) + 0.002
        inside = np.minimum((half - np.abs(x)) * 0.8, np.minimum(y - 0.07, 1 - y))
        return inside, 0.42 + 0.55 * (0.5 - part) * 0.8 + 0.5 * np.tanh(
            x / (half + 0.03) * 1.2
        ) * 0.25 * side

    def _crown(self, easel: Easel, window: Window, x: Array, y: Array) -> tuple[Array, Array]:
        rng = generator(self.seed, 9)
        best = np.full((window.v.size, window.u.size), -9, np.float32)
        tone = np.zeros_like(best)
        slim = self.shape == "poplar"
        for _ in range(11):
            a, r = rng.uniform(0, 6.283), rng.uniform(0, 1) ** 0.5
            cx = (0.06 if slim else 0.26) * r * np.cos(a)
            cy = 0.56 + (0.34 if slim else 0.22) * r * np.sin(a)
            radius = rng.uniform(0.07, 0.11) if slim else rng.uniform(0.12, 0.19)
            here = radius - np.hypot(x - cx, (y - cy) * (0.7 if slim else 1.0))
            side = 0.5 + (0.45 * (x - cx) * easel.mood.side + 0.5 * (y - cy)) / radius
            tone = np.where(here > best, side, tone)
            best = np.maximum(best, here)
        leaf = look(dabs(), window.u * 0.9 + self.seed % 5 / 5, window.v * 0.9)
        return best + 0.012 * leaf, 0.25 + 0.4 * tone + 0.25 * (y - 0.5)

    def _bark(self, easel: Easel, window: Window) -> Array:
        brush = look(strokes(), window.v * 1.2, window.u * 2.5)
        tone = np.clip(0.4 + 0.3 * brush, 0, 1)
        return coat(easel.mood, _BARK, tone, self.depth, settle=-0.5 + 0.5 * brush)

    def _leaves(self, easel: Easel, window: Window, tone: Array, y: Array) -> Array:
        shift = self.seed % 23 / 23
        fir = self.shape == "fir"
        scale = np.float32(0.55 + 0.1 / (self.size + 0.05))
        if fir:
            brush = look(
                strokes(),
                window.u * scale + shift,
                window.v * scale * 1.4 + np.abs(window.u - self.u) * 0.5,
            )
        else:
            brush = look(dabs(), window.u * scale * 1.2 + shift, window.v * scale * 1.2)
        value = np.clip(tone + 0.2 * brush, 0, 1)
        settle = 1.5 * (tone - 0.45) + 0.5 * brush
        patch = look(soft(), window.u * 2 + shift, window.v * 2)
        early = np.clip((0.45 if fir else 0.2) + 0.3 * (self.seed % 10) / 10 + 0.25 * patch, 0, 1)
        pigment = CONIFER[self.pigment % 3] if fir else LEAFY[self.pigment % 3]
        turned = TURNED[1] if fir else TURNED[self.seed % 3]
        return coat(
            easel.mood, pigment, value, self.depth, settle=settle, turned=(turned, early), mist=0.0
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
        window = _around(easel, grown, at)
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
