"""Pigments and how they are laid: tone to colour, with snow, autumn, wet and fog on top."""

import numpy as np

from engines.worlds.vista_light import Mood, ramp
from engines.worlds.vista_noise import Array, Numbers, f32, lerp, smooth

SNOW = ramp("#7d95c6", "#cfdbee", "#fffaf0")
CONIFER = (
    ramp("#0f2f30", "#1f564a", "#4f8a62"),
    ramp("#16302a", "#2f5a3a", "#6b8f4a"),
    ramp("#10283a", "#215063", "#4f8b8a"),
)
LEAFY = (
    ramp("#23451f", "#4e7c2c", "#9cb646"),
    ramp("#1f4a33", "#418050", "#8fb866"),
    ramp("#2f4a1c", "#6a7f2a", "#b9b648"),
)
TURNED = (
    ramp("#6b2418", "#c4521c", "#f0a032"),
    ramp("#7a3a14", "#d98a1f", "#f6ca4c"),
    ramp("#5c1a1f", "#b23a26", "#e88040"),
)
MEADOW = (
    ramp("#46682c", "#86a542", "#cfd471"),
    ramp("#3d6b3e", "#6fa256", "#b7d07c"),
    ramp("#5c6b2c", "#a3a644", "#dcd47a"),
)
STRAW = ramp("#7c5424", "#c08f3c", "#ebcb70")
MOUNTAIN = (
    ramp("#43527a", "#7b86a6", "#d3c3b4"),
    ramp("#4d4468", "#8a7690", "#e2bfa0"),
    ramp("#31566a", "#64909a", "#c6d0b4"),
    ramp("#4a4050", "#8d7478", "#d9b598"),
)
ROCK = (
    ramp("#4a3a3a", "#866a5c", "#cba684"),
    ramp("#6d2b26", "#bb5838", "#f0a06a"),
    ramp("#3a404d", "#707480", "#bdb6a8"),
    ramp("#54352c", "#a1694a", "#e3b184"),
)
SAND = (
    ramp("#a9855a", "#e2c088", "#fae8ba"),
    ramp("#a05a34", "#dd9654", "#f9cd90"),
    ramp("#9c8468", "#d8c09a", "#f3e4c6"),
)
PATH = (ramp("#93785a", "#d3b88c", "#f5e6c4"), ramp("#8a5f48", "#c99a70", "#f0cfa4"))
FLOWERS = (
    ramp("#8a2a2a", "#dc4a38", "#ff8a5c"),
    ramp("#8f6a1c", "#f0c030", "#fff0a0"),
    ramp("#5a4a8a", "#9a7fc8", "#d8c4f0"),
    ramp("#8a8a92", "#e6e4e0", "#ffffff"),
)
WATER = (
    ramp("#12496a", "#2a82a4", "#a9dcdc"),
    ramp("#0f5560", "#2b9796", "#b5e3d0"),
    ramp("#1c3f6e", "#3d72ab", "#b4d0e6"),
)


def coat(
    mood: Mood,
    pigment: Array,
    tone: Numbers,
    depth: float,
    *,
    mist: Numbers | float = 0.0,
    settle: Numbers | None = None,
    turned: tuple[Array, Numbers] | None = None,
    wet: float = 0.0,
    shadow: float = 1.0,
) -> Array:
    """Colours (h, w, 3) of a pigment at `tone` (h, w) in [0, 1] and `depth` (0 near, 1 far).

    `mist` adds depth for the fog alone; `settle` (h, w, about -1..1) is how readily snow lies there
    (None: never); `turned` is an autumn pigment and how late each place turns (h, w, 0..1); `wet`
    is the sheen in rain.
    """
    step = np.clip(tone * 255, 0, 255).astype(np.uint8)
    colour = mood.light(pigment, depth, shadow)[step]
    if turned is not None and mood.autumn > 0:
        share = smooth(0.0, 0.3, mood.autumn * 1.3 - turned[1]) * np.float32(
            min(1.0, 0.25 + mood.autumn)
        )
        colour = lerp(colour, mood.light(turned[0], depth, shadow)[step], share[..., None])
    if mood.rain > 0 and wet > 0:
        sheen = smooth(0.5, 0.9, tone) * np.float32(wet * mood.rain)
        colour = lerp(
            colour * (1 - 0.2 * mood.rain * wet), mood.horizon * 0.95, 0.65 * sheen[..., None]
        )
    if settle is not None and mood.snow > 0:
        level = 0.95 - 1.4 * mood.snow
        share = smooth(level - 0.2, level + 0.2, settle) * np.float32(
            min(0.94, 0.3 + 1.2 * mood.snow)
        )
        white = mood.light(SNOW, depth * 0.8, shadow)[
            np.clip(tone * 195 + 52, 0, 255).astype(np.uint8)
        ]
        colour = lerp(colour, white, share[..., None])
    if mood.fog > 0:
        colour = lerp(colour, mood.mist, mood.fogged(depth + f32(mist))[..., None])
    return colour
