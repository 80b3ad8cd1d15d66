"""What a run is handed of the artist's own document, to preview: its layout or its photo."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engines.data.pictures import shrink_layout
from engines.data.spec import PaletteClass, palette
from engines.ports import UNPAINTED
from engines.request import Request
from studio.document.document import Document, Pixels, translate
from studio.document.scene import Picture
from studio.lanes.runs import Follow
from studio.models.compose import painted
from studio.models.mapping import met, numbering

CANVAS_SIDE = 512  # pixels at most


@dataclass(frozen=True, eq=False)
class Shown:
    """A layout, uint8 (H, W) of ids of these classes, and the photo of the document, if any."""

    ids: Pixels
    classes: tuple[PaletteClass, ...]
    photo: Pixels | None = None


def shown_of(document: Document) -> Shown:
    """What a document shows. Its photo: what the model was given, else what is traced."""
    scene = document.scene
    given = [value for value in scene.values.values() if isinstance(value, Picture)]
    photo = given[0] if given else scene.underlay
    return Shown(document.ids.copy(), scene.palette, None if photo is None else photo.pixels)


def canvas_for(run: Follow, shown: Shown) -> Request:
    """A document in the numbers of a run's own classes, at most CANVAS_SIDE wide. The picture for a
    run without classes is the photo; else, and of a document without one, the coloured layout.
    """
    theirs = [str(entry["name"]) for entry in run.config["spec"]["classes"]]
    photo = shown.photo if not theirs or not painted(shown.ids) else None
    shape = shown.ids.shape if photo is None else photo.shape[:2]
    scale = min(1.0, CANVAS_SIDE / max(shape))
    size = max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
    small = shrink_layout(shown.ids, size)
    names = numbering(shown.classes, tuple(theirs), {})
    layout = translate(small, names) if theirs else np.full(size, UNPAINTED, np.uint8)
    image = coloured(small, shown.classes) if photo is None else _shrunk(photo, size)
    return Request("", size, {"layout": layout, "image": image})


@lru_cache(8)
def _met(shown: Shown, theirs: tuple[str, ...]) -> bool:
    return met(shown.classes, theirs, shown.ids)


def strange_to(run: Follow, shown: Shown) -> bool:
    """Whether a run that learns classes knows none of those that a document shows."""
    classes = run.config["spec"]["classes"]
    theirs = tuple(str(entry["name"]) for entry in classes)
    return bool(theirs) and not _met(shown, theirs)


def coloured(ids: Pixels, classes: tuple[PaletteClass, ...]) -> Pixels:
    """A layout in the colours of its classes, uint8 (H, W, 3); grey where nothing is painted."""
    colors = palette(classes)
    image = np.full((*ids.shape, 3), 127, np.uint8)
    known = ids < len(colors)
    image[known] = colors[ids[known]]
    return image


def _shrunk(photo: Pixels, size: tuple[int, int]) -> Pixels:
    from PIL import Image as Pillow

    made = Pillow.fromarray(photo).resize((size[1], size[0]), Pillow.Resampling.BOX)
    return np.asarray(made)
