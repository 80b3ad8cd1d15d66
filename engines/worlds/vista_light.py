"""The light of a vista: what time, weather and palette do to colours (sRGB in [0, 1])."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engines.worlds.vista_noise import Array, f32, lerp, smooth

WHITE = f32([1.0, 1.0, 1.0])
_LUMA = f32([0.3, 0.59, 0.11])


def tint(code: str) -> Array:
    """'#rrggbb' as three floats in [0, 1]."""
    return f32([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def ramp(*codes: str) -> Array:
    """Shadow, middle and light of one pigment: (3, 3)."""
    return np.stack([tint(code) for code in codes])


def grey(colour: Array) -> Array:
    """Luma, kept as a last axis of 1."""
    return f32(colour @ _LUMA)[..., None]


_HOURS = (0.0, 0.16, 0.33, 0.5, 0.66, 0.82, 1.0)
# zenith, middle and horizon of the sky at each hour, for each palette
_SKIES = {
    "park": (
        ("#6678b4", "#c9a6c6", "#fbd3c4"),
        ("#6aa9c8", "#a8d3d2", "#f2eccb"),
        ("#2c83be", "#68b2d6", "#cde8e8"),
        ("#4f94b4", "#abc6ad", "#f6dc9c"),
        ("#51498a", "#dd6f64", "#ffb650"),
        ("#232c5c", "#57467f", "#c0646d"),
        ("#0d1a48", "#1a3670", "#44709f"),
    ),
    "rose": (
        ("#7a86bd", "#dcb3cb", "#ffdcd0"),
        ("#83b2cf", "#c3d6dc", "#fbe7d6"),
        ("#3f8fc6", "#86bddd", "#e0ebe4"),
        ("#6a96b6", "#cdbfb0", "#fbd3a2"),
        ("#5e4a86", "#e0647a", "#ffa37a"),
        ("#2d2a5e", "#6b457f", "#cc6a86"),
        ("#15164a", "#2a3178", "#5c62a8"),
    ),
    "teal": (
        ("#4f86a6", "#a9b8c2", "#f7d6b6"),
        ("#4fa3ae", "#9bcfc4", "#f3eec2"),
        ("#1f86a8", "#5cb5c3", "#d3ead8"),
        ("#3d8f9c", "#a3c39a", "#f4d98a"),
        ("#3a4f78", "#c9665a", "#fbb03f"),
        ("#1c3557", "#4a4d78", "#c76a58"),
        ("#082540", "#0f4566", "#33808c"),
    ),
}
_KEYS = (
    (0.96, 0.80, 0.80),
    (1.00, 0.99, 0.90),
    (1.07, 1.05, 1.00),
    (1.10, 0.98, 0.78),
    (1.14, 0.72, 0.47),
    (0.66, 0.46, 0.56),
    (0.42, 0.56, 0.82),
)
_AMBIENTS = (
    (0.58, 0.57, 0.80),
    (0.60, 0.70, 0.82),
    (0.62, 0.72, 0.88),
    (0.62, 0.64, 0.72),
    (0.46, 0.36, 0.56),
    (0.29, 0.28, 0.50),
    (0.15, 0.23, 0.46),
)
PALETTES = tuple(_SKIES)


def _at(time: float, table: Sequence[Sequence[float]] | Array) -> Array:
    """Interpolate a table that has one row of three for each of the hours."""
    rows = f32(table)
    return f32([np.interp(time, _HOURS, rows[:, channel]) for channel in range(3)])


@dataclass(frozen=True)
class Mood:
    """All that light depends on: attributes in [0, 1]; `side` is -1 (light from the left) or 1."""

    time: float
    cloudiness: float
    fog: float
    snow: float
    autumn: float
    rain: float
    warmth: float
    palette: str
    side: float

    @cached_property
    def night(self) -> float:
        """0 by day, 1 at night."""
        return float(smooth(0.7, 0.97, self.time))

    @cached_property
    def gloom(self) -> float:
        """How much direct light the weather takes away."""
        return min(1.0, 0.85 * self.cloudiness + 0.35 * self.rain)

    def _sky(self, stop: int) -> Array:
        colour = _at(self.time, np.stack([tint(row[stop]) for row in _SKIES[self.palette]]))
        cool = f32([0.82, 0.98, 1.18]) * grey(colour)
        flat = lerp(colour, cool, 0.5) * f32(0.98 - 0.06 * stop)
        return lerp(colour, flat * (1 - 0.18 * self.gloom), 0.9 * self.gloom)

    @cached_property
    def zenith(self) -> Array:
        """Colour of the sky overhead."""
        return self._sky(0)

    @cached_property
    def middle(self) -> Array:
        """Colour of the sky half way down."""
        return self._sky(1)

    @cached_property
    def horizon(self) -> Array:
        """Colour of the sky at the horizon."""
        return self._sky(2)

    @cached_property
    def ambient(self) -> Array:
        """Light in the shadows (a multiplier)."""
        light = _at(self.time, _AMBIENTS)
        return lerp(light, light * 1.1 + 0.02, self.gloom)

    @cached_property
    def key(self) -> Array:
        """Light on what faces the sun or the moon (a multiplier)."""
        light = _at(self.time, _KEYS)
        dull = 0.5 * (lerp(light, grey(light), 0.6) + self.ambient) * 0.94
        dim = 1 - 0.1 * self.rain - 0.1 * self.cloudiness
        return lerp(light, dull, 0.9 * self.gloom) * dim

    @cached_property
    def haze(self) -> Array:
        """What distance fades to in clear air."""
        return lerp(self.horizon, self.middle, 0.5) * lerp(0.98, 0.92, self.night)

    @cached_property
    def mist(self) -> Array:
        """The colour of fog at this hour."""
        pale = lerp(self.horizon, grey(self.horizon), 0.28)
        return lerp(pale, WHITE * (0.35 + 0.62 * float(grey(self.horizon)[0])), 0.36)

    @cached_property
    def glow(self) -> Array:
        """The colour of the light around the sun or the moon."""
        hot = lerp(self.horizon, WHITE, 0.45)
        return lerp(hot, self.horizon * 1.5 + 0.06, self.night)

    def fogged(self, depth: Array | float) -> Array:
        """The share of fog before something at `depth` (0 near, 1 far), in [0, 1)."""
        far = np.clip(f32(depth), 0, 1.2)
        return f32(0.92 * (1 - np.exp(-self.fog * (0.22 + 3.4 * far))))

    def light(self, pigment: Array, depth: float, shadow: float = 1.0) -> Array:
        """A pigment (3, 3) lit and hazed: colours (256, 3) from deepest to lightest tone."""
        x = np.linspace(0, 1, 256, dtype=np.float32)
        steps = x * 4
        stair = (np.floor(steps) + smooth(0.3, 0.7, steps - np.floor(steps))) / 4
        x = (0.62 * stair + 0.38 * x)[:, None]  # gouache: a few flat tones with soft joints
        body = np.where(
            x < 0.5, lerp(pigment[0], pigment[1], x * 2), lerp(pigment[1], pigment[2], x * 2 - 1)
        )
        lit = body * lerp(self.ambient * shadow, self.key, smooth(0.1, 0.8, x))
        haze = min(0.9, 0.70 * depth**1.3 + 0.1 * self.rain * depth)
        return lerp(lit, self.haze, haze)


def finish(mood: Mood, picture: Array) -> Array:
    """The harmony of one paint box: split toning, saturation, a gentle curve; white balance."""
    lum = grey(picture)
    dark = lerp(mood.zenith, mood.ambient, 0.5)
    dark = f32(dark / np.maximum(grey(dark), 0.05))
    bright = lerp(mood.key, mood.horizon, 0.5)
    bright = f32(bright / np.maximum(grey(bright), 0.05))
    toned = lerp(picture, lerp(dark, bright, lum) * lum, 0.13)
    toned = grey(toned) + (toned - grey(toned)) * (1.13 - 0.18 * mood.rain)
    toned = toned + 0.10 * np.sin((np.clip(toned, 0, 1) - 0.5) * np.float32(6.2832)) * 0.5
    toned = toned * (1 - 0.1 * mood.rain)
    toned = toned * 0.965 + 0.022  # the matte black of gouache
    swing = (2 * mood.warmth - 1) * (1 - 0.35 * mood.gloom * (mood.warmth > 0.5))
    shift = f32([0.12, 0.012, -0.14]) * swing
    return f32(toned * (1 + shift * (0.45 + 0.55 * np.clip(lum, 0, 1))))
