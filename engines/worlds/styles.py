"""The style pictures in assets/styles: `python -m engines.worlds.styles` paints them anew.

They are vistas, the kind of picture that the style encoders are trained on, chosen by eye so that
each has a light and a colour of its own.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import files
from engines.worlds import vista

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "styles"
SIZE = 256
LIMIT = 25_000  # bytes of a picture
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


def painted(name: str) -> NDArray[np.uint8]:
    """One of them, (SIZE, SIZE, 3)."""
    seed, differs = SCENES[name]
    return vista.paint(vista.scene(seed, **{**_CALM, **differs}), SIZE, SIZE)[0]


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """The best JPEG of a picture that keeps to LIMIT; ValueError where there is none."""
    for quality in range(90, 48, -3):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= LIMIT:
            return buffer.getvalue()
    raise ValueError(f"the picture has no JPEG below {LIMIT} bytes that is worth a look")


def write(folder: Path) -> None:
    """Paint all of them into a folder."""
    for name in SCENES:
        files.write_bytes(folder / f"{name}.jpg", jpeg(painted(name)))


if __name__ == "__main__":
    write(FOLDER)
