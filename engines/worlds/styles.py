"""The style pictures in assets/styles: `python -m engines.worlds.styles` paints them anew.

Some are vistas, the kind of picture that the style encoders of landscapes are trained on, chosen by
eye so that each has a light and a colour of its own. The others, in `painted`, are each in another
manner.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import files
from engines.worlds import painterly, vista

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "styles"
PAINTED = FOLDER / "painted"
SIZE = 256
LIMIT = 25_000  # bytes of a vista
PAINTED_LIMIT = 42_000  # of one in a manner: there is more to keep in strokes and threads
_CALM = {"cloudiness": 0.2, "fog": 0.04, "snow": 0.0, "autumn": 0.0, "rain": 0.0, "warmth": 0.5}
# Seed, and what differs from a calm day.
SCENES: dict[str, tuple[int, dict[str, float]]] = {
    "dawn": (13, {"time_of_day": 0.0, "fog": 0.2}),
    "clear-noon": (4, {"time_of_day": 0.33, "warmth": 0.4}),
    "noon-haze": (170, {"time_of_day": 0.28, "fog": 0.35, "warmth": 0.6}),
    "golden-hour": (100, {"time_of_day": 0.5, "warmth": 0.85}),
    "sunset": (16, {"time_of_day": 0.66, "warmth": 0.7}),
    "dusk": (189, {"time_of_day": 0.8, "warmth": 0.4}),
    "moonlit": (181, {"time_of_day": 1.0, "warmth": 0.3}),
    "fog": (157, {"time_of_day": 0.16, "fog": 0.95, "cloudiness": 0.7, "warmth": 0.35}),
    "autumn": (154, {"time_of_day": 0.4, "autumn": 1.0, "warmth": 0.7}),
    "winter": (114, {"time_of_day": 0.3, "snow": 1.0, "warmth": 0.2}),
    "storm": (34, {"time_of_day": 0.4, "cloudiness": 1.0, "rain": 0.95, "warmth": 0.25}),
    "warm-desert": (195, {"time_of_day": 0.54, "warmth": 1.0}),
}
# Manner, seed, theme and motif.
PAINTINGS: dict[str, tuple[str, int, str, str]] = {
    "batik": ("batik", 3, "indigo", "sea"),
    "charcoal": ("charcoal", 3, "slate", "hills"),
    "colour-woodblock": ("colour woodblock", 8, "porcelain", "sea"),
    "crayon": ("crayon", 2, "citrus", "town"),
    "cross-stitch": ("cross-stitch", 4, "lagoon", "sea"),
    "cut-paper": ("cut paper", 3, "orchard", "flowers"),
    "cyanotype": ("cyanotype", 6, "nordic", "flowers"),
    "enamel": ("enamel", 8, "jade", "flowers"),
    "engraving": ("engraving", 5, "moss", "hills"),
    "facets": ("facets", 6, "adobe", "town"),
    "fauve": ("fauve", 8, "carnival", "still life"),
    "gouache": ("gouache", 2, "spring", "wood"),
    "impasto": ("impasto", 3, "harvest", "hills"),
    "ink-wash": ("ink wash", 6, "slate", "wood"),
    "lamplight": ("night glow", 7, "dusk", "town"),
    "marbling": ("marbling", 5, "plum", "shapes"),
    "mosaic": ("mosaic", 5, "lagoon", "sea"),
    "newsprint": ("newsprint", 7, "carnival", "head"),
    "old-master": ("old master", 12, "copper", "still life"),
    "palette-knife": ("palette knife", 4, "peacock", "sea"),
    "pastel": ("pastel", 9, "dusk", "flowers"),
    "pen-and-ink": ("pen and ink", 5, "tundra", "town"),
    "pointillism": ("pointillism", 11, "meadow", "hills"),
    "risograph": ("risograph", 2, "reef", "hills"),
    "spatter": ("spatter", 3, "carnival", "shapes"),
    "stained-glass": ("stained glass", 9, "peacock", "flowers"),
    "swirls": ("swirls", 5, "indigo", "hills"),
    "tapestry": ("tapestry", 6, "copper", "wood"),
    "travel-poster": ("airbrush", 5, "reef", "sea"),
    "watercolour": ("watercolour", 14, "lagoon", "hills"),
    "woodcut": ("woodcut", 10, "saffron", "hills"),
}
LICENCE = """The pictures in this folder were painted by this program's own painters,
engines/worlds/vista.py and engines/worlds/painterly.py, and by nothing and nobody else: `python -m
engines.worlds.styles` paints them anew. Like the program they come under the Apache License 2.0;
no picture that is made in their style owes anybody anything.
"""


def painted(name: str) -> NDArray[np.uint8]:
    """One of them, (SIZE, SIZE, 3)."""
    if name in PAINTINGS:
        manner, seed, theme, motif = PAINTINGS[name]
        return painterly.paint(manner, seed, (SIZE, SIZE), theme, motif)
    seed, differs = SCENES[name]
    return vista.paint(vista.scene(seed, **{**_CALM, **differs}), SIZE, SIZE)[0]


def jpeg(picture: NDArray[np.uint8], limit: int = LIMIT) -> bytes:
    """The best JPEG of a picture that keeps to `limit`; ValueError where there is none."""
    for quality in range(90, 48, -3):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= limit:
            return buffer.getvalue()
    raise ValueError(f"the picture has no JPEG below {limit} bytes that is worth a look")


def write(folder: Path) -> None:
    """Paint all of them into a folder."""
    for name in SCENES:
        files.write_bytes(folder / f"{name}.jpg", jpeg(painted(name)))
    for name in PAINTINGS:
        files.write_bytes(folder / PAINTED.name / f"{name}.jpg", jpeg(painted(name), PAINTED_LIMIT))
    files.write_text(folder / "LICENCE.txt", LICENCE)


if __name__ == "__main__":
    write(FOLDER)
