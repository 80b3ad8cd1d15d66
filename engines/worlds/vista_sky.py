"""Sky, stars, sun, moon and clouds."""

from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_easel import CLOUD, SKY, SUN, Easel, Window
from engines.worlds.vista_light import WHITE, grey, tint
from engines.worlds.vista_noise import (
    Array,
    chance,
    f32,
    generator,
    lerp,
    look,
    smooth,
    soft,
    strokes,
)


@dataclass(frozen=True)
class Sky:
    """The first layer; `sun` is (u, v) of the light, `horizon` the v where the gradient ends."""

    horizon: float
    sun: tuple[float, float]
    seed: int
    rings: bool

    def draw(self, easel: Easel) -> None:
        window = easel.window(-99, 99, 0, 1)
        if window is not None:
            easel.lay(
                SKY,
                window,
                np.ones((window.v.size, window.u.size), np.float32),
                lambda: self._paint(easel, window),
            )
            self._stars(easel)

    def _paint(self, easel: Easel, window: Window) -> Array:
        mood, u, v = easel.mood, window.u, window.v
        shift = self.seed % 97 / 97
        brush = look(strokes(), u * 0.55 + shift, v * 0.9 + shift) + 0.8 * look(
            soft(), u * 0.5 + shift, v * 0.9
        )
        place = np.clip(v / self.horizon + 0.055 * brush, 0, 1)
        x = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
        table = np.where(
            x < 0.6,
            lerp(mood.zenith, mood.middle, x / 0.6),
            lerp(mood.middle, mood.horizon, (x - 0.6) / 0.4),
        )
        colour = table[(place * 255).astype(np.uint8)]
        far = np.hypot(u - self.sun[0], (v - self.sun[1]) * np.float32(1.15)) + 0.02 * brush
        shine = np.exp(-np.maximum(far, 0) * 3.4)
        if self.rings:
            bands = shine * 6
            shine = (np.floor(bands) + smooth(0.4, 0.6, bands - np.floor(bands))) / 6
        low = 1 - abs(2 * mood.time - 1) * 0.25
        colour = lerp(
            colour,
            mood.glow,
            (shine * np.float32(0.75 * low * (1 - 0.8 * mood.gloom) * (1 - 0.45 * mood.night)))[
                ..., None
            ],
        )
        veil = smooth(-0.1, 0.8, look(soft(), u * 0.35 + shift, v * 1.1 + 0.3) + 0.35 * brush)
        heavy = lerp(grey(mood.zenith) * WHITE, mood.zenith, 0.4) * 0.85
        colour = lerp(colour, heavy, (veil * np.float32(0.75 * mood.cloudiness))[..., None])
        fog = mood.fogged(0.12 + 0.9 * np.clip(v / self.horizon, 0, 1) ** 1.5)
        return lerp(colour, mood.mist, fog[..., None])

    def _stars(self, easel: Easel) -> None:
        mood = easel.mood
        shown = (
            mood.night * (1 - 0.95 * mood.cloudiness) * (1 - 0.9 * mood.fog) * (1 - 0.7 * mood.rain)
        )
        if easel.mode != "paint" or shown < 0.02:
            return
        rng = generator(self.seed, 5)
        for u, v, size, gleam in rng.random((900, 4)):
            u, v = (u - 0.5) * 6, v**1.4 * self.horizon * 0.9
            radius = 0.0012 + 0.0034 * size**7
            window = easel.window(u - radius, u + radius, v - radius, v + radius)
            if window is None:
                continue
            spot = easel.inside(
                radius - np.hypot(window.u - u, (window.v - v) * easel.tall / easel.scale)
            )
            easel.stain(
                window, spot * np.float32(shown * (0.35 + 0.6 * gleam)), f32([1.0, 0.96, 0.84])
            )


@dataclass(frozen=True)
class Disc:
    """Sun or moon at (u, v), of radius r in units of the height; `bite` > 0 makes a crescent."""

    kind: int
    u: float
    v: float
    r: float
    bite: float = 0.0

    def draw(self, easel: Easel) -> None:
        window = easel.window(
            self.u - self.r, self.u + self.r, self.v - self.r * 2, self.v + self.r * 2
        )
        if window is None:
            return
        du, dv = window.u - self.u, (window.v - self.v) * np.float32(easel.tall / easel.scale)
        cover = easel.inside(self.r - np.hypot(du, dv))
        if self.bite > 0:
            gap = np.hypot(du - self.r * (1 - self.bite) * 1.1, dv + self.r * 0.25) - self.r * 0.92
            cover = np.minimum(cover, easel.inside(gap))
        easel.lay(self.kind, window, cover, lambda: self._paint(easel, window, du, dv))

    def _paint(self, easel: Easel, window: Window, du: Array, dv: Array) -> Array:
        mood = easel.mood
        brush = 0.05 * look(strokes(), window.u * 0.8, window.v * 1.2)[..., None]
        if self.kind == SUN:
            hours = (0.0, 0.16, 0.33, 0.5, 0.66, 0.8, 1.0)
            codes = ("#ff9d86", "#fff1b8", "#fffbe0", "#ffe58a", "#ff7a3c", "#d9506a", "#56618f")
            table = np.stack([tint(code) for code in codes])
            disc = f32([np.interp(mood.time, hours, table[:, c]) for c in range(3)])
            colour = (
                lerp(
                    disc,
                    WHITE,
                    np.clip(0.25 - (dv / self.r) * 0.2, 0, 1)[..., None] * (1 - mood.night),
                )
                + brush
            )
        else:
            seas = smooth(
                0.0, 0.5, look(soft(), du / self.r * 0.16 + 0.4, dv / self.r * 0.16 + 0.2)
            )[..., None]
            pale = lerp(mood.middle, WHITE, 0.55)
            bright = lerp(f32([1.0, 0.96, 0.84]), f32([0.84, 0.82, 0.80]), seas)
            colour = (
                lerp(lerp(pale, mood.middle, seas * 0.35), bright, 0.15 + 0.85 * mood.night) + brush
            )
        veil = lerp(mood.middle, grey(mood.horizon) * WHITE, 0.5)
        colour = lerp(colour, veil, 0.62 * mood.gloom)
        return lerp(colour, mood.mist, mood.fogged(0.3)[..., None] if mood.fog else 0.0)


@dataclass(frozen=True)
class Cloud:
    """A cumulus (puffs above a flat base) or, with `flat`, a long lens of stratus."""

    u: float
    v: float
    wide: float
    tall: float
    seed: int
    flat: bool
    depth: float = 0.5

    def draw(self, easel: Easel) -> None:
        reach = self.wide * 0.62
        window = easel.window(
            self.u - reach, self.u + reach, self.v - self.tall * 1.4, self.v + self.tall * 0.6
        )
        if window is not None:
            cover, tone = (
                self._stratus(easel, window) if self.flat else self._cumulus(easel, window)
            )
            easel.lay(CLOUD, window, cover, lambda: self._paint(easel, window, tone))

    def _cumulus(self, easel: Easel, window: Window) -> tuple[Array, Array]:
        rng = generator(self.seed, 3)
        count = int(7 + 5 * self.wide)
        ragged = look(soft(), window.u * 1.5 + self.seed % 13, window.v * 1.5)
        best = np.full((window.v.size, window.u.size), -9, np.float32)
        tone = np.zeros_like(best)
        ratio = np.float32(easel.tall / easel.scale)
        for index in range(count):
            t = (index + 0.5) / count * 2 - 1
            dome = (1 - abs(t) ** 1.7) * rng.uniform(0.6, 1.0)
            radius = self.tall * (0.24 + 0.3 * dome) * rng.uniform(0.85, 1.15)
            x = self.u + t * self.wide * 0.42 + rng.normal(0, 0.01)
            y = self.v - self.tall * dome * 0.62 / ratio
            du, dv = window.u - np.float32(x), (window.v - np.float32(y)) * ratio
            here = radius - np.hypot(du, dv)
            side = 0.5 + (0.42 * du * easel.mood.side - 0.5 * dv) / radius
            tone = np.where(here > best, side, tone)
            best = np.maximum(best, here)
        best = best + 0.006 * ragged
        floor = (self.v - window.v + 0.008 * ragged) * ratio + self.tall * 0.16
        rise = np.clip((self.v + self.tall * 0.1 - window.v) / self.tall, 0, 1)
        return easel.inside(np.minimum(best, floor)), 0.15 + 0.45 * tone + 0.5 * rise

    def _stratus(self, easel: Easel, window: Window) -> tuple[Array, Array]:
        ragged = look(soft(), window.u * 0.9 + self.seed % 17 / 17, window.v * 0.9)
        t = (window.u - self.u) / (self.wide * 0.5) + 0.06 * ragged
        edge = np.clip(1 - t * t, 0, 1)
        bulge = 1 + 0.6 * (chance(np.floor((t + 1) * 4.3), self.seed) - 0.5)
        over = self.tall * 0.5 * edge**0.7 * bulge
        under = self.tall * 0.2 * edge
        offset = window.v - self.v + 0.02 * ragged * edge
        inside = np.minimum(offset + over, under - offset) * np.float32(easel.tall / easel.scale)
        return easel.inside(inside), 0.62 - 0.9 * offset / self.tall

    def _paint(self, easel: Easel, window: Window, tone: Array) -> Array:
        mood = easel.mood
        brush = look(strokes(), window.u * 0.9 + self.seed % 7 / 7, window.v * 1.3)
        value = np.clip(tone + 0.13 * brush, 0, 1)
        lit = lerp(WHITE, mood.key / np.maximum(mood.key.max(), 1e-3), 0.75)
        warm = float(
            np.exp(-(((mood.time - 0.66) / 0.16) ** 2)) + 0.6 * np.exp(-((mood.time / 0.12) ** 2))
        )
        light = lerp(lit, mood.horizon, 0.25 + 0.25 * warm) * (1 - 0.55 * mood.night)
        light = lerp(light, mood.middle * 1.25 + 0.05, 0.5 * mood.night)
        shade = lerp(mood.middle, mood.zenith, 0.45) * lerp(1.0, 1.12, mood.night)
        dull = grey(mood.middle) * f32([0.98, 1.0, 1.04])
        light = lerp(light, dull * 1.12, 0.75 * mood.cloudiness)
        shade = lerp(
            lerp(shade, WHITE, 0.25 * (1 - mood.night)), dull * 0.58, 0.85 * mood.cloudiness
        )
        x = np.linspace(0, 1, 256, dtype=np.float32) * 3
        table = lerp(
            shade, light, ((np.floor(x) + smooth(0.25, 0.75, x - np.floor(x))) / 3)[:, None]
        )
        colour = table[(value * 255).astype(np.uint8)]
        return lerp(
            colour, mood.mist, mood.fogged(0.15 + 0.4 * self.depth)[..., None] if mood.fog else 0.0
        )
