"""Layouts as a set's mends say: by number or by colour, exact or nearest, classes merged."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.data import tables
from engines.data.mends import NONE, Mends
from engines.data.pictures import (
    LOSSLESS,
    UNPAINTED,
    UNPAINTED_COLOR,
    Pixels,
    by_color,
    codes_of,
    opened,
    read_layout,
    srgb,
    upright,
)
from engines.data.spec import PaletteClass, palette
from engines.errors import UserError

NEAR = 24.0  # within so much of a class's colour (Euclidean, 0 to 441), it is that class
BAND = 4_000_000  # pixels looked at at once
CHUNK = 20_000  # colours compared with all classes at once


@dataclass(frozen=True)
class Reading:
    """How layouts of a set are read; `stored` are the classes as the files have them."""

    stored: tuple[PaletteClass, ...]
    mends: Mends = NONE

    @classmethod
    def of(cls, folder: Path, mends: Mends) -> "Reading":
        """That of a set, from its classes.json unless mends bring classes; UserError."""
        reading = cls(mends.palette or tables.read_classes(folder), mends)
        if not reading.classes:
            raise UserError("Every class was left out; keep one at least.")
        return reading

    @cached_property
    def classes(self) -> tuple[PaletteClass, ...]:
        """The classes as they are learnt: renamed, merged, without those left out."""
        changes = dict(self.mends.classes)
        found: dict[str, tuple[int, str]] = {}
        for entry in self.stored:
            if name := self._name(entry.name):
                # The colour is that of the class that others were merged into.
                far = 0 if entry.name == name else 1 if changes[entry.name] == name else 2
                if name not in found or far < found[name][0]:
                    found[name] = far, entry.color
        return tuple(PaletteClass(name, color) for name, (_, color) in found.items())

    def _name(self, name: str) -> str:
        """What a class is called in the end: a class that was merged goes where the other goes."""
        change, seen = dict(self.mends.classes), {name}
        known = {entry.name for entry in self.stored}
        while (new := change.get(name, name)) not in seen and new in known:
            seen.add(new)
            name = new
        return new if new not in seen else name

    @cached_property
    def _table(self) -> Pixels:
        """The learnt id of each stored id, uint8 (256,)."""
        places = {entry.name: i for i, entry in enumerate(self.classes)}
        table = np.full(256, UNPAINTED, np.uint8)
        for i, entry in enumerate(self.stored):
            if name := self._name(entry.name):
                table[i] = places[name]
        return table

    def read(self, path: Path) -> Pixels:
        """Ids (H, W) of the learnt classes; NotExact where pixels are of none and may not be."""
        if self.mends.by_color or self.mends.nearest:
            ids = self._tolerant(path)
        else:
            ids = read_layout(path, self.stored)
        return ids if not self.mends.classes else np.asarray(self._table[ids], np.uint8)

    def _tolerant(self, path: Path) -> Pixels:
        with opened(path) as image:
            lossless = image.format in LOSSLESS
            if image.mode in ("P", "L", "1") and not self.mends.by_color and lossless:
                ids = np.asarray(image, np.uint8)
                wrong = (ids >= len(self.stored)) & (ids != UNPAINTED)
                if not wrong.any():
                    return ids
                if image.mode != "P":  # A grey number has no colour to go by.
                    return np.where(wrong, np.uint8(UNPAINTED), ids)
                colors = np.asarray(image.convert("RGBA"))[wrong]
                fixed = ids.copy()
                fixed[wrong] = self._by_color(colors[None], path)[0]
                return fixed
            if image.mode in ("P", "L", "1", "RGB", "RGBA") and lossless:
                colors = np.asarray(image.convert("RGBA"))
            else:  # Blurred, or of more than 8 bits.
                colors = np.asarray(srgb(upright(image)).convert("RGBA"))
        return self._by_color(colors, path)

    def _by_color(self, pixels: Pixels, path: Path) -> Pixels:
        """Ids of colours (H, W, 4); the nearest class's where that is agreed to."""
        if not self.mends.nearest:
            return by_color(pixels, self.stored, path)
        wanted = np.vstack([palette(self.stored), [UNPAINTED_COLOR]]).astype(np.uint8)
        ids_of = np.append(np.arange(len(self.stored)), UNPAINTED).astype(np.uint8)
        codes = codes_of(wanted)
        order = np.argsort(codes, kind="stable")
        step = max(1, BAND // pixels.shape[1])
        bands = [pixels[top : top + step] for top in range(0, len(pixels), step)]
        painted = [codes_of(band)[band[..., 3] > 0] for band in bands]
        seen = np.unique(np.concatenate([np.unique(part) for part in painted]))
        spot = np.searchsorted(codes[order], seen).clip(max=len(codes) - 1)
        row, exact = order[spot], codes[order][spot] == seen
        if not exact.all():
            places = np.concatenate([np.searchsorted(seen, part) for part in painted])
            many = np.bincount(places, minlength=len(seen))
            shares = np.bincount(row[exact], many[exact], minlength=len(codes))
            present = shares >= max(1.0, 0.001 * many.sum())
            row[~exact] = _nearest(seen[~exact], wanted, present)
        ids = np.full(pixels.shape[:2], UNPAINTED, np.uint8)
        ids[pixels[..., 3] > 0] = np.concatenate(
            [ids_of[row[np.searchsorted(seen, part)]] for part in painted]
        )
        return ids


def _nearest(
    codes: npt.NDArray[np.uint32], wanted: Pixels, present: npt.NDArray[np.bool_]
) -> npt.NDArray[np.intp]:
    """The row of `wanted` (C, 3) nearest to each colour: any that is very near, else one of those
    that the layout has anyway, as what smoothing mixes of two classes may look like a third.
    """
    found = np.empty(len(codes), np.intp)
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        colors = np.stack([part >> 16, (part >> 8) & 255, part & 255], 1).astype(np.float32)
        apart = np.sqrt(((colors[:, None] - wanted.astype(np.float32)) ** 2).sum(2))
        nearest = apart.argmin(1)
        if present.any():
            far = apart[np.arange(len(part)), nearest] > NEAR
            nearest[far] = np.where(present, apart[far], np.inf).argmin(1)
        found[start : start + CHUNK] = nearest
    return found


def says_otherwise(path: Path, classes: tuple[PaletteClass, ...]) -> bool:
    """Whether an indexed layout's own colours are all classes', but others than its numbers say."""
    with opened(path) as image:
        if image.mode != "P" or image.format not in LOSSLESS:
            return False
        present = np.unique(np.asarray(image, np.uint8))
        table = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    present = present[present != UNPAINTED]
    if not len(present) or int(present.max()) >= len(table):
        return False
    own = codes_of(table)[present].tolist()
    wanted = codes_of(palette(classes)).tolist()
    if not set(own) <= set(wanted):
        return False
    return any(
        number >= len(wanted) or wanted[number] != code
        for number, code in zip(present.tolist(), own, strict=True)
    )
