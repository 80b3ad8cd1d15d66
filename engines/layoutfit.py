"""How far a layout is from those that a model has seen: some of them on a coarse grid, and what
they say of another. No picture is kept, only class maps of 16 x 16.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines import files
from engines.data.pictures import shrink_layout
from engines.errors import UserError
from engines.ports import UNPAINTED

FORMAT = 1
NAME = "fit.json"  # beside a model's description
SIDE = 16
MOST = 700  # layouts
LEAST = 8
STEPS = 101
JUDGED = 250  # layouts, to know what is usual
NEAREST = 24  # layouts whose places are compared
_MOST_BYTES = 1_000_000
_WEIGHTS = (0.5, 0.2, 0.3)  # of what the nearest, all, and the neighbouring cells say
_FLOOR = 1e-3  # the least probability
_DOUBT = 0.5  # of a layout: what is never seen may yet be

Ids = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Verdict:
    """`score`: the share of real layouts that are no less odd, 1 for the most usual. `oddness`:
    surprise by cell (16, 16), in nats. `region`: the cells of the oddest patch; `odd_class` what is
    painted there. `nearest`: the places of the real layouts that are most alike.
    """

    score: float
    oddness: Floats
    region: Bools
    odd_class: int
    nearest: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class LayoutFit:
    """Coarse layouts (K, 16, 16) of what a model learned from, as ids among its classes; and how
    odd such are among themselves, from the least to the most: 101 numbers, a hundredth apart.
    """

    classes: tuple[str, ...]
    layouts: Ids
    usual: Floats

    @classmethod
    def of(cls, classes: Sequence[str], layouts: Iterable[Ids], most: int = MOST) -> "LayoutFit":
        """From layouts (H, W) of any size; UserError where there are too few."""
        taken = [coarse(ids) for ids in layouts]
        full = [ids for ids in taken if (ids < len(classes)).all()]
        if len(full) < LEAST:
            raise UserError(f"Only {len(full)} layouts are painted all over; {LEAST} are needed.")
        bare = cls(tuple(classes), np.stack(full[:most]), np.zeros(STEPS))
        some = range(0, len(bare.layouts), max(len(bare.layouts) // JUDGED, 1))
        every = [bare._total(*bare._odd(bare.layouts[n], without=n)) for n in some]
        return cls(bare.classes, bare.layouts, np.quantile(every, np.linspace(0, 1, STEPS)))

    @classmethod
    def read(cls, folder: Path) -> "LayoutFit":
        """What lies in a model's folder; UserError where nothing usable does."""
        try:
            plain: Any = json.loads(files.read_text(folder / NAME, _MOST_BYTES))
            classes = tuple(str(name) for name in plain["classes"])
            cells = np.frombuffer(base64.b64decode(plain["layouts"], validate=True), np.uint8)
            layouts = cells.reshape(-1, SIDE, SIDE)
            if plain["format"] != FORMAT or not LEAST <= len(layouts) <= MOST:
                raise ValueError("it is of another version, or holds too few layouts or too many")
            if int(layouts.max()) >= len(classes):
                raise ValueError("it names a class that is not there")
            usual = np.array([float(value) for value in plain["usual"]])
            if len(usual) != STEPS or not np.isfinite(usual).all():
                raise ValueError("it does not say what is usual")
            return cls(classes, layouts, np.sort(usual))
        except FileNotFoundError as error:
            raise UserError(
                "This model does not say which layouts it has seen; export it again to know."
            ) from error
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise UserError(
                f"What the model has seen cannot be read ({error}); export it again."
            ) from error

    def write(self, folder: Path) -> None:
        """Put it into a model's folder."""
        cells = base64.b64encode(self.layouts.tobytes()).decode()
        usual = [round(value, 5) for value in self.usual.tolist()]
        plain = {"format": FORMAT, "classes": list(self.classes), "layouts": cells, "usual": usual}
        files.write_json(folder / NAME, plain)

    # What they say ------------------------------------------------------------------------------

    @cached_property
    def _near(self) -> npt.NDArray[np.bool_]:
        """(K, C, 16, 16): whether a class is at a cell or beside it."""
        there = self.layouts[:, None] == np.arange(len(self.classes))[None, :, None, None]
        padded = np.pad(there, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
        shifts = [padded[..., y : y + SIDE, x : x + SIDE] for y in range(3) for x in range(3)]
        return np.asarray(np.logical_or.reduce(shifts))

    @cached_property
    def _shares(self) -> Floats:
        """(K, C): how much of a layout each class has."""
        return np.stack([_share(ids, len(self.classes)) for ids in self.layouts])

    @cached_property
    def _beside(self) -> tuple[Floats, Floats]:
        """(C, C) each: log of how likely a class is right of, and below, another."""
        count = len(self.classes)
        tables = []
        for one, other in (
            (self.layouts[:, :, :-1], self.layouts[:, :, 1:]),
            (self.layouts[:, :-1], self.layouts[:, 1:]),
        ):
            pairs = np.bincount(one.ravel() * count + other.ravel(), minlength=count**2)
            table = pairs.reshape(count, count) + _DOUBT
            tables.append(np.log(table / table.sum()) - _independent(table))
        return tables[0], tables[1]

    def judge(self, ids: Ids) -> Verdict | None:
        """A layout (H, W) of the model's ids; None where nothing is painted. What is unpainted says
        nothing.
        """
        small = coarse(ids)
        if (small == UNPAINTED).all():
            return None
        oddness, apart = self._odd(small)
        total = self._total(oddness, apart)
        below = float(np.interp(total, self.usual, np.linspace(0, 1, STEPS), left=0, right=1))
        region, odd_class = _oddest(small, oddness)
        order = np.argsort(apart, kind="stable")[:NEAREST]
        return Verdict(1 - below, oddness, region, odd_class, tuple(order.tolist()))

    def _odd(self, ids: Ids, without: int | None = None) -> tuple[Floats, Floats]:
        """The surprise at each cell of a coarse layout, and its distance to every known one."""
        painted = ids != UNPAINTED
        safe = np.where(painted, ids, 0)
        differs = ((self.layouts != ids) & painted).sum((1, 2)) / max(int(painted.sum()), 1)
        apart = differs + np.abs(self._shares - _share(ids, len(self.classes))).sum(1) / 4
        if without is not None:
            apart[without] = np.inf
        nearest = np.argsort(apart, kind="stable")[:NEAREST]
        rows, columns = np.indices(ids.shape)
        alike = self._near[nearest][:, safe, rows, columns].mean(0)
        total = self._near[:, safe, rows, columns].sum(0, dtype=np.float64)
        every = (total - (without is not None)) / len(self.layouts)
        said = (alike, every)
        surprise = sum(
            -weight * np.log(np.clip(chance, _FLOOR, 1))
            for weight, chance in zip(_WEIGHTS, said, strict=False)
        )
        surprise = surprise - _WEIGHTS[2] * self._fitting(safe)
        return np.where(painted, np.maximum(surprise, 0), 0.0), apart

    def _fitting(self, ids: Ids) -> Floats:
        """How well each cell goes with the four beside it: log of how much likelier than chance."""
        across, down = self._beside
        right, below = across[ids[:, :-1], ids[:, 1:]], down[ids[:-1], ids[1:]]
        found = np.zeros(ids.shape)
        count = np.zeros(ids.shape)
        for part, values in (
            (np.s_[:, :-1], right),
            (np.s_[:, 1:], right),
            (np.s_[:-1], below),
            (np.s_[1:], below),
        ):
            # That like goes with like says nothing of either.
            found[part] += np.minimum(values, 0)
            count[part] += 1
        return np.asarray(found / count)

    @staticmethod
    def _total(oddness: Floats, apart: Floats) -> float:
        """One number of a layout: the surprise over all, at its oddest, and how alone it is."""
        worst = np.sort(oddness.ravel())[-SIDE:].mean()
        return float(oddness.mean() + 0.5 * worst + 2 * np.sort(apart)[:5].mean())


def coarse(ids: Ids) -> Ids:
    """A layout (H, W) on a grid of 16 x 16, by majority."""
    return np.ascontiguousarray(shrink_layout(ids, (SIDE, SIDE)))


def smooth(ids: Ids, size: tuple[int, int]) -> Ids:
    """A coarse layout at a size to paint on: each pixel takes the class that most around it have,
    so that borders run smoothly.
    """
    from PIL import Image

    best, most = np.zeros(size, np.uint8), np.full(size, -1.0, np.float32)
    for number in np.unique(ids):
        there = Image.fromarray((ids == number).astype(np.float32))
        share = np.asarray(there.resize((size[1], size[0]), Image.Resampling.BICUBIC))
        more = share > most
        best[more], most[more] = number, share[more]
    return best


def _share(ids: Ids, count: int) -> Floats:
    painted = ids[ids != UNPAINTED]
    return np.asarray(np.bincount(painted, minlength=count) / max(len(painted), 1))


def _independent(table: npt.NDArray[np.floating[Any]]) -> Floats:
    """Log of what a table of pairs would be, were they not related."""
    rows, columns = table.sum(1) / table.sum(), table.sum(0) / table.sum()
    return np.asarray(np.log(rows)[:, None] + np.log(columns)[None])


def _oddest(ids: Ids, oddness: Floats) -> tuple[Bools, int]:
    """The patch of one class that surprises most for its size, and its class."""
    from scipy import ndimage  # type: ignore[import-untyped]

    best, region, odd = -1.0, np.zeros(ids.shape, np.bool_), 0
    for number in np.unique(ids[ids != UNPAINTED]).tolist():
        labels, count = ndimage.label(ids == number)
        for label in range(1, count + 1):
            patch = labels == label
            # A single cell may be an accident of the grid, and all of a sky is not odd.
            weight = float(oddness[patch].mean()) * min(np.sqrt(patch.sum() / 6), 1.0)
            if weight > best:
                best, region, odd = weight, patch, int(number)
    return region, odd
