"""Writing a layout set of vistas: photos, layouts, classes, attributes, captions and splits."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines import files
from engines.errors import UserError
from engines.worlds.vista_easel import CLASSES
from engines.worlds.vista_light import tint
from engines.worlds.vista_noise import generator

Progress = Callable[[int, int], None]
Paint = Callable[[int], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def png(picture: NDArray[np.uint8], indexed: bool = False) -> bytes:
    """A PNG of RGB (H, W, 3), or of class ids (H, W) with the class colours as palette."""
    image = Image.fromarray(picture)
    if indexed:
        image = Image.fromarray(picture).convert("L")
        image.putpalette([round(float(x) * 255) for _, code in CLASSES for x in tint(code)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Comma-separated text with a header line."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(list(header))
    writer.writerows(list(row) for row in rows)
    return buffer.getvalue()


def split(seed: int) -> str:
    """'train', 'val' or 'test' (88, 6 and 6 %), fixed by the scene's seed."""
    draw = generator(seed, 6).random()
    return "train" if draw < 0.88 else "val" if draw < 0.94 else "test"


def whole(path: Path, size: tuple[int, int]) -> bool:
    """True if `path` is a picture of this size (width, height) that can be read to its end."""
    try:
        with Image.open(path) as image:
            if image.size != size:
                return False
            image.load()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def write_pair(
    folder: Path,
    name: str,
    size: tuple[int, int],
    paint: Callable[[], tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> None:
    """Write photos/<name> and layouts/<name>, unless both are there, whole and of this size."""
    photo, layout = folder / "photos" / name, folder / "layouts" / name
    if whole(photo, size) and whole(layout, size):
        return
    picture, ids = paint()
    files.write_bytes(layout, png(ids, indexed=True))
    files.write_bytes(photo, png(picture))


def refuse_other(folder: Path, rows: list[list[str]], table: str = "attributes.csv") -> None:
    """A UserError if `folder` holds other scenes than these (fewer of these are fine); its table
    says what it holds.
    """
    path = folder / table
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        known = {row[0]: row for row in list(csv.reader(file))[1:] if row}
    if any(known[row[0]] != row for row in rows if row[0] in known) or len(known) > len(rows):
        raise UserError(
            f"{folder} already holds {len(known)} other or more pictures; "
            "choose an empty folder, or the seed and at least the count it was made with."
        )


def write_classes(folder: Path) -> None:
    """Write classes.json."""
    files.write_json(
        folder / "classes.json",
        [{"id": i, "name": name, "color": color} for i, (name, color) in enumerate(CLASSES)],
    )
