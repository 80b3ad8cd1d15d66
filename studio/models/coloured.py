"""Classes out of a coloured picture: each of its colours is one, and stray pixels take the nearest.

Pictures of layouts come with soft borders or from a camera's compression; their true colours are
those that fill areas.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.data.pictures import read_picture
from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import UNPAINTED
from studio.document.colors import color_codes
from studio.document.document import MOST_SIDE
from studio.document.scene import Pixels

LEAST = 0.001  # the share of the pixels that a colour must have to be a class, where many have less
MOST = 64  # classes
CALM = 0.5  # the share of pixels in such colours below which a picture is no layout
BAND = 1 << 20  # pixels, or colours, that are worked on at once
CLOSE = 24  # colours less apart than that are one: what a compression made of it

Classes = tuple[PaletteClass, ...]


@dataclass(frozen=True, eq=False)
class Coloured:
    """What was found in a picture: `ids` (H, W) are places in `classes`.

    `strays` is how many pixels had another colour and took the nearest.
    """

    classes: Classes
    ids: Pixels
    stray: npt.NDArray[np.bool_]

    @property
    def strays(self) -> int:
        """How many pixels had no class's colour."""
        return int(self.stray.sum())

    @property
    def shares(self) -> list[float]:
        """The share of the pixels by class."""
        counts = np.bincount(self.ids.ravel(), minlength=256)[: len(self.classes)]
        return [float(share) for share in counts / self.ids.size]

    @property
    def exact(self) -> Pixels:
        """The ids with the strays unpainted."""
        return np.where(self.stray, np.uint8(UNPAINTED), self.ids)

    def named(self, names: list[str]) -> "Coloured":
        """With other names for the classes."""
        pairs = zip(self.classes, names, strict=True)
        return replace(self, classes=tuple(replace(c, name=name) for c, name in pairs))


def read_coloured(path: Path, known: Classes) -> Coloured:
    """The classes and the layout of a coloured picture; UserError where it is none."""
    rgb = read_picture(path)
    if max(rgb.shape[:2]) > MOST_SIDE:
        raise UserError(
            f"{path.name} is {rgb.shape[1]} x {rgb.shape[0]} pixels, more than the {MOST_SIDE} a "
            "side that a document has; make it smaller."
        )
    return coloured(rgb, known, path.name)


def coloured(rgb: Pixels, known: Classes, name: str) -> Coloured:
    """The classes of a picture, uint8 (H, W, 3); known ones where the colour is theirs."""
    counts = _counted(rgb)
    colors = np.flatnonzero(counts).astype(np.uint32)
    counts = counts[colors]
    theirs = {int(entry.color[1:], 16): entry for entry in reversed(known)}
    chosen = _chosen(colors, counts, set(theirs))
    flat = np.isin(colors, chosen)
    if not len(chosen) or counts[flat].sum() < CALM * counts.sum():
        raise UserError(
            f"{name} has {len(colors)} colours and no large areas of one, so its classes cannot be "
            "told; choose a picture in flat colours."
        )
    table, strays = np.zeros(1 << 24, np.uint8), np.zeros(1 << 24, np.bool_)
    table[colors], strays[colors] = _nearest(colors, chosen), ~flat
    ids, stray = np.empty(rgb.shape[:2], np.uint8), np.empty(rgb.shape[:2], np.bool_)
    for rows in _bands(rgb):
        codes = color_codes(rgb[rows])
        ids[rows], stray[rows] = table[codes], strays[codes]
    entries = [_entry(int(color), theirs, number) for number, color in enumerate(chosen)]
    return Coloured(tuple(entries), ids, stray)


def _counted(rgb: Pixels) -> npt.NDArray[np.intp]:
    """How many pixels have each colour, (1 << 24,)."""
    counts = np.zeros(1 << 24, np.intp)
    for rows in _bands(rgb):
        found, many = np.unique(color_codes(rgb[rows]), return_counts=True)
        counts[found] += many
    return counts


def _bands(rgb: Pixels) -> Iterator[slice]:
    """Rows that are worked on at once, so that large pictures take little memory besides."""
    step = max(BAND // rgb.shape[1], 1)
    for top in range(0, rgb.shape[0], step):
        yield slice(top, top + step)


def _chosen(colors: "_Codes", counts: npt.NDArray[np.intp], known: set[int]) -> "_Codes":
    """The colours that are classes, in the order of the area that they fill."""
    few = len(colors) <= MOST
    if not few:
        ours = np.isin(colors, np.array(sorted(known), np.uint32))
        large = ours | (counts >= LEAST * counts.sum())
        colors, counts = colors[large], counts[large]
    chosen: list[int] = []
    for color in map(int, colors[np.argsort(-counts, kind="stable")]):
        alike = not few and any(_apart(color, other) < CLOSE for other in chosen)
        if color in known or not alike:
            chosen.append(color)
    return np.array(chosen[:MOST], np.uint32)


def _entry(color: int, known: dict[int, PaletteClass], number: int) -> PaletteClass:
    if color in known:
        return known[color]
    return PaletteClass(f"colour {number + 1}", f"#{color:06x}")


_Codes = npt.NDArray[np.uint32]


def _nearest(colors: _Codes, chosen: _Codes) -> Pixels:
    """The place in `chosen` of the nearest in RGB for each colour 0xrrggbb."""
    best = np.zeros(len(colors), np.uint8)
    for start in range(0, len(colors), BAND):
        parts = _parts(colors[start : start + BAND])
        least = np.full(len(parts), 1 << 30, np.int64)
        for place, color in enumerate(chosen):
            far = ((parts - _parts(np.array([color], np.uint32))) ** 2).sum(1)
            closer = far < least
            best[start : start + BAND][closer], least[closer] = place, far[closer]
    return best


def _parts(codes: _Codes) -> npt.NDArray[np.int64]:
    return np.stack([(codes >> shift) & 255 for shift in (16, 8, 0)], 1).astype(np.int64)


def _apart(one: int, other: int) -> float:
    """How far apart two colours are in RGB."""
    pair = _parts(np.array([one, other], np.uint32))
    return float(np.sqrt(((pair[0] - pair[1]) ** 2).sum()))
