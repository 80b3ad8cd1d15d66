"""A picture before it is painted: a colour, a tone, a thing's number and a direction per pixel.

Things are drawn once, back to front; the manners paint from the arrays.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engines.worlds.painterly_theme import Theme
from engines.worlds.painterly_tools import Rng, blur, grid, noise, sample
from engines.worlds.vista_noise import Array, Numbers, f32, wave


@dataclass(eq=False)
class Subject:
    """`colour` (H, W, 3) and `tone` (H, W) in [0, 1], `region` (H, W) a number per thing, `angle`
    (H, W) the way strokes lie, in radians. `unit` is 1 at 256 pixels a side.
    """

    theme: Theme
    rng: Rng
    colour: Array
    tone: Array
    region: NDArray[np.int64]
    angle: Array
    unit: float
    shape: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.shape = self.tone.shape[0], self.tone.shape[1]

    def at(self, y: Array, x: Array, softness: float = 0.0) -> Array:
        """Colours (N, 3) at places (N,)."""
        source = blur(self.colour, softness) if softness > 0 else self.colour
        return sample(source, y, x)

    def outline(self, width: float) -> Array:
        """1 on the borders between things, so many pixels wide, soft at its edges."""
        edge = np.zeros(self.shape, np.float32)
        down, across = np.diff(self.region, axis=0) != 0, np.diff(self.region, axis=1) != 0
        edge[1:] += down
        edge[:, 1:] += across
        near = blur(f32(edge > 0), max(width / 2, 0.6))
        return f32(np.clip(near / (0.40 / max(width / 2, 0.6)) * 1.6 - 0.25, 0, 1))

    def flow(self, period: float, bulge: float = 0.0) -> Array:
        """The phase of lines, `period` pixels apart, that lie along each thing; with `bulge` they
        bend around its light.
        """
        flat = self.region.ravel()
        twice = f32(2 * self.angle.ravel())
        along = 0.5 * np.arctan2(
            np.bincount(flat, np.sin(twice)), np.bincount(flat, np.cos(twice)) + 1e-6
        )
        y, x = grid(self.shape)
        turn = along[self.region]
        phase = (y * np.cos(turn) - x * np.sin(turn)) / period + 0.37 * self.region
        bent = 0.5 * noise(self.rng, self.shape, 40 * self.unit, 2)
        return f32(phase + bent + bulge * blur(self.tone, 3 * self.unit))

    def detail(self, softness: float) -> Array:
        """How much happens at a place, 0 to about 1."""
        down, across = np.gradient(blur(self.tone, softness))
        return f32(np.clip(np.hypot(down, across) * 14 + self.outline(4 * self.unit) * 0.5, 0, 1))


class Easel:
    """Coordinates and the arrays that things are drawn into. x and y are -1 to 1 over the
    shorter side, y downwards.
    """

    def __init__(self, theme: Theme, rng: Rng, height: int, width: int):
        self.theme, self.rng, self.shape = theme, rng, (height, width)
        self.least = min(height, width)
        y, x = grid(self.shape)
        self.y = f32((y - height / 2 + 0.5) * 2 / self.least)
        self.x = f32((x - width / 2 + 0.5) * 2 / self.least)
        self.wide = width / self.least
        self.high = height / self.least
        self.colour = np.zeros((*self.shape, 3), np.float32)
        self.tone = np.zeros(self.shape, np.float32)
        self.region = np.zeros(self.shape, np.int64)
        self.angle = np.zeros(self.shape, np.float32)
        self.count = 0

    def lay(
        self,
        inside: Array,
        hue: int | Array,
        tone: Array | Numbers | float,
        angle: Array | Numbers | float,
    ) -> None:
        """Draw a thing where `inside` (in units, positive inside) is; `hue` of the theme."""
        cover = np.clip(inside * self.least / 2 + 0.5, 0, 1)
        rows, columns = np.flatnonzero(cover.any(1)), np.flatnonzero(cover.any(0))
        if not rows.size:
            return
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        cover = cover[window]
        code = self.theme.hues[hue % 5] if isinstance(hue, int) else hue
        tones = np.broadcast_to(f32(np.clip(tone, 0, 1)), self.shape)[window]
        self.colour[window] += (self.theme.shade(code, tones) - self.colour[window]) * cover[
            ..., None
        ]
        self.tone[window] += (tones - self.tone[window]) * cover
        self.count += 1
        here = cover > 0.5
        self.region[window][here] = self.count
        self.angle[window][here] = np.broadcast_to(f32(angle), self.shape)[window][here]

    def ball(
        self, x: float, y: float, wide: float, high: float, hue: int | Array, turn: float = 0.0
    ) -> None:
        """A round thing, lit from the upper left."""
        u, v = self.turned(x, y, turn)
        u, v = u / wide, v / high
        far = np.hypot(u, v)
        body = np.sqrt(np.clip(1 - far**2, 0, 1))
        light = 0.62 * body - 0.5 * u * np.cos(turn) - 0.55 * v
        self.lay(f32((1 - far) * min(wide, high)), hue, 0.22 + 0.5 * light, f32(np.arctan2(u, -v)))

    def block(
        self, x: float, y: float, wide: float, high: float, hue: int | Array,
        tone: Array | Numbers | float, turn: float = 0.0,
    ) -> None:  # fmt: skip
        """A rectangle around (x, y), of these half sides."""
        u, v = self.turned(x, y, turn)
        self.lay(f32(np.minimum(wide - np.abs(u), high - np.abs(v))), hue, tone, turn + np.pi / 2)

    def turned(self, x: float, y: float, turn: float) -> tuple[Array, Array]:
        c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        dx, dy = self.x - np.float32(x), self.y - np.float32(y)
        return f32(dx * c + dy * s), f32(dy * c - dx * s)

    def ground(self, hue: int, low: float, high: float, angle: Array | float = 0.0) -> None:
        """Fill everything, from tone `low` above to `high` below, with soft spots."""
        spots = 0.09 * noise(self.rng, self.shape, self.least / 3, 3)
        share = (self.y / self.high + 1) / 2
        self.lay(np.ones(self.shape, np.float32), hue, low + (high - low) * share + spots, angle)

    def whirl(self, strength: float = 1.0) -> Array:
        """A direction that turns slowly over the picture."""
        return f32(strength * 2.4 * noise(self.rng, self.shape, self.least / 2.2, 2))

    def edge(self, level: float, rise: float, length: float, octaves: int = 3) -> Array:
        """A wavy line across the picture: its y at every x."""
        key = int(self.rng.integers(1 << 20))
        return f32(level - rise * wave(self.x * 2 / length + 40, key, octaves))

    def subject(self) -> Subject:
        """What has been drawn."""
        unit = float(np.sqrt(self.shape[0] * self.shape[1])) / 256
        colour = f32(np.clip(self.colour, 0, 1))
        return Subject(self.theme, self.rng, colour, self.tone, self.region, self.angle, unit)
