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


def _box(left: float, right: float, low: float, high: float) -> list[Point]:
    return [(left, low), (right, low), (right, high), (left, high)]


def _taper(wide: float, narrow: float, low: float, high: float) -> list[Point]:
    return [(-wide, -low), (wide, -low), (narrow, -high), (-narrow, -high)]


@dataclass(frozen=True)
class House:
    """A gabled house at (u, v); `size` is the height of its walls, `style` picks its colours."""

    u: float
    v: float
    size: float
    depth: float
    style: int
    turn: float

    def draw(self, easel: Easel) -> None:
        s = self.size
        side = -1.0 if self.turn < 0 else 1.0
        front, long = s * (0.75 + 0.25 * abs(self.turn)), s * (1.9 - 0.7 * abs(self.turn))
        wall, roof = WALLS[self.style % 5], ROOFS[(self.style // 5) % 4]
        peak, eave, lit = 1.75 * s, 0.13 * s, 0.62 + 0.2 * side * easel.mood.side
        near, far = -side * front, side * long  # the corner of gable and long side is at 0
        ridge, flue = near / 2, near / 2 + side * long * 0.55
        gable = [(near, 0.03 * s), (0.0, 0.03 * s), (0.0, -s), (ridge, -peak), (near, -s)]
        slope = [(side * eave * 0.2, eave - s), (far + side * eave, eave - s)]
        slope += [(far + ridge + side * eave, -peak), (ridge, -peak - 0.02 * s)]
        verge = [(ridge, -peak - 0.1 * s), (ridge, -peak + 0.05 * s)]
        verge += [(near - side * eave, eave - s), (near - side * eave * 1.3, -s)]
        cast(easel, self.u, self.v, s * 1.6)
        self._part(easel, _box(0, far, 0.03 * s, -s), wall, lit, 0.0)
        self._part(easel, gable, wall, 1.24 - lit, 0.0)
        self._part(easel, slope, roof, lit, 1.0)
        self._part(easel, verge, roof, 0.35, 0.9)
        chimney = _box(flue - 0.1 * s, flue + 0.1 * s, -peak * 0.94, -peak - 0.28 * s)
        self._part(easel, chimney, ROOFS[0], 0.45, 0.4)
        if s * easel.scale > 7:  # smaller ones have no room for windows
            door = _box(ridge - 0.13 * s, ridge + 0.13 * s, 0.02 * s, -0.52 * s)
            self._pane(easel, door, 0.0)
            self._pane(easel, _box(ridge - 0.1 * s, ridge + 0.1 * s, -0.85 * s, -1.12 * s), 1.0)
            for t in (0.3, 0.68):
                x, w = far * t, abs(far) * 0.09
                self._pane(easel, _box(x - w, x + w, -0.35 * s, -0.72 * s), 1.0)

    def _part(
        self, easel: Easel, points: Sequence[Point], pigment: Array, tone: float, top: float
    ) -> None:
        at = (self.u, self.v)
        window = around(easel, points, at)
        if window is None:
            return

        def paint() -> Array:
            brush = look(strokes(), window.u * 2.2, window.v * 3.1)
            value, settle = np.clip(tone + 0.13 * brush, 0, 1), top * 1.3 - 0.95 + 0.35 * brush
            return coat(easel.mood, pigment, value, self.depth, settle=settle, wet=0.5 * top)

        easel.lay(HOUSE, window, polygon(easel, window, points, at), paint)

    def _pane(self, easel: Easel, points: Sequence[Point], lamp: float) -> None:
        """A window (lamp 1), lit in the dark and in gloom, or a door (lamp 0)."""
        at = (self.u, self.v)
        window = around(easel, points, at)
        if window is None:
            return
        mood = easel.mood

        def paint() -> Array:
            tone = np.full((window.v.size, window.u.size), 0.2 + 0.25 * lamp, np.float32)
            lit = float(smooth(0.62, 0.85, mood.time)) + 0.35 * mood.gloom * (1 - mood.night)
            share = min(1.0, lit) * lamp * (1 - 0.35 * mood.fog)
            return lerp(coat(mood, _PANE, tone, self.depth), f32([1.0, 0.78, 0.38]), share)

        easel.lay(HOUSE, window, polygon(easel, window, points, at), paint)


@dataclass(frozen=True)
class Lighthouse:
    """A tapering tower, banded or white, of height `size` that stands at (u, v)."""

    u: float
    v: float
    size: float
    depth: float
    style: int

    def draw(self, easel: Easel) -> None:
        bands = (WALLS[0], WALLS[self.style % 2])
        cast(easel, self.u, self.v, self.size * 0.25)
        for i in range(5):
            low, high = i / 5 * 0.78, (i + 1) / 5 * 0.78
            tower = _taper(0.13 - 0.06 * low, 0.13 - 0.06 * high, low, high)
            self._part(easel, tower, bands[i % 2], 0)
        self._part(easel, _taper(0.115, 0.115, 0.78, 0.81), ROOFS[1], 0)
        self._part(easel, _taper(0.06, 0.06, 0.81, 0.92), WALLS[2], 1)
        self._part(easel, [(-0.085, -0.92), (0.085, -0.92), (0.0, -1.03)], ROOFS[0], 0)
        self._shine(easel)

    def _shine(self, easel: Easel) -> None:
        """The light of the lamp in the air around it."""
        s, shine = self.size, float(smooth(0.6, 0.85, easel.mood.time)) * 0.9
        shine = shine * (1 - 0.3 * easel.mood.fog)
        window = easel.window(self.u - s / 2, self.u + s / 2, self.v - s * 1.4, self.v - s * 0.35)
        if window is None or shine <= 0:
            return
        rise = (window.v - self.v) * np.float32(easel.tall / easel.scale) + 0.865 * s
        glow = np.clip(np.exp(np.hypot(window.u - self.u, rise) * (-9 / s)) - 0.02, 0, 1)
        easel.stain(window, glow * np.float32(shine), f32([1.0, 0.88, 0.55]))

    def _part(self, easel: Easel, shape: Sequence[Point], pigment: Array, lamp: float) -> None:
        at = (self.u, self.v)
        points = [(x * self.size, y * self.size) for x, y in shape]
        window = around(easel, points, at)
        if window is None:
            return
        mood = easel.mood

        def paint() -> Array:
            facing = np.clip((window.u - self.u) / (0.13 * self.size), -1, 1) * mood.side
            brush = look(strokes(), window.v * 2, window.u * 3)
            tone = np.clip(0.58 + 0.3 * facing + 0.1 * brush, 0, 1)
            colour = coat(mood, pigment, f32(tone), self.depth, settle=-0.75 + 0.4 * brush)
            return lerp(colour, f32([1.0, 0.9, 0.6]), lamp * float(smooth(0.6, 0.8, mood.time)))

        easel.lay(HOUSE, window, polygon(easel, window, points, at), paint)
