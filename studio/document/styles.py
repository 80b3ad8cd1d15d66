"""Styles of a scene: pictures in the corners of a square, mixed by a spot in it; for the whole
picture, for a class, or for what was selected.
"""

import base64
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.ports import Size
from studio.document.raster import Bools

if TYPE_CHECKING:
    from studio.document.scene import Picture

CORNERS = 4  # upper left, upper right, lower left, lower right
MOST_SIDE, MOST_REGIONS = 16_384, 64
Spot = tuple[float, float]
MIDDLE: Spot = (0.5, 0.5)


@dataclass(frozen=True)
class Packed:
    """A choice of pixels in little memory."""

    size: Size
    bits: bytes

    @classmethod
    def of(cls, mask: Bools | None) -> "Packed | None":
        """None for no choice."""
        if mask is None:
            return None
        bits = zlib.compress(np.packbits(mask).tobytes(), 1)
        return cls((mask.shape[0], mask.shape[1]), bits)

    @property
    def mask(self) -> Bools:
        """The choice again."""
        bits = np.frombuffer(zlib.decompress(self.bits), np.uint8)
        height, width = self.size
        return np.unpackbits(bits, count=height * width).view(np.bool_).reshape(height, width)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"size": list(self.size), "bits": base64.b64encode(self.bits).decode()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Packed":
        """Read what `to_json` wrote, from a stranger too. ValueError and the like."""
        height, width = (int(side) for side in plain["size"])
        if not (0 < height <= MOST_SIDE and 0 < width <= MOST_SIDE):
            raise ValueError("a choice of pixels has no such size")
        wanted = (height * width + 7) // 8
        reader = zlib.decompressobj()
        bits = reader.decompress(base64.b64decode(plain["bits"], validate=True), wanted + 1)
        if len(bits) != wanted:
            raise ValueError("a choice of pixels is not of its size")
        return cls((height, width), zlib.compress(bits, 1))


Place = str | Packed | None  # a class by its name, chosen pixels, or everywhere


@dataclass(frozen=True)
class StyleMix:
    """Pictures in the corners, None where there is none, and the spot, (0, 0) the upper left."""

    corners: tuple["Picture | None", ...] = (None,) * CORNERS
    spot: Spot = MIDDLE

    def __post_init__(self) -> None:
        if len(self.corners) != CORNERS or not all(0 <= at <= 1 for at in self.spot):
            raise ValueError("a mix of styles has four corners and a spot in between")

    @classmethod
    def of(cls, picture: "Picture") -> "StyleMix":
        """One picture alone."""
        return cls((picture, *(None,) * (CORNERS - 1)))

    @property
    def pictures(self) -> tuple["Picture", ...]:
        """Those that there are."""
        return tuple(picture for picture in self.corners if picture is not None)

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each corner; their sum is 1 where there is a picture at all.

        Those of empty corners go to the others; where the spot is right on empty ones, to all
        others alike.
        """
        x, y = self.spot
        near = ((1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y)
        held = [n if c is not None else 0.0 for n, c in zip(near, self.corners, strict=True)]
        if sum(held) < 1e-6:
            held = [float(c is not None) for c in self.corners]
        return tuple(share / max(sum(held), 1e-9) for share in held)

    def with_corner(self, corner: int, picture: "Picture | None") -> "StyleMix":
        """With another picture in a corner."""
        corners = [picture if n == corner else old for n, old in enumerate(self.corners)]
        return replace(self, corners=tuple(corners))

    def each(self, change: Callable[[Any], Any]) -> "StyleMix":
        """With every picture changed."""
        return replace(self, corners=tuple(c and change(c) for c in self.corners))

    def to_json(self, pack: Callable[[Any], Any]) -> dict[str, Any]:
        """Plain JSON; `pack` makes it of a picture."""
        corners = [None if c is None else pack(c) for c in self.corners]
        return {"corners": corners, "spot": list(self.spot)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], picture: Callable[[Any], Any]) -> "StyleMix":
        """Read what `to_json` wrote, from a stranger too. ValueError and the like."""
        x, y = (float(at) for at in plain["spot"])
        corners = tuple(None if c is None else picture(c) for c in plain["corners"])
        return cls(corners, (x, y))


@dataclass(frozen=True)
class Styles:
    """What a port of vectors is given: a mix for `whole`, None where it is left as it is, and one
    for each region; later regions lie over earlier ones.
    """

    whole: StyleMix | None = None
    regions: tuple[tuple[str | Packed, StyleMix], ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        if len(self.regions) > MOST_REGIONS:
            raise ValueError(f"there are more than {MOST_REGIONS} regions")

    def __bool__(self) -> bool:
        return self.whole is not None or bool(self.regions)

    def at(self, place: Place) -> StyleMix | None:
        """The mix of a place."""
        if place is None:
            return self.whole
        return next((mix for where, mix in self.regions if where == place), None)

    def with_mix(self, place: Place, mix: StyleMix | None) -> "Styles":
        """With another mix for a place; None takes it away. ValueError: too many regions."""
        if place is None:
            return replace(self, whole=mix)
        if any(where == place for where, _ in self.regions) and mix is not None:
            put = tuple((w, mix if w == place else old) for w, old in self.regions)
            return replace(self, regions=put)
        rest = tuple((w, old) for w, old in self.regions if w != place)
        return replace(self, regions=rest if mix is None else (*rest, (place, mix)))

    @property
    def pictures(self) -> tuple["Picture", ...]:
        """Every picture in it."""
        mixes = [mix for mix in (self.whole, *(m for _, m in self.regions)) if mix is not None]
        return tuple(picture for mix in mixes for picture in mix.pictures)

    def each(self, change: Callable[[Any], Any]) -> "Styles":
        """With every picture changed."""
        whole = None if self.whole is None else self.whole.each(change)
        return Styles(whole, tuple((where, mix.each(change)) for where, mix in self.regions))

    def renamed(self, before: str, now: str) -> "Styles":
        """With another name for a class."""
        return replace(
            self, regions=tuple((now if w == before else w, mix) for w, mix in self.regions)
        )

    def to_json(self, pack: Callable[[Any], Any]) -> dict[str, Any]:
        """Plain JSON; `pack` makes it of a picture."""
        regions = [
            {"at": w if isinstance(w, str) else w.to_json(), "mix": mix.to_json(pack)}
            for w, mix in self.regions
        ]
        return {"whole": self.whole and self.whole.to_json(pack), "regions": regions}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], picture: Callable[[Any], Any]) -> "Styles":
        """Read what `to_json` wrote, from a stranger too. ValueError and the like."""
        whole = plain["whole"]
        regions = tuple(
            (
                each["at"] if isinstance(each["at"], str) else Packed.from_json(each["at"]),
                StyleMix.from_json(each["mix"], picture),
            )
            for each in plain["regions"][: MOST_REGIONS + 1]
        )
        return cls(None if whole is None else StyleMix.from_json(whole, picture), regions)
