"""Landforms: mountains, hills and plains, dunes, mesas and cliffs, rows of trees."""

from dataclasses import dataclass, replace

import numpy as np

from engines.worlds.vista_easel import MEADOW, MOUNTAIN, ROCK, SAND, SNOW, Easel, Window
from engines.worlds.vista_light import Mood
from engines.worlds.vista_matter import (
    FLOWERS,
    STRAW,
    coat,
)
from engines.worlds.vista_matter import (
    MEADOW as MEADOW_PIGMENTS,
)
from engines.worlds.vista_matter import (
    MOUNTAIN as MOUNTAIN_PIGMENTS,
)
from engines.worlds.vista_matter import (
    ROCK as ROCK_PIGMENTS,
)
from engines.worlds.vista_matter import (
    SAND as SAND_PIGMENTS,
)
from engines.worlds.vista_matter import (
    SNOW as SNOW_PIGMENT,
)
from engines.worlds.vista_noise import Array, dabs, f32, lerp, look, smooth, soft, strokes, wave


@dataclass(frozen=True)
class Outline:
    """A skyline v(u): level, slope, rolling and angular noise, peaks (u, height, half-width)."""

    level: float
    seed: int
    roll: float = 0.0
    roll_size: float = 0.5
    jag: float = 0.0
    jag_size: float = 0.08
    tilt: float = 0.0
    bowl: float = 0.0
    peaks: tuple[tuple[float, float, float], ...] = ()
    flat_tops: bool = False

    def lowered(self, by: float) -> "Outline":
        """The same outline, `by` farther down."""
        return replace(self, level=self.level + by)

    def __call__(self, u: Array) -> Array:
        """The height v of the skyline at u (v grows downward)."""
        x = u.astype(np.float64)
        v = self.level + self.tilt * np.tanh(x) - self.bowl * np.minimum(np.abs(x), 1.2) ** 1.6
        if self.roll:
            v = v - self.roll * wave(x / self.roll_size, self.seed, 3, 0.4)
        top = np.zeros_like(x)
        for peak, height, half in self.peaks:
            far = np.abs(x - peak) / half
            if self.flat_tops:
                shape = np.clip((1.25 - far) * 3.2, 0, 1) * 0.86 + 0.14 * smooth(
                    0, 1, (1.9 - far) / 0.9
                )
            else:
                shape = np.maximum(0, 1 - far) ** 1.12
            top = np.maximum(top, height * shape)
        if self.jag:
            rough = wave(x / self.jag_size, self.seed + 3, 4, 0.55, angular=True)
            top = top + self.jag * rough * (0.35 + np.minimum(top * 4, 1.0))
        return f32(v - top)


def _facets(outline: Outline, window: Window, zig: Array, spread: float) -> Array:
    """Slope of the skyline, carried down the flank and pushed aside by `zig` (h, w)."""
    reach = 0.4
    grid = np.linspace(
        float(window.u[0, 0]) - reach, float(window.u[0, -1]) + reach, 1024, dtype=np.float32
    )
    heights = outline(grid)
    width = max(1, int(spread / (grid[1] - grid[0])))
    kernel = np.hanning(width * 2 + 3)
    heights = f32(
        np.convolve(np.pad(heights, width + 1, mode="edge"), kernel / kernel.sum(), mode="valid")
    )
    slope = -np.gradient(heights, grid[1] - grid[0])
    place = (window.u + zig - grid[0]) / (grid[-1] - grid[0]) * 1023
    return f32(slope[np.clip(place, 0, 1023).astype(np.int32)])


@dataclass(frozen=True)
class Mountain:
    """A range with light and shadow planes; class SNOW above `snow_line` (v; 0: none)."""

    outline: Outline
    depth: float
    pigment: int
    snow_line: float = 0.0

    def draw(self, easel: Easel) -> None:
        edge = self.outline(easel.u[0])
        window = easel.window(-99, 99, float(edge.min()) - 0.01, 1)
        if window is None:
            return
        cover = easel.below(edge, window)
        u, v = window.u, window.v
        down = np.maximum(v - edge[None, :], 0)
        wander = look(soft(), u * 0.9 + self.outline.seed % 11 / 11, v * 0.9)
        # ridges run down from the summits in zigzags: sharp kinks, wider farther down
        drift = look(soft(), u * 0.35 + self.outline.seed % 11 / 11, v * 0.35)
        kink = np.abs(((down * 5.5 + 0.9 * drift) % 1.0) - 0.5) * 4 - 1
        zig = (0.026 * kink + 0.06 * drift) * np.minimum(down * 6, 1.2)
        tone: list[Array] = []

        def planes() -> Array:
            if not tone:
                tone.append(self._tone(easel, window, down, zig))
            return tone[0]

        easel.lay(
            MOUNTAIN,
            window,
            cover,
            lambda: self._paint(
                easel.mood, MOUNTAIN_PIGMENTS[self.pigment], planes(), down, wander
            ),
        )
        if self.snow_line > 0:
            tongue = _facets(self.outline, window, zig * 1.4, 0.012)
            ragged = (
                0.035 * np.tanh(tongue * 1.5) * easel.mood.side
                + 0.05 * wander
                + 0.03 * look(soft(), u * 3.3, v * 1.2)
            )
            line = np.float32(self.snow_line) + ragged - v
            snow = np.minimum(cover, np.clip(line * easel.tall * 0.7 + 0.5, 0, 1))
            easel.lay(
                SNOW,
                window,
                snow,
                lambda: self._paint(
                    easel.mood, SNOW_PIGMENT, planes() * 0.72 + 0.3, down, wander, 0.8
                ),
            )

    def _tone(self, easel: Easel, window: Window, down: Array, zig: Array) -> Array:
        side = np.float32(easel.mood.side)
        high = np.exp(-down * 9)  # fine planes near the summit, broad ones below
        slope = _facets(self.outline, window, zig, 0.008) * high * 0.5
        slope = slope + _facets(self.outline, window, zig, 0.03) * (0.4 + 0.3 * high)
        slope = slope + _facets(self.outline, window, zig, 0.09) * (1 - high) * 0.9
        lit = np.tanh(slope * -1.7 * side)
        brush = look(
            strokes(),
            window.u * 0.7 + window.v * 0.9 * side,
            window.v * 0.8 - window.u * 0.5 * side,
        )
        return f32(0.5 + 0.48 * lit + 0.11 * brush - 0.12 * np.minimum(down * 2, 1))

    def _paint(
        self, mood: Mood, pigment: Array, tone: Array, down: Array, wander: Array, near: float = 1.0
    ) -> Array:
        settle = 1.1 * (tone - 0.5) + 0.5 * wander - down * 0.9 + 0.25
        value, far = np.clip(tone, 0, 1), self.depth * near
        return coat(mood, pigment, value, far, mist=down * 0.9 + self.depth - far, settle=settle)


@dataclass(frozen=True)
class Ground:
    """Land below an outline: class MEADOW, SAND, SNOW or ROCK.

    `near` (0..1) sets the size of the strokes; `furrows` > 0 draws fields, `bloom` > 0 flowers.
    """

    outline: Outline
    kind: int
    depth: float
    pigment: int
    near: float = 0.5
    furrows: float = 0.0
    bloom: int = 0

    def draw(self, easel: Easel) -> None:
        edge = self.outline(easel.u[0])
        window = easel.window(-99, 99, float(edge.min()) - 0.01, 1)
        if window is not None:
            easel.lay(
                self.kind,
                window,
                easel.below(edge, window),
                lambda: self._paint(easel, window),
            )

    def _paint(self, easel: Easel, window: Window) -> Array:
        mood, u = easel.mood, window.u
        edge = replace(self.outline, jag=0.0)(easel.u[0])  # strokes do not follow every blade
        down = np.maximum(window.v - edge[None, :], 0)
        shift = self.outline.seed % 29 / 29
        size = np.float32(2.2 - 1.5 * self.near)
        flat = np.log(down * 3 + 0.12) * np.float32(0.3)  # strokes shrink toward the crest
        run = u * (0.75 - 0.4 * np.minimum(down * 2, 1))
        brush = look(
            strokes(), run * size * 0.6 + shift, flat * size + u * self.outline.tilt * 0.3 + shift
        )
        patch = look(soft(), u * 0.5 + shift, flat * 0.9 + shift)
        slope = _facets(self.outline, window, 0.06 * patch, 0.05)
        lit = np.tanh(slope * -2.2 * np.float32(mood.side))
        tone = (
            0.58
            + 0.2 * lit
            + 0.15 * brush
            + 0.13 * patch
            + 0.18 * np.exp(-down * 16)
            - 0.2 * np.minimum(down, 0.6)
        )
        if self.furrows:
            rows = np.sin((u * 1.4 / (down + 0.16) * self.furrows + 3 * shift + patch) * 6.28)
            tone = tone + 0.11 * np.tanh(rows * 3) * smooth(0.02, 0.1, down)
        settle = 0.4 + 0.6 * patch + 0.5 * brush
        if self.kind == SAND:
            ripple = np.sin((flat * 34 + patch * 5 + u * 3) * 6.28)
            tone = tone + 0.08 + 0.05 * ripple * smooth(0.04, 0.2, down)
            return coat(
                mood,
                SAND_PIGMENTS[self.pigment],
                np.clip(tone, 0, 1),
                self.depth,
                mist=-down * 0.2,
                settle=settle,
                wet=0.6,
            )
        if self.kind == SNOW:
            value = np.clip(tone * 0.85 + 0.2, 0, 1)
            return coat(mood, SNOW_PIGMENT, value, self.depth, mist=-down * 0.2, wet=0.2)
        if self.kind == ROCK:
            chip = look(dabs(), u * 1.1, flat * 2 + shift)
            value = np.clip(tone - 0.1 + 0.22 * chip, 0, 1)
            return coat(
                mood,
                ROCK_PIGMENTS[self.pigment],
                value,
                self.depth,
                mist=-down * 0.2,
                settle=settle,
                wet=1.0,
            )
        blade = look(dabs(), run * size * 1.6, flat * size * 1.2 + shift)
        value = np.clip(tone + 0.1 * blade * np.float32(self.near), 0, 1)
        early = 0.45 + 0.4 * patch + 0.25 * brush
        colour = coat(
            mood, MEADOW_PIGMENTS[self.pigment], value, self.depth,
            mist=-down * 0.2, settle=settle, turned=(STRAW, early), wet=0.25,
        )  # fmt: skip
        if self.bloom:
            share = self._flowers(down, u, patch, flat)
            share = share * np.float32((1 - mood.snow) * (1 - 0.75 * mood.autumn))
            petals = coat(mood, FLOWERS[self.bloom - 1], np.clip(value + 0.1, 0, 1), self.depth)
            colour = lerp(colour, petals, share[..., None])
        return colour

    def _flowers(self, down: Array, u: Array, patch: Array, flat: Array) -> Array:
        """Where flowers bloom (h, w) in [0, 1]: dots in drifts, or in the rows of a field."""
        away = down + 0.16
        dots = look(dabs(), u * (0.42 / away) + 0.31, flat * 2.6)
        drift = patch + 0.25 * look(soft(), u * 1.7, flat * 2.2)
        if self.furrows:
            phase = 3 * (self.outline.seed % 29 / 29) + patch
            drift = 0.6 * np.sin((u * 1.4 / away * self.furrows + phase) * 6.28)
        return smooth(0.25, 0.45, dots) * smooth(0.0, 0.3, drift)


@dataclass(frozen=True)
class Dune:
    """A dune: a lit flank, and a shaded one that begins at a winding crest."""

    outline: Outline
    depth: float
    pigment: int

    def draw(self, easel: Easel) -> None:
        edge = self.outline(easel.u[0])
        window = easel.window(-99, 99, float(edge.min()) - 0.01, 1)
        if window is not None:
            easel.lay(
                SAND, window, easel.below(edge, window), lambda: self._paint(easel, window, edge)
            )

    def _paint(self, easel: Easel, window: Window, edge: Array) -> Array:
        mood, u, v = easel.mood, window.u, window.v
        down = np.maximum(v - edge[None, :], 0)
        side = np.float32(mood.side)
        shift = self.outline.seed % 31 / 31
        patch = look(soft(), u * 0.6 + shift, v * 0.6)
        sweep = -side * (
            0.5 * down + 0.25 * np.sin(down * 9 + shift * 6) * down
        ) + 0.05 * patch * np.minimum(down * 5, 1)
        slope = _facets(self.outline, window, sweep, 0.02)
        lit = np.tanh(slope * -5 * side)
        brush = look(strokes(), u * 0.7 + shift, (v - 0.5 * edge[None, :]) * 1.1)
        ripple = np.sin((down * 46 + 4 * patch + u * 5 * side) * 6.28 * 0.5) * smooth(
            0.05, 0.2, down
        )
        tone = (
            0.56
            + 0.28 * lit
            + 0.1 * brush
            + 0.05 * ripple
            + 0.12 * np.exp(-down * 18)
            - 0.12 * np.minimum(down, 0.5)
        )
        settle = 0.45 + 0.4 * patch + 0.35 * brush + 0.25 * lit
        return coat(
            mood,
            SAND_PIGMENTS[self.pigment],
            np.clip(tone, 0, 1),
            self.depth,
            mist=down * 0.3,
            settle=settle,
            wet=0.5,
        )


@dataclass(frozen=True)
class Cliff:
    """Rock with strata and upright joints: a mesa, a stack or a headland; ends at `foot` (v).

    `cap` is the meadow pigment of the grass on top (-1: bare rock).
    """

    outline: Outline
    foot: float
    depth: float
    pigment: int
    strata: float = 0.5
    cap: int = -1

    def draw(self, easel: Easel) -> None:
        edge = self.outline(easel.u[0])
        window = easel.window(-99, 99, float(edge.min()) - 0.01, self.foot)
        if window is None:
            return
        cover = np.minimum(
            easel.below(edge, window), np.clip((self.foot - window.v) * easel.tall + 0.5, 0, 1)
        )
        easel.lay(ROCK, window, cover, lambda: self._paint(easel, window, edge))
        if self.cap >= 0:
            ragged = wave(easel.u[0] * 30, self.outline.seed + 1, 3)
            turf = edge + 0.012 + 0.035 * np.maximum(0, self.foot - edge) * (1.4 + ragged)
            grass = np.minimum(cover, 1 - easel.below(f32(turf), window))
            easel.lay(MEADOW, window, grass, lambda: self._turf(easel, window, edge))

    def _turf(self, easel: Easel, window: Window, edge: Array) -> Array:
        down = np.maximum(window.v - edge[None, :], 0)
        brush = look(strokes(), window.u * 1.4, window.v * 2)
        value = np.clip(0.72 - down * 8 + 0.2 * brush, 0, 1)
        turned = (STRAW, 0.5 + 0.4 * brush)
        green, settle = MEADOW_PIGMENTS[self.cap], 0.45 + 0.5 * brush
        return coat(easel.mood, green, value, self.depth, settle=settle, turned=turned)

    def _paint(self, easel: Easel, window: Window, edge: Array) -> Array:
        mood, u, v = easel.mood, window.u, window.v
        down = np.maximum(v - edge[None, :], 0)
        shift = self.outline.seed % 37 / 37
        patch = look(soft(), u * 0.8 + shift, v * 0.8)
        joints = look(strokes(), v * 0.35 + 0.1 * patch + shift, u * 1.7 + 0.04 * patch)
        slope = _facets(self.outline, window, 0.03 * patch, 0.03)
        lit = np.tanh(slope * -0.9 * np.float32(mood.side))
        bands = wave((v + 0.012 * patch + 0.02 * u) * 34, self.outline.seed, 2)
        cap = np.exp(-down * 40)
        tone = (
            0.48
            + 0.26 * lit
            + 0.2 * joints
            + 0.26 * self.strata * bands
            + 0.25 * cap
            - 0.12 * np.minimum(down * 2, 1)
        )
        settle = 1.2 * cap + 0.5 * patch + 0.5 * bands - 0.05
        return coat(
            mood,
            ROCK_PIGMENTS[self.pigment],
            np.clip(tone, 0, 1),
            self.depth,
            mist=down * 0.5,
            settle=settle,
            wet=0.8,
        )
