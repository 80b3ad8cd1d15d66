"""What a model of the wall is asked for, and how far two of its pictures are apart."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication

from engines.data.derive import taken
from engines.data.pictures import resize_picture
from engines.errors import UserError
from engines.ports import UNPAINTED, Image, Layout
from engines.request import Request
from studio.document.document import Document, Pixels
from studio.models.compose import Small, compose, missing, picture_size
from studio.models.mapping import lacking, rows

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

PHOTO_SIDE = 512  # pixels of a photo's longer side, where the document asks for no more
# From nothing to most, in even steps of brightness: legible without seeing colours.
_RAMP = np.array(
    [(12, 12, 20), (58, 28, 110), (150, 40, 110), (226, 88, 62), (250, 174, 60), (255, 252, 220)],
    np.float32,
)


class Source(Enum):
    """What goes through the models."""

    LAYOUT = "layout"
    PHOTO = "photo"  # the picture layer that is painted on, else the topmost, else the one traced
    DROPPED = "dropped"


@dataclass(frozen=True, eq=False)
class Given:
    """What a round is made of: it stays as it was, whatever the document does."""

    source: Source
    document: Document
    photo: Pixels | None

    def same(self, other: "Given") -> bool:
        """Whether models would paint the same of both."""
        if self.source is not other.source or _bearing(self.document) != _bearing(other.document):
            return False
        if self.source is Source.LAYOUT:
            return np.array_equal(self.document.ids, other.document.ids)
        return self.photo is other.photo or (
            self.photo is not None
            and other.photo is not None
            and np.array_equal(self.photo, other.photo)
        )


@dataclass(frozen=True)
class Difference:
    """`picture`: the absolute difference (the most of the three channels) as colours from 0 to
    `most` grey levels of 255; `mean` over all pixels.
    """

    picture: Pixels
    most: int
    mean: float


def asked(
    bundle: "Bundle", document: Document, photo: Pixels | None, port: str
) -> tuple[Request, str]:
    """The request of a layout, or of a photo (H, W, 3) for that port; and what is doubtful about
    it, in a sentence. UserError where the model lacks something.
    """
    scene = document.scene
    if photo is None:
        size = picture_size(bundle, document.size, scene.side)
        doubt = _unknown(bundle, document)
        ids = Small(document, size).ids()
    else:
        scene = scene.with_value(port, None)  # What another model has by that name is not meant.
        side = min(max(photo.shape[:2]), max(scene.side, PHOTO_SIDE))
        size = picture_size(bundle, (photo.shape[0], photo.shape[1]), side)
        doubt, ids = "", np.full(size, UNPAINTED, np.uint8)
    needs = [p for p in missing(bundle, scene) if p.name != port]
    if needs:
        names = ", ".join(p.label or p.name for p in needs)
        raise UserError(
            _tr("It needs {0}; paint with it once and set that, then the wall has it.").format(
                names
            )
        )
    request = compose(bundle, scene, ids)
    if photo is not None:
        given = next(p for p in bundle.ports if p.name == port)
        fixed = given.fixed if isinstance(given, Image) else ()
        whole = (fixed[0], fixed[1]) if fixed else size
        value = resize_picture(photo, whole)
        if isinstance(given, Image):
            value = taken(value, given.derived)
        request = replace(request, values={**request.values, port: value})
    return request, doubt


def _unknown(bundle: "Bundle", document: Document) -> str:
    """The painted classes that the model does not know by name; UserError where it knows none."""
    port = next(p for p in bundle.ports if isinstance(p, Layout))
    counts = np.bincount(document.ids.ravel(), minlength=256)[:UNPAINTED]
    painted = [n for n in np.flatnonzero(counts).tolist() if n < len(document.scene.palette)]
    table = rows(document.scene, bundle.name, port.classes, painted)
    if table and not any(row.target for row in table):
        raise UserError(
            _tr("It knows none of the painted classes; it knows {0}.").format(
                ", ".join(port.classes[:8]) + (" …" if len(port.classes) > 8 else "")
            )
        )
    names = [f"{row.name} → {row.target or _tr('nothing')}" for row in lacking(table)]
    return _tr("Taken by name: {0}.").format(", ".join(names)) if names else ""


def _bearing(document: Document) -> tuple[object, ...]:
    """What of a scene a picture depends on, whichever model paints it."""
    scene, ids = document.scene, document.ids
    painted = int(ids[ids != UNPAINTED].astype(np.int16).max(initial=-1)) + 1
    names = tuple(entry.name for entry in scene.palette[:painted])  # A model may add others.
    return (
        *(names, scene.values),
        *(scene.seed, scene.side, scene.sampler, scene.steps, scene.guidance, scene.mappings),
    )


def difference(one: Pixels, other: Pixels) -> Difference:
    """How far two pictures are apart, at the first one's size."""
    if one.shape[:2] != other.shape[:2]:
        other = resize_picture(other, (one.shape[0], one.shape[1]))
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16)).max(2)
    most = int(apart.max(initial=0))
    return Difference(ramp(apart / max(most, 1)), most, float(apart.mean()))


def ramp(shares: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Pixels:
    """Shares from 0 to 1, (H, W), as colours."""
    places = shares * (len(_RAMP) - 1)
    steps = np.arange(len(_RAMP))
    return np.stack(
        [np.interp(places, steps, _RAMP[:, channel]) for channel in range(3)], -1
    ).astype(np.uint8)


def over_white(plane: Pixels) -> Pixels:
    """RGBA over white, uint8 (H, W, 3)."""
    alpha = plane[..., 3:].astype(np.uint16)
    over = plane[..., :3] * alpha + 255 * (255 - alpha) + 127
    return (over // 255).astype(np.uint8)


def _tr(text: str) -> str:
    return QCoreApplication.translate("wall", text)
