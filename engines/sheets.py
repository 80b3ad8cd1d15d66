"""Contact sheets of a layout-painting model, to be looked at before it is believed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engines import files
from engines.data.pictures import read_picture, resize_picture
from engines.evaluate import Examples, Painter
from engines.measures import Picture

CELL = 160  # pixels a side of a picture on a sheet
GAP = 4
STYLES = Path(__file__).resolve().parents[1] / "assets" / "styles"


def sheet(rows: Sequence[Sequence[Picture]], path: Path) -> None:
    """Rows of pictures as one JPEG; the cells are CELL pixels square."""
    width = max(len(row) for row in rows)
    step = CELL + GAP
    page = np.full((len(rows) * step + GAP, width * step + GAP, 3), 250, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            top, left = GAP + y * step, GAP + x * step
            page[top : top + CELL, left : left + CELL] = resize_picture(picture, (CELL, CELL))
    with files.writing(path) as temporary:
        Image.fromarray(page).save(temporary, "JPEG", quality=85, subsampling=0)


def layouts(
    paint: Painter, examples: Examples, colours: Picture, path: Path, withheld: bool = False
) -> None:
    """24 unseen layouts from all over the set in three bands: the layout, the true picture unless
    it is `withheld`, and what the model makes of the layout in the style of that picture.
    """
    rows: list[list[Picture]] = []
    spread = np.linspace(0, len(examples.layouts) - 1, min(24, len(examples.layouts))).astype(int)
    for first in range(0, len(spread), 8):
        chosen = [int(i) for i in spread[first : first + 8]]
        rows.append([_flat(examples, i, colours) for i in chosen])
        if not withheld:
            rows.append([examples.pictures[i] for i in chosen])
        rows.append([paint(examples.layouts[i], examples.pictures[i], {}) for i in chosen])
    sheet(rows, path)


def styles(
    paint: Painter, examples: Examples, colours: Picture, path: Path, withheld: bool = False
) -> None:
    """Eight layouts (rows) in the styles of eight other pictures (columns), which the first row
    shows; the first column is each layout's true picture. Where those are `withheld` the styles are
    the bundled ones, and the first column is the layouts.
    """
    half = len(examples.layouts) // 2
    photos = examples.pictures[half : half + 8]
    if withheld:
        photos = [read_picture(each) for each in sorted(STYLES.glob("*.jpg"))[:8]]
    blank = np.full_like(examples.pictures[0], 250)
    rows: list[list[Picture]] = [[blank, *photos]]
    for i in np.linspace(0, half, min(8, half), endpoint=False).astype(int):
        ids = examples.layouts[i]
        first = _flat(examples, i, colours) if withheld else examples.pictures[i]
        rows.append([first, *(paint(ids, photo, {}) for photo in photos)])
    sheet(rows, path)


def sliders(paint: Painter, examples: Examples, names: Sequence[str], path: Path) -> None:
    """A row an attribute, slid from 0 to 1 in seven steps on one layout, the others in a calm
    middle.
    """
    rows: list[list[Picture]] = []
    for i, name in enumerate(names):
        ids = examples.layouts[i % len(examples.layouts)]
        said: Mapping[str, float] = {other: CALM.get(other, 0.1) for other in names}
        steps = np.linspace(0, 1, 7)
        rows.append([paint(ids, None, {**said, name: float(value)}) for value in steps])
    sheet(rows, path)


# Where an attribute rests while another is slid: by day, in neutral light. Others are nearly off.
CALM = {"time_of_day": 0.33, "warmth": 0.5, "cloudiness": 0.4, "light": 0.7}


def _flat(examples: Examples, index: int, colours: Picture) -> Picture:
    flat: Picture = colours[examples.layouts[index]]
    return flat
