"""The easel: one pass over the shapes makes the picture and layout, or the class colours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.worlds.vista_light import Mood, finish, tint
from engines.worlds.vista_noise import TILE, Array, f32, grain, lerp, look, smooth, soft, strokes

CLASSES: tuple[tuple[str, str], ...] = (
    ("sky", "#8ec7ea"),
    ("cloud", "#f2f2ee"),
    ("sun", "#ffd23f"),
    ("moon", "#d9d4f0"),
    ("mountain", "#7d7f9c"),
    ("snow", "#ffffff"),
    ("forest", "#1f5a3c"),
    ("meadow", "#9fbf4d"),
    ("water", "#2b6fa8"),
    ("sand", "#e9cf92"),
    ("rock", "#8a5a44"),
    ("path", "#c9a06a"),
    ("house", "#c8443a"),
)
(SKY, CLOUD, SUN, MOON, MOUNTAIN, SNOW, FOREST, MEADOW, WATER, SAND, ROCK, PATH, HOUSE) = range(13)

Mode = Literal["paint", "ids", "flat"]


@dataclass(frozen=True)
class Window:
    """A rectangle of the canvas: slices, and its pixels' scene coordinates u (1, w), v (h, 1)."""

    rows: slice
    cols: slice
    u: Array
    v: Array


class Layer(Protocol):
    """A shape that knows its outline and its paint."""

    def draw(self, easel: "Easel") -> None:
        """Lay this shape over what is there."""
        ...


class Easel:
    """A canvas of `width` x `height` pixels; small ones are painted at twice the size and averaged.

    Scene coordinates: v runs from 0 (top) to 1 (bottom); u is 0 in the middle and grows to the
    right, in units of the height for wide pictures (tall ones are squeezed a little to show more).
    """

    def __init__(self, width: int, height: int, mood: Mood, mode: Mode) -> None:
        self.mood, self.mode = mood, mode
        self.times = 2 if width * height <= 512 * 512 else 1
        self.width, self.height = width, height
        wide, high = width * self.times, height * self.times
        self.tall = float(high)  # (super)pixels a unit of v
        self.scale = float(
            high if width >= height else (wide * high) ** 0.5
        )  # (super)pixels a unit of u
        self.u = f32((np.arange(wide) + 0.5 - wide / 2) / self.scale)[None, :]
        self.v = f32((np.arange(high) + 0.5) / self.tall)[:, None]
        self.ids = np.zeros((height, width), np.uint8)
        self.picture = (
            np.zeros((high, wide, 3), np.float32)
            if mode != "ids"
            else np.zeros((0, 0, 3), np.float32)
        )

    def window(self, left: float, right: float, top: float, bottom: float) -> Window | None:
        """The part of the canvas between these coordinates, or None if it is off the canvas."""
        step, wide = self.times, self.width * self.times
        c0 = int(np.floor((max(left, -99.0) * self.scale + wide / 2) / step)) - 1
        c1 = int(np.ceil((min(right, 99.0) * self.scale + wide / 2) / step)) + 1
        r0, r1 = int(np.floor(top * self.height)) - 1, int(np.ceil(bottom * self.height)) + 1
        c0, c1, r0, r1 = max(c0, 0), min(c1, self.width), max(r0, 0), min(r1, self.height)
        if c0 >= c1 or r0 >= r1:
            return None
        rows, cols = slice(r0 * step, r1 * step), slice(c0 * step, c1 * step)
        return Window(rows, cols, self.u[:, cols], self.v[rows])

    def below(self, edge: Array, window: Window) -> Array:
        """Coverage (h, w) of what lies below the outline v = edge(u), edge for all columns (w,)."""
        rise = np.gradient(edge) * self.tall if edge.size > 1 else np.zeros(1, np.float32)
        steep = f32(np.sqrt(1 + np.minimum(np.abs(rise), 6) ** 2))
        return np.clip((window.v - edge[None, :]) * (self.tall / steep)[None, :] + 0.5, 0, 1)

    def inside(self, distance: Array) -> Array:
        """Coverage from a signed distance in units of u (positive inside)."""
        return f32(np.clip(distance * np.float32(self.scale) + 0.5, 0, 1))

    def lay(self, kind: int, window: Window, cover: Array, paint: Callable[[], Array]) -> None:
        """Lay class `kind` with coverage (h, w) in [0, 1]; `paint` gives the colours (h, w, 3).

        A pixel takes the class where at least half of it is covered: the one decision that the
        layout, the picture in class colours and the painting share.
        """
        step = self.times
        if step == 1:
            mine = cover >= 0.5
        else:
            quads = cover[::2, ::2] + cover[1::2, ::2] + cover[::2, 1::2] + cover[1::2, 1::2]
            mine = quads >= 2.0
        rows = slice(window.rows.start // step, window.rows.stop // step)
        cols = slice(window.cols.start // step, window.cols.stop // step)
        self.ids[rows, cols][mine] = kind
        if self.mode == "flat":
            hard = mine.repeat(step, 0).repeat(step, 1)
            self.picture[window.rows, window.cols][hard] = tint(CLASSES[kind][1])
        elif self.mode == "paint":
            part = self.picture[window.rows, window.cols]
            part += (paint() - part) * cover[:, :, None]

    def stain(self, window: Window, strength: Array, colour: Array) -> None:
        """Tint the painting (never the layout) by `strength` (h, w) in [0, 1]."""
        if self.mode == "paint":
            part = self.picture[window.rows, window.cols]
            part += (colour - part) * strength[:, :, None]

    def result(self) -> NDArray[np.uint8]:
        """The finished picture (H, W, 3)."""
        picture = self.picture
        if self.mode == "paint":
            picture = self._rained(picture)
        if self.times == 2:
            upper, lower = picture[::2], picture[1::2]
            picture = (upper[:, ::2] + lower[:, ::2] + upper[:, 1::2] + lower[:, 1::2]) * 0.25
        if self.mode == "paint":
            picture = finish(self.mood, picture) * (1 + self._paper())[:, :, None]
        return np.asarray(np.clip(picture * 255 + 0.5, 0, 255), dtype=np.uint8)

    def _paper(self) -> Array:
        """The tooth of the paper and the unevenness of a wash, (H, W), small."""
        rows, cols = f32(np.arange(self.height)), f32(np.arange(self.width))
        tooth = look(grain(), cols[None, :] / TILE, rows[:, None] / TILE)
        step = self.times
        wash = look(soft(), self.u[:, ::step] * 0.7 + 0.3, self.v[::step] * 0.7)
        return 0.020 * tooth + 0.018 * wash

    def _rained(self, picture: Array) -> Array:
        """Falling rain: slanting strokes, more and stronger as `rain` grows."""
        rain = self.mood.rain
        if rain <= 0.01:
            return picture
        lean = self.u + np.float32(0.22) * self.v
        down = self.v + 0 * self.u
        fine = look(strokes(), down * np.float32(0.9) + np.float32(0.13), lean * np.float32(4.1))
        near = look(strokes(), down * np.float32(0.6) + np.float32(0.61), lean * np.float32(2.6))
        fall = np.maximum(
            smooth(1.0 - 0.7 * rain, 1.25 - 0.6 * rain, fine) * np.float32(0.7),
            smooth(1.05 - 0.5 * rain, 1.3 - 0.5 * rain, near),
        )
        drop = lerp(self.mood.mist, self.mood.horizon, 0.4) * 1.06
        return lerp(picture, drop, (fall * np.float32(0.12 + 0.28 * rain))[:, :, None])
