"""Brush strokes: stamps cut once per brush, laid one over the other."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engines.worlds.painterly_tools import Rng, blur, noise
from engines.worlds.vista_noise import Array, f32

Kind = Literal["bristle", "dot", "knife", "chalk", "leaf"]
TURNS = 24  # directions that a stamp is cut in, over half a circle
VARIANTS = 4


@dataclass(frozen=True, eq=False)
class Stamp:
    """One stroke's cover and streaks (h, w), both about its middle."""

    cover: Array
    streak: Array


def cut(kind: Kind, rng: Rng, length: float, width: float, bow: float = 0.15) -> list[list[Stamp]]:
    """Stamps [turn][variant] of half `length` and half `width` pixels."""
    reach = int(np.ceil(np.hypot(length, width * 1.3))) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    found: list[list[Stamp]] = [[] for _ in range(TURNS)]
    for _ in range(VARIANTS):
        curve, key = rng.normal(0, bow), rng.random()
        bristles = noise(rng, (1, 64), 2.5, 2)[0]
        ends = noise(rng, (1, 64), 4, 2)[0]
        long, wide = length * rng.uniform(0.75, 1.1), width * rng.uniform(0.8, 1.1)
        for turn in range(TURNS):
            a = np.pi * turn / TURNS
            u = (x * np.cos(a) + y * np.sin(a)) / long
            v = (y * np.cos(a) - x * np.sin(a)) / wide
            v = v - curve * (1 - u**2) * long / max(wide, 1) * 0.5
            at = np.clip((v + 1.2) / 2.4 * 63, 0, 63).astype(np.int64)
            found[turn].append(
                _stamp(kind, f32(u), f32(v), long, wide, bristles[at], ends[at], key)
            )
    return found


def _stamp(
    kind: Kind, u: Array, v: Array, long: float, wide: float, bristle: Array, end: Array, key: float
) -> Stamp:  # fmt: skip
    if kind == "dot":
        inside = (1 - np.hypot(u, v)) * min(long, wide)
        return Stamp(f32(np.clip(inside + 0.5, 0, 1)), f32(-0.15 * (u + v)))
    if kind == "leaf":
        inside = (1 - np.abs(u) ** 1.6 - np.abs(v)) * wide
        return Stamp(f32(np.clip(inside + 0.5, 0, 1)), f32(0.2 * bristle))
    if kind == "knife":
        slant = 1 + 0.25 * (key - 0.5) * v
        inside = np.minimum((slant - np.abs(u) + 0.12 * end) * long, (1 - np.abs(v)) * wide)
        ridge = np.exp(-(((np.abs(v) - 0.85) / 0.12) ** 2)) + 0.6 * np.exp(
            -(((u - 0.9) / 0.12) ** 2)
        )
        return Stamp(f32(np.clip(inside + 0.5, 0, 1)), f32(0.16 * bristle + 0.35 * ridge))
    taper = 1 - 0.35 * np.clip(u, 0, 1) ** 3
    inside = np.minimum((1 - np.abs(u) + 0.35 * end - 0.1) * long, (taper - np.abs(v)) * wide)
    cover = np.clip(inside + 0.5, 0, 1)
    if kind == "bristle":  # runs dry towards its end
        dry = np.clip(1.3 + bristle * 1.3 - 1.1 * np.clip(u, 0, 1) ** 2, 0, 1)
        ridge = np.exp(-(((np.abs(v) - 0.8) / 0.16) ** 2))
        return Stamp(f32(cover * dry), f32(0.5 * bristle + 0.3 * ridge))
    return Stamp(f32(cover * np.clip(1.1 - np.abs(v) * 0.6, 0, 1)), f32(0.3 * bristle))


class Canvas:
    """Paint (H, W, 3) and how thick it lies (H, W), with a margin that strokes may run into."""

    def __init__(self, ground: Array, margin: int = 72):
        self.margin = margin
        sides = ((margin, margin), (margin, margin))
        self._paint = np.pad(ground, (*sides, (0, 0)), mode="edge")
        self._thick = np.zeros(self._paint.shape[:2], np.float32)
        self.shape = ground.shape[0], ground.shape[1]

    @property
    def paint(self) -> Array:
        m = self.margin
        return f32(self._paint[m:-m, m:-m])

    @property
    def thick(self) -> Array:
        m = self.margin
        return f32(self._thick[m:-m, m:-m])

    def strokes(
        self, rng: Rng, stamps: list[list[Stamp]], y: Array, x: Array, angle: Array, colours: Array,
        opacity: float = 1.0, streaks: float = 0.12,
    ) -> None:  # fmt: skip
        """Lay strokes at (y, x), in their order, in these colours (N, 3)."""
        turns = np.rint(angle / np.pi * TURNS).astype(np.int64) % TURNS
        picks = rng.integers(0, VARIANTS, len(y))
        rows = np.rint(y).astype(np.int64) + self.margin
        columns = np.rint(x).astype(np.int64) + self.margin
        lift = 0.75 + 0.25 * rng.random(len(y))
        for row, column, turn, pick, colour, high in zip(
            rows, columns, turns, picks, colours, lift, strict=True
        ):
            stamp = stamps[turn][pick]
            reach = stamp.cover.shape[0] // 2
            if reach >= self.margin:
                raise ValueError(f"a stroke of {reach} pixels does not fit the margin")
            window = np.s_[row - reach : row + reach + 1, column - reach : column + reach + 1]
            cover = stamp.cover * np.float32(opacity)
            part = self._paint[window]
            part += (colour + (streaks * stamp.streak)[..., None] - part) * cover[..., None]
            thick = self._thick[window]
            thick += (high * (0.6 + stamp.streak) - thick) * cover


def places(rng: Rng, shape: tuple[int, int], spacing: float) -> tuple[Array, Array]:
    """Points (y, x), about so far apart, in a random order, over the picture and its edge."""
    spacing = max(spacing, 2.0)  # below, strokes only hide one another
    rows = np.arange(-0.5, shape[0] / spacing + 0.5)
    columns = np.arange(-0.5, shape[1] / spacing + 0.5)
    at = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    at = (at + rng.uniform(-0.5, 0.5, at.shape) + 0.5) * spacing
    at = at[rng.permutation(len(at))]
    return f32(at[:, 0]), f32(at[:, 1])


def paper(rng: Rng, shape: tuple[int, int], unit: float) -> Array:
    """The tooth of paper in about [-1, 1]."""
    fine = blur(f32(rng.standard_normal(shape)), max(0.8 * unit, 0.5))
    return f32(fine / (2.2 * fine.std()) + 0.4 * noise(rng, shape, 7 * unit, 2))


def weave(shape: tuple[int, int], period: float) -> Array:
    """Canvas in [-1, 1]: threads over and under one another."""
    y, x = np.mgrid[: shape[0], : shape[1]] * (np.pi / period)
    return f32(np.where(np.sin(y) * np.sin(x) > 0, np.sin(2 * y) ** 2, np.sin(2 * x) ** 2) * 2 - 1)
