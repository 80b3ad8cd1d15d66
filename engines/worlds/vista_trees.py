"""Trees: rows that make a wood, and single ones."""

from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_easel import FOREST, Easel, Window
from engines.worlds.vista_land import Outline
from engines.worlds.vista_light import ramp
from engines.worlds.vista_matter import CONIFER, LEAFY, TURNED, coat
from engines.worlds.vista_noise import (
    Array,
    chance,
    dabs,
    generator,
    look,
    soft,
    strokes,
    wave,
)
from engines.worlds.vista_things import cast

_BARK = ramp("#2a1c18", "#503828", "#86684c")
_TRUNKS = (
    ramp("#2c1a18", "#5f3a2a", "#a8694a"),
    ramp("#27262c", "#565059", "#948a86"),
    ramp("#5a5a66", "#b4b0aa", "#f0ead8"),
)


@dataclass(frozen=True)
class Trees:
    """A row of trees on a base line, conifers or round crowns; `gap` (0..1) leaves room between.

    The forest's body goes down to `thick` below the base line.
    """

    base: Outline
    height: float
    thick: float
    depth: float
    seed: int
    pigment: int
    leafy: bool
    gap: float = 0.0

    def _skyline(self, u: Array) -> tuple[Array, Array, Array]:
        """Skyline v, signed place within the foremost tree (-1..1) and a chance per tree, at u."""
        spacing = self.height * (0.62 if self.leafy else 0.36)
        cell = np.floor(u / spacing)
        top = np.full(u.shape, 9.0, np.float32)
        place, luck = np.zeros(u.shape, np.float32), np.zeros(u.shape, np.float32)
        for step in (-2, -1, 0, 1, 2):
            at = cell + step
            x = (at + 0.15 + 0.7 * chance(at, self.seed)) * spacing
            high = self.height * (0.55 + 0.6 * chance(at, self.seed + 1))
            if self.gap:
                high = high * (wave(x * 4.3, self.seed + 5, 2) > self.gap * 2 - 1)
            half = high * (0.5 if self.leafy else 0.24) + 1e-6
            off = (u - x) / half
            near = np.clip(1 - np.abs(off), 0, 1)
            if self.leafy:
                shape = np.sqrt(np.clip(1 - off * off, 0, 1)) * (0.9 + 0.1 * np.sin(off * 9 + at))
            else:
                saw = near * 5
                shape = np.clip(near + 0.09 * (np.floor(saw) - saw + 0.5) * (near < 0.9), 0, 1)
            crown = np.where(near > 0, self.base(x) - high * shape, 9)
            mine = crown < top
            top = np.where(mine, crown, top).astype(np.float32)
            place = np.where(mine, off, place).astype(np.float32)
            luck = np.where(mine, chance(at, self.seed + 2), luck).astype(np.float32)
        return (top if self.gap else np.minimum(top, self.base(u))), place, luck

    def draw(self, easel: Easel) -> None:
        edge, place, luck = self._skyline(easel.u[0])
        base = self.base(easel.u[0])
        window = easel.window(
            -99,
            99,
            float(min(edge.min(), base.min())) - 0.01,
            float(base.max()) + self.thick + 0.02,
        )
        if window is None:
            return
        floor = base + self.thick * (1 + 0.3 * wave(easel.u[0] * 9, self.seed + 9, 3))
        cover = np.minimum(easel.below(edge, window), 1 - easel.below(floor, window))
        easel.lay(FOREST, window, cover, lambda: self._paint(easel, window, edge, place, luck))

    def _paint(self, easel: Easel, window: Window, edge: Array, place: Array, luck: Array) -> Array:
        mood, u, v = easel.mood, window.u, window.v
        down = np.clip((v - edge[None, :]) / self.height, 0, 2)
        shift = self.seed % 41 / 41
        fade = np.clip(1.25 - down, 0, 1)  # a tree is itself at its top and wood below
        own = 0.5 + (luck[None, :] - 0.5) * fade
        size = np.float32(0.16 / (self.height + 0.05))
        if self.leafy:
            brush = look(dabs(), u * size * 1.3 + shift, v * size * 1.3)
        else:
            brush = look(strokes(), v * size * 0.9 + shift, u * size * 1.6 + shift)
        lit = np.tanh(place * 2.5)[None, :] * np.float32(mood.side) * np.maximum(0, 1 - down * 0.8)
        tone = (
            0.5
            + 0.2 * lit
            + 0.22 * brush
            + 0.16 * (own - 0.5)
            + 0.2 * np.exp(-down * 4)
            - 0.28 * np.minimum(down, 1)
        )
        settle = 0.55 - 0.95 * down + 0.5 * brush + 0.35 * lit
        if self.leafy:
            early = 0.15 + 0.7 * own + 0.15 * brush
            turned = (TURNED[(self.seed + self.pigment) % 3], early)
            pigment = LEAFY[self.pigment % 3]
        else:
            early = 0.35 + 0.95 * own + 0.12 * brush
            turned = (TURNED[1], early)
            pigment = CONIFER[self.pigment % 3]
        return coat(
            mood,
            pigment,
            np.clip(tone, 0, 1),
            self.depth,
            mist=0.12 * down,
            settle=settle,
            turned=turned,
        )


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
class Trunk:
    """A tall trunk at u that leaves the picture at the top; it stands at v and is `thick` wide."""

    u: float
    v: float
    thick: float
    depth: float
    seed: int
    bark: int

    def draw(self, easel: Easel) -> None:
        reach = self.thick * 2.2 + 0.06
        window = easel.window(self.u - reach, self.u + reach, 0, self.v + 0.01)
        cast(easel, self.u, self.v, self.thick * 3)
        if window is None:
            return
        lean = (self.seed % 100 / 100 - 0.5) * 0.12
        up = np.float32(self.v) - window.v
        centre = self.u + lean * up + 0.006 * wave(window.v * 5, self.seed, 2)
        half = self.thick * (0.5 - 0.12 * up + 0.5 * np.exp(-up * 30))
        across = (window.u - centre) / half
        inside = np.minimum(half * (1 - np.abs(across)), up + 0.012 * (1 - across**2))
        easel.lay(FOREST, window, easel.inside(inside), lambda: self._paint(easel, window, across))

    def _paint(self, easel: Easel, window: Window, across: Array) -> Array:
        facing = np.clip(across, -1, 1) * np.float32(easel.mood.side)
        shift = self.seed % 35 / 35
        brush = look(strokes(), window.v * 1.1 + shift, across * 0.06 + shift)
        tone = np.clip(0.45 + 0.3 * facing + 0.22 * brush, 0, 1)
        settle = -0.55 + 0.5 * brush - 0.5 * facing
        return coat(easel.mood, _TRUNKS[self.bark], tone, self.depth, settle=settle)


@dataclass(frozen=True)
class Canopy:
    """Foliage that hangs into the picture from above, down to a leafy edge."""

    edge: Outline
    depth: float
    seed: int
    pigment: int
    leafy: bool

    def draw(self, easel: Easel) -> None:
        edge = self.edge(easel.u[0])
        window = easel.window(-99, 99, 0, float(edge.max()) + 0.1)
        if window is None:
            return
        shift = self.seed % 31 / 31
        leaf = look(dabs(), (window.u + window.v) * 0.6 + shift, (window.v - window.u) * 0.6)
        clump = look(soft(), window.u * 1.1 + shift, window.v * 1.1)
        gap = (edge[None, :] - window.v) + 0.03 * leaf + 0.05 * clump
        cover = easel.inside(gap * np.float32(easel.tall / easel.scale))
        easel.lay(FOREST, window, cover, lambda: self._paint(easel, leaf, clump, gap))

    def _paint(self, easel: Easel, leaf: Array, clump: Array, gap: Array) -> Array:
        tone = np.clip(0.5 + 0.3 * leaf + 0.15 * clump - 1.2 * np.minimum(gap, 0.25), 0, 1)
        early = 0.35 + 0.3 * clump + 0.2 * leaf
        settle = -0.1 + 0.7 * leaf
        if self.leafy:
            pigment, turned = LEAFY[self.pigment], (TURNED[self.seed % 3], early)
        else:
            pigment, turned = CONIFER[self.pigment], (TURNED[1], early + 0.4)
        return coat(easel.mood, pigment, tone, self.depth, settle=settle, turned=turned)
