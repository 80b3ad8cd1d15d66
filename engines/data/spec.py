"""Data facts: what a recipe needs to know before it has seen a picture."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import UserError

HEX = re.compile("#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class PaletteClass:
    """A class of a layout: its name and its colour "#rrggbb"."""

    name: str
    color: str

    def __post_init__(self) -> None:
        texts = all(isinstance(text, str) for text in (self.name, self.color))
        if not texts or not self.name.strip() or not HEX.fullmatch(self.color):
            raise UserError(
                f"The class {self.name!r} with the colour {self.color!r} is not usable: it needs a "
                "name and a colour like #1450c8."
            )


def palette(classes: tuple[PaletteClass, ...]) -> npt.NDArray[np.uint8]:
    """The colours of the classes, uint8 (C, 3)."""
    colors = [list(bytes.fromhex(c.color[1:])) for c in classes]
    return np.array(colors, np.uint8).reshape(-1, 3)


@dataclass(frozen=True)
class DataSpec:
    """`size` is (height, width) of a training crop; `fingerprint` changes when the files do."""

    kind: str
    size: tuple[int, int]
    count: int
    channels: int = 3
    classes: tuple[PaletteClass, ...] = ()
    attributes: tuple[str, ...] = ()
    fingerprint: str = ""
    source: str = ""  # what is made of each picture for a pair: see `derive`

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "DataSpec":
        """Read what `to_json` wrote; UserError when it is something else."""
        try:
            classes = tuple(PaletteClass(**entry) for entry in value["classes"])
            height, width = (int(side) for side in value["size"])
            return cls(
                kind=str(value["kind"]),
                size=(height, width),
                count=int(value["count"]),
                channels=int(value["channels"]),
                classes=classes,
                attributes=tuple(str(name) for name in value["attributes"]),
                fingerprint=str(value["fingerprint"]),
                source=str(value.get("source", "")),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UserError(
                f"The run's data facts cannot be read ({error}); start it anew."
            ) from error
