"""Styles that are read off pictures and mixed: what a port of vectors may be given in place of
vectors, so that a request needs no model to be made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engines.errors import UserError
from engines.ports import Array

MOST_PICTURES, MOST_ROWS = 8, 255


@dataclass(frozen=True, eq=False)
class Mix:
    """Pictures, uint8 (H, W, 3), and the share of each; without any, what the port has by default.

    A vector is the weighted mean of those read off the pictures.
    """

    pictures: tuple[Array, ...] = ()
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.shares) or len(self.pictures) > MOST_PICTURES:
            raise ValueError(f"{len(self.pictures)} pictures have {len(self.shares)} shares")
        if any(not 0 <= share < 1e6 for share in self.shares):
            raise ValueError("a share is below zero or no number")
        if self.shares and not sum(self.shares) > 0:
            raise ValueError("no picture has a share")


@dataclass(frozen=True, eq=False)
class Mixed:
    """A mix for each row, and the map uint8 (H, W) that says which row rules each pixel; None
    where the first rules everything.
    """

    rows: tuple[Mix, ...]
    regions: Array | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.rows) <= MOST_ROWS:
            raise ValueError(f"there are {len(self.rows)} mixes")
        if self.regions is not None and int(self.regions.max(initial=0)) >= len(self.rows):
            raise ValueError("a region has no mix")

    def to_plain(self, pack: Any) -> dict[str, Any]:
        """Plain JSON; `pack` makes it of arrays."""
        mixes = [
            {"pictures": [pack(p) for p in row.pictures], "shares": list(row.shares)}
            for row in self.rows
        ]
        return {"mixes": mixes, "regions": None if self.regions is None else pack(self.regions)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], unpack: Any) -> "Mixed":
        """Read what `to_plain` wrote, from a stranger too; ValueError and the like, UserError."""
        rows = tuple(
            Mix(
                tuple(_picture(unpack(each)) for each in row["pictures"][: MOST_PICTURES + 1]),
                tuple(float(share) for share in row["shares"]),
            )
            for row in plain["mixes"][: MOST_ROWS + 1]
        )
        regions = None if plain["regions"] is None else np.asarray(unpack(plain["regions"]))
        if regions is not None and (regions.ndim != 2 or regions.dtype != np.uint8):
            raise ValueError("a map of regions is no such map")
        return cls(rows, regions)


def _picture(value: Any) -> Array:
    array = np.asarray(value)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
        raise UserError("A style in this request is no picture; take the style again.")
    return array
