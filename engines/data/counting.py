"""Counting over a data set: how much there is of each class, where it shows, and what is twice."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.data.pictures import UNPAINTED, Pixels
from engines.data.report import ClassShare, Example, Range, Report
from engines.data.spec import PaletteClass

GRID = 64  # cells, at most, each way in which a class's densest place is sought
BLOCK = 1 << 20  # bytes of a file hashed at once
MOST_HASHED = 500_000_000
Floats = npt.NDArray[np.float32]


class Shares:
    """Shares of classes over layouts, and for each class where it shows best."""

    def __init__(self) -> None:
        self.counted = 0
        self._pixels = np.zeros(256, np.int64)
        self._layouts = np.zeros(256, np.int64)
        self._best = np.zeros(256)
        self._examples: dict[int, Example] = {}

    def add(self, ids: Pixels, picture: str, layout: str) -> None:
        """One layout, and the names of its files."""
        pixels = np.bincount(ids.ravel(), minlength=256)
        self._pixels += pixels
        self._layouts += pixels > 0
        self.counted += 1
        shares = pixels / ids.size
        for number in np.flatnonzero(shares[:UNPAINTED] > self._best[:UNPAINTED]).tolist():
            self._best[number] = shares[number]
            box = densest(ids == number)
            self._examples[number] = Example(picture, layout, box)

    def write(self, report: Report, classes: Sequence[PaletteClass]) -> None:
        """Put the shares into a report."""
        painted = max(1, int(self._pixels[:UNPAINTED].sum()))
        every = max(1, int(self._pixels.sum()))
        report.counted = self.counted
        report.unpainted = 100 * int(self._pixels[UNPAINTED]) / every
        report.classes = [
            ClassShare(
                i,
                c.name,
                100 * int(self._pixels[i]) / painted,
                int(self._layouts[i]),
                c.color,
                self._examples.get(i),
            )
            for i, c in enumerate(classes)
        ]


def densest(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """The (left, top, right, bottom) of a window with as much as can be of a mask (H, W) that is
    not empty; its area is some twice the mask's, its shape the picture's, and 1/8 of it at least.
    """
    height, width = mask.shape
    rows = np.linspace(0, height, min(GRID, height) + 1).astype(np.intp)
    columns = np.linspace(0, width, min(GRID, width) + 1).astype(np.intp)
    cells = np.add.reduceat(np.add.reduceat(mask.astype(np.int64), rows[:-1], 0), columns[:-1], 1)
    side = float(np.clip(np.sqrt(2 * mask.mean()), 1 / 8, 1))
    high, wide = (max(1, round(side * n)) for n in cells.shape)
    sums = np.pad(cells.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    top, left = np.unravel_index(int(inside.argmax()), inside.shape)
    return (
        int(columns[left]),
        int(rows[top]),
        int(columns[left + wide]),
        int(rows[top + high]),
    )


class Twins:
    """Files of the same bytes."""

    def __init__(self) -> None:
        self._first: dict[bytes, Path] = {}

    def seen(self, path: Path) -> Path | None:
        """The file that was the same, if one was; very large ones are not looked at. OSError."""
        if path.stat().st_size > MOST_HASHED:
            return None
        digest = hashlib.blake2b(digest_size=16)
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        first = self._first.setdefault(digest.digest(), path)
        return None if first is path else first


def ranges_of(
    header: Sequence[str], rows: Mapping[str, Floats], names: Collection[str]
) -> list[Range]:
    """The known values of each attribute over the pictures that there are."""
    known = [(name, row) for name, row in rows.items() if name in names]
    return [
        _range(attribute, [name for name, _ in known], np.array([row[i] for _, row in known]))
        for i, attribute in enumerate(header)
    ]


def _range(name: str, pictures: Sequence[str], values: Floats) -> Range:
    there = ~np.isnan(values.astype(np.float64))
    if not there.any():
        return Range(name, 0)
    known = values[there].astype(np.float64)
    example = pictures[int(np.nanargmax(values))]
    low, mean, high = float(known.min()), float(known.mean()), float(known.max())
    return Range(name, len(known), low, mean, high, example)


def shares_of_folders(names: Sequence[str]) -> list[Range]:
    """A folder for each class as attributes: 1 for its own pictures, 0 for others."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for name in names:
        folder, inner, _ = name.partition("/")
        if inner:
            counts[folder] += 1
            examples.setdefault(folder, name)
    return [
        Range(folder, len(names), 0.0, many / len(names), 1.0, examples[folder])
        for folder, many in sorted(counts.items())
    ]
