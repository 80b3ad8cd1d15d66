"""Water with reflections, and ribbons (paths and rivers) that lead in."""

from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_easel import WATER, Easel, Window
from engines.worlds.vista_land import Outline
from engines.worlds.vista_light import Mood
from engines.worlds.vista_matter import PATH as PATH_PIGMENTS
from engines.worlds.vista_matter import SNOW as SNOW_PIGMENT
from engines.worlds.vista_matter import WATER as WATER_PIGMENTS
from engines.worlds.vista_matter import coat
from engines.worlds.vista_noise import Array, dabs, f32, lerp, look, smooth, soft, strokes, wave


@dataclass(frozen=True)
class Water:
    """Sea or lake below the line v = `top`; `calm` in [0, 1] sharpens the mirror image.

    `glitter` is the u of the sun or moon (None: no path of light).
    """

    top: float
    depth: float
    pigment: int
    calm: float
    seed: int
    glitter: float | None = None

    def draw(self, easel: Easel) -> None:
        window = easel.window(-99, 99, self.top - 0.01, 1)
        if window is None:
            return
        cover = np.clip((window.v - self.top) * easel.tall + 0.5, 0, 1) + 0 * window.u
        easel.lay(WATER, window, cover, lambda: self._paint(easel, window))

    def _paint(self, easel: Easel, window: Window) -> Array:
        return surface(
            easel,
            window,
            self.top,
            self.depth,
            WATER_PIGMENTS[self.pigment],
            self.calm,
            self.seed,
            self.glitter,
        )


def surface(
    easel: Easel,
    window: Window,
    top: float,
    depth: float,
    pigment: Array,
    calm: float,
    seed: int,
    glitter: float | None,
) -> Array:
    """Water (h, w, 3) whose far edge is at v = `top`: mirror, swell, glitter, ripples, ice."""
    mood, u = easel.mood, window.u
    down = np.maximum(window.v - np.float32(top), 0)
    shift = seed % 43 / 43
    flow = np.log(down * 2.5 + 0.07)  # waves shrink toward the far edge
    swell = look(strokes(), u * (0.5 / (down * 1.6 + 0.35)) + shift, flow * 0.42 + shift)
    small = look(strokes(), u * (0.9 / (down * 1.6 + 0.3)) + 0.5, flow * 0.9 + shift)
    patch = look(soft(), u * 0.4 + shift, flow * 0.5)
    rough = np.float32(0.05 - 0.04 * calm)
    offset = (rough * (swell + 0.6 * small) + rough * 0.6) * (0.35 + 2 * down)
    row = np.floor((top - down * 0.92 - offset) * easel.tall).astype(np.int32)
    lean = np.floor((small * 0.012 * easel.scale) * (0.3 + down * 2)).astype(np.int32)
    col = np.clip(
        np.arange(window.cols.start, window.cols.stop)[None, :] + lean, 0, easel.u.size - 1
    )
    mirror = easel.picture[np.clip(row, 0, easel.tall - 1).astype(np.int32), col]
    near = np.clip(depth - down * 0.9, 0.0, 1.0)
    tone = np.clip(0.52 + 0.24 * swell + 0.12 * small + 0.14 * patch - 0.25 * down, 0, 1)
    local = coat(mood, pigment, tone, max(0.02, depth * 0.6), mist=near - depth * 0.6, wet=0.0)
    share = (0.30 + 0.42 * calm) * (1 - 0.5 * np.minimum(down * 1.2, 1)) * (1 - 0.25 * mood.rain)
    share = share + 0.1 * (small > 0.35)
    colour = lerp(local, mirror * (0.93 - 0.08 * mood.night), share[..., None])
    crest = smooth(0.55, 0.95, swell + 0.25 * small) * np.float32(0.5 - 0.3 * calm)
    colour = lerp(colour, lerp(mood.horizon, mood.key, 0.35), (crest * 0.6)[..., None])
    if glitter is not None:
        width = 0.035 + 0.32 * down
        dashes = smooth(-0.1, 0.35, swell + 0.6 * small - 1.3 * np.abs(u - glitter) / width + 0.55)
        strength = (1 - 0.85 * mood.gloom) * (0.8 - 0.25 * mood.night) * (1 - 0.8 * mood.fog)
        colour = lerp(
            colour, np.minimum(mood.glow * 1.05, 1.1), (dashes * np.float32(strength))[..., None]
        )
    if mood.rain > 0.02:
        rings = look(dabs(), u * (1.1 / (down + 0.35)) + shift, flow * 1.5)
        spots = smooth(1.0 - 0.55 * mood.rain, 1.25 - 0.5 * mood.rain, np.abs(rings) + 0.2 * small)
        colour = lerp(colour, mood.horizon, (spots * np.float32(0.45 * mood.rain))[..., None])
    if mood.snow > 0.02:
        floes = smooth(
            0.9 - 1.1 * mood.snow, 1.15 - 1.1 * mood.snow, 0.5 + 0.55 * patch + 0.35 * swell
        )
        ice = coat(
            mood,
            SNOW_PIGMENT,
            np.clip(tone + 0.1, 0, 1),
            max(0.02, depth * 0.6),
            mist=near - depth * 0.6,
        )
        colour = lerp(colour, ice, (floes * np.float32(0.25 + 0.5 * mood.snow))[..., None])
    if mood.fog > 0:
        colour = lerp(colour, mood.mist, mood.fogged(near * 0.5)[..., None] * 0.5)
    return f32(colour)


@dataclass(frozen=True)
class Ribbon:
    """A path (PATH) or river (WATER) that winds from u = `start` at v = `top` to `end` at v = 1."""

    kind: int
    top: float
    start: float
    end: float
    width: float
    swing: float
    depth: float
    pigment: int
    seed: int
    turns: float = 1.0

    def place(self, v: Array) -> tuple[Array, Array]:
        """Centre u and half-width at v (0 above the ribbon's far end)."""
        t = np.clip((v - self.top) / max(1e-3, 1 - self.top), 0, 1)
        near = t**1.25
        bend = (
            np.sin((1 - (1 - t) ** 1.7) * 6.283 * self.turns + self.seed % 7)
            * np.maximum(np.sin(np.minimum(t * 1.15, 1) * 3.1416), 0) ** 0.8
        )
        centre = self.start + (self.end - self.start) * near + self.swing * bend * (0.25 + 0.75 * t)
        return f32(centre), f32(self.width * (0.035 + 0.965 * near**1.15))

    def draw(self, easel: Easel) -> None:
        window = easel.window(-99, 99, self.top, 1)
        if window is None:
            return
        centre, half = self.place(window.v)
        ragged = 1 + 0.12 * wave(window.v * 26, self.seed, 2)
        slope = np.gradient(centre[:, 0] * easel.scale)[:, None]
        inside = (half * ragged - np.abs(window.u - centre)) / np.sqrt(1 + f32(slope) ** 2)
        cover = np.minimum(easel.inside(inside), np.clip((window.v - self.top) * easel.tall, 0, 1))
        easel.lay(self.kind, window, cover, lambda: self._paint(easel, window, centre, half))

    def _paint(self, easel: Easel, window: Window, centre: Array, half: Array) -> Array:
        if self.kind == WATER:
            pigment = WATER_PIGMENTS[self.pigment]
            return surface(easel, window, self.top, self.depth, pigment, 0.65, self.seed, None)
        mood: Mood = easel.mood
        across = (window.u - centre) / (half + 1e-4)
        down = np.maximum(window.v - np.float32(self.top), 0)
        flow = np.log(down * 2.5 + 0.07)
        brush = look(strokes(), across * 0.12 + 0.3, flow * 0.5 + self.seed % 11 / 11)
        pebble = look(dabs(), window.u * 1.6, flow * 1.1)
        tone = (
            0.6
            + 0.2 * brush
            + 0.12 * pebble
            - 0.14 * across * np.float32(mood.side) * -1
            - 0.15 * np.abs(across) ** 3
        )
        settle = 0.0 + 0.5 * brush + 0.5 * np.abs(across) - 0.1
        depth = self.depth
        mist = -np.clip(down * 0.8, 0, depth)
        return coat(
            mood,
            PATH_PIGMENTS[self.pigment],
            np.clip(tone, 0, 1),
            depth * 0.7,
            mist=mist,
            settle=settle,
            wet=1.0,
        )


@dataclass(frozen=True)
class Mirror:
    """The mirror image of something that stands in water, from its `foot` (v) down, and foam there.

    `above` adds room for trees over the outline. Paint only: the layout stays water.
    """

    outline: Outline
    foot: float
    above: float
    seed: int

    def draw(self, easel: Easel) -> None:
        if easel.mode != "paint":
            return
        rock = self.outline(easel.u[0])
        here = rock < self.foot
        edge = rock - np.float32(self.above) * here
        if not here.any():
            return
        left, right = float(easel.u[0][here].min()), float(easel.u[0][here].max())
        low = min(1.0, 2 * self.foot - float(edge.min()))
        window = easel.window(left, right, self.foot, low)
        if window is None:
            return
        shift = self.seed % 19 / 19
        down = np.maximum(window.v - np.float32(self.foot), 0)
        wobble = look(strokes(), window.u * 0.9 + shift, window.v * 2.2)
        lift = down * 1.05 + 0.006 * wobble
        mask = smooth(-0.004, 0.004, self.foot - lift - edge[None, window.cols])
        row = np.clip((self.foot - np.maximum(lift, 0.002)) * easel.tall, 0, easel.tall - 1)
        lean = (wobble * 0.008 * easel.scale).astype(np.int32)
        col = np.arange(window.cols.start, window.cols.stop)[None, :] + lean
        image = easel.picture[row.astype(np.int32), np.clip(col, 0, easel.u.size - 1)] * 0.86
        calm = 0.75 * smooth(-0.5, 0.1, wobble + 0.35) * np.exp(-down * 5)
        calm = calm * (1 - 0.4 * easel.mood.rain)
        easel.stain(window, f32(mask * calm * (window.v > self.foot)), image)
        line = np.exp(-(((down - 0.004) / 0.004) ** 2)) * (down > 0)
        foam = smooth(0.0, 0.4, wobble + 0.3) * line * (rock[None, window.cols] < self.foot)
        white = lerp(easel.mood.horizon, easel.mood.key, 0.5)
        easel.stain(window, f32(foam * (0.75 - 0.5 * easel.mood.fog)), white)
