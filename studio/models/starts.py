"""What a document can start from: a blank sheet, an example, a layout from a file."""

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from engines.data.pictures import read_layout, read_picture, size_of
from engines.data.spec import PaletteClass, palette
from engines.data.tables import read_classes
from engines.errors import UserError
from studio.document.colors import color_codes
from studio.document.document import MOST_SIDE, Pixels, translate
from studio.document.scene import Scene, merged

ATTRIBUTES = "attributes"  # what models call their sliders, as a rule
BAND = 64  # rows


def emptied(scene: Scene) -> Scene:
    """A scene for a document like another: its classes, settings and layers, all empty."""
    return replace(scene, underlay=None, traced=None)


def read_example(path: Path) -> tuple[Pixels, Scene]:
    """A bundled layout in classes named beside it, in its light and weather; UserError."""
    classes = read_classes(path.parent)
    ids = read_layout(path, classes)
    try:
        mood = json.loads((path.parent / "moods.json").read_text("utf-8"))[path.stem]
        values = {ATTRIBUTES: {str(name): float(value) for name, value in mood.items()}}
    except (OSError, ValueError, KeyError, AttributeError):
        values = {}
    return ids, Scene(palette=classes, values=values)


def read_any_layout(path: Path, known: tuple[PaletteClass, ...]) -> tuple[Pixels, Scene]:
    """A layout file: with a classes.json beside it or one folder up, or in known classes.

    UserError where its ids or colours are nobody's.
    """
    for folder in (path.parent, path.parent.parent):
        if (folder / "classes.json").is_file():
            classes = read_classes(folder)
            return _sized(path, read_layout(path, classes)), Scene(palette=classes)
    return _sized(path, read_layout(path, known)), Scene(palette=known)


def is_layout(path: Path, known: tuple[PaletteClass, ...]) -> bool:
    """Whether every pixel of a picture has a known class's exact colour, or none at all."""
    if not known or path.suffix.lower() not in (".png", ".bmp", ".gif", ".tif", ".tiff"):
        return False
    try:
        if max(size_of(path)) > MOST_SIDE:
            return False
        rgb = read_picture(path)
    except UserError:
        return False
    named = np.zeros(1 << 24, np.bool_)
    named[color_codes(palette(known))] = True
    # A few rows tell most photos from layouts at once; bands keep the numbers of all pixels small.
    bands = (rgb[top : top + BAND] for top in range(0, rgb.shape[0], BAND))
    return all(bool(named[color_codes(rows)].all()) for rows in chain((rgb[::BAND],), bands))


def joined(scene: Scene, ids: Pixels, classes: tuple[PaletteClass, ...]) -> tuple[Scene, Pixels]:
    """The scene with those classes in its palette, and the ids as that palette numbers them."""
    wider = merged(scene.palette, classes)
    names = {entry.name: number for number, entry in enumerate(wider)}
    table = {n: names[c.name] for n, c in enumerate(classes) if c.name in names}
    return replace(scene, palette=wider), translate(ids, table)


def _sized(path: Path, ids: Pixels) -> Pixels:
    if max(ids.shape) > MOST_SIDE:
        raise UserError(
            f"{path.name} is {ids.shape[1]} x {ids.shape[0]} pixels, more than the {MOST_SIDE} a "
            "side that a document has; make it smaller."
        )
    return ids
