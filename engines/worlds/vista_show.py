"""The sheets in docs/: many vistas at a glance, and one strip an attribute."""

import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import files
from engines.worlds import vista

LIMIT = 350_000  # bytes of a sheet
_GAP, _MARGIN, _PAPER = 10, 18, (244, 240, 230)
_CALM = {
    "time_of_day": 0.42,
    "cloudiness": 0.15,
    "fog": 0.03,
    "snow": 0.0,
    "autumn": 0.05,
    "rain": 0.0,
    "warmth": 0.5,
}
# chosen by eye: scenes of every kind, and for each attribute one that shows it well
STRIP_SEEDS = (100, 38, 154, 46, 13, 34, 178)
SHEET_SEEDS = (
    *(100, 3, 16, 34, 157, 154),
    *(8, 107, 128, 11, 189, 4),
    *(195, 119, 170, 13, 178, 71),
    *(132, 114, 7, 134, 2, 181),
)


def mounted(rows: list[list[NDArray[np.uint8]]]) -> Image.Image:
    """Pictures (H, W, 3) of one size, row by row, on paper."""
    high, wide = rows[0][0].shape[:2]
    width = 2 * _MARGIN + len(rows[0]) * (wide + _GAP) - _GAP
    height = 2 * _MARGIN + len(rows) * (high + _GAP) - _GAP
    page = Image.new("RGB", (width, height), _PAPER)
    for j, row in enumerate(rows):
        for i, picture in enumerate(row):
            page.paste(
                Image.fromarray(picture),
                (_MARGIN + i * (wide + _GAP), _MARGIN + j * (high + _GAP)),
            )
    return page


def jpeg(page: Image.Image) -> bytes:
    """The best JPEG of `page` that keeps to LIMIT."""
    for quality in range(92, 30, -4):
        buffer = io.BytesIO()
        page.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= LIMIT:
            break
    return buffer.getvalue()


def sheet(size: int = 224) -> Image.Image:
    """24 scenes with the attributes that their seeds give them."""
    pictures = [vista.paint(vista.scene(seed), size, size)[0] for seed in SHEET_SEEDS]
    return mounted([pictures[i : i + 6] for i in range(0, len(pictures), 6)])


def strips(width: int = 232, height: int = 168, steps: int = 6) -> Image.Image:
    """One row an attribute, which goes from 0 to 1; all else stays as it is."""
    rows = []
    for name, seed in zip(vista.ATTRIBUTES, STRIP_SEEDS, strict=True):
        values = [{**_CALM, name: float(value)} for value in np.linspace(0, 1, steps)]
        rows.append([vista.paint(vista.scene(seed, **at), width, height)[0] for at in values])
    return mounted(rows)


def main(arguments: list[str]) -> None:
    """Write both sheets into a folder, by default docs/."""
    folder = Path(arguments[0]) if arguments else Path("docs")
    files.write_bytes(folder / "vista-sheet.jpg", jpeg(sheet()))
    files.write_bytes(folder / "vista-strips.jpg", jpeg(strips()))


if __name__ == "__main__":
    main(sys.argv[1:])
