"""Colour themes: a dark, a light, and five colours between, each shaded in its own way."""

from dataclasses import dataclass

import numpy as np

from engines.worlds.vista_noise import Array, f32, generator, lerp

# Dark, light, then: far ground, large thing, second thing, third thing, accent.
_CODES = {
    "harvest": "2b1a12 fbf1d8 e9b44c c8553d 8a9a5b 5b7b7a f28f3b",
    "lagoon": "0b2033 f2f7ee 2a9d8f e9c46a 457b9d f4a261 e76f51",
    "orchard": "24210f fdf6e3 a7c957 bc4749 6a994e f2e8cf e9b824",
    "plum": "1d0f26 f7ecf5 6d3b7d c77dae 3f4c8c e8a0a8 f4d35e",
    "adobe": "2a120c fdf0e0 d98e73 8c3b2a e3b98a 4f7f86 f0c05a",
    "nordic": "10202b f3f6f7 8fb3c7 d9dcd6 4b6b82 b5533c e4b363",
    "spring": "22301f fffbea f7c5cc 9bc58b ef798a cfe3f1 ffd166",
    "ember": "140a0a ffe8c7 7a1f1d e2571e 3b2e4a f6a531 ffd35c",
    "jade": "06231f eef6e6 1f7a6d a8c686 0f4c5c d7b56d e4572e",
    "dusk": "15142f ffe6d5 3d3b8e e07a8b 7a4f9a f2a65a ffd9a0",
    "citrus": "2c2410 fffde8 f9dc5c f4743b 70c1b3 3d8b7d ed254e",
    "slate": "14181c f1f1ec 7b8794 c9c5b9 4a5560 a99985 d2694c",
    "meadow": "1a2412 f8f7e0 86a873 d5c67a 3e6b48 9fc0d0 d1495b",
    "carnival": "1b0f2e fff7e8 ff5a5f 00a6a6 ffb400 7b4fd1 3ddc97",
    "indigo": "0a0e2a eef1fb 2f4aa0 8ea9e0 1d2a63 d8c7a0 f0e3b2",
    "rosewood": "20100e fbeee6 a4514a dcb8a4 6b3430 7f8c69 e8a87c",
    "tundra": "1b1f24 fafaf5 b8c4bb 8c9a8f d9cfc1 5e6f73 c98b5a",
    "peacock": "071a24 eafaf4 0f7173 3fb68b 27476e e8c547 d8315b",
    "saffron": "2d1600 fff3d6 e09f1f b5401a f0cf78 3f6b6b 8c1c2f",
    "lilac": "221c33 fdf8ff b9a3d9 e6c6e0 7d83c4 a8d8d1 f7d08a",
    "moss": "12180d f3f0dc 5f7440 a8a35a 2f4a36 c7b68b d98032",
    "copper": "160f10 fbeede 8f5b3a cf9b62 4c6a6e b9c0ad e6b566",
    "reef": "0a1830 fff4ec ff8a70 2ec4b6 1f5fa8 ffd9a3 ff4e6a",
    "porcelain": "0d1c3f fbfbf6 dfe7ee 2d55a5 9ab5d8 f2ead8 c8553d",
}
THEMES: tuple[str, ...] = tuple(_CODES)


@dataclass(frozen=True, eq=False)
class Theme:
    """`dark`, `light` (3,) and `hues` (5, 3) in [0, 1]."""

    name: str
    dark: Array
    light: Array
    hues: Array

    def shade(self, hue: Array, tone: Array) -> Array:
        """Colours (..., 3) of this hue in light (tone 1), shadow (0) and neither (0.5)."""
        deep = lerp(hue, self.dark, 0.72)
        high = lerp(hue, self.light, 0.68)
        t = f32(tone)[..., None]
        below, above = (
            lerp(deep, hue, np.clip(t * 2, 0, 1)),
            lerp(hue, high, np.clip(t * 2 - 1, 0, 1)),
        )
        return f32(np.where(t < 0.5, below, above))


def theme(name: str, seed: int) -> Theme:
    """The theme of this name, its five hues in an order and a shade of the seed's."""
    colours = f32([_rgb(code) for code in _CODES[name].split()])
    rng = generator(seed, 21)
    hues = colours[2:][rng.permutation(5)] if rng.random() < 0.5 else colours[2:]
    hues = np.clip(hues + rng.normal(0, 0.025, (5, 3)), 0, 1)
    return Theme(name, colours[0], colours[1], f32(hues))


def _rgb(code: str) -> list[float]:
    return [int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)]
