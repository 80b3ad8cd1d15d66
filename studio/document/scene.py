"""The scene: everything of a document but its pixels, in one frozen value.

A slider, a style picture, the seed, the model: each is a field here, so that one kind of change
undoes them all, and the picture is a function of the layout and the scene.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.data.spec import PaletteClass
from engines.errors import UserError
from studio.document import layers
from studio.document.layers import FIRST, Layers
from studio.document.styles import Styles

Pixels = npt.NDArray[np.uint8]
PATTERNS = 12  # kinds of patterns that classes have


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that never changes, known by its contents: uint8 (H, W, 3), read-only."""

    pixels: Pixels
    name: str = ""
    sha: str = ""

    def __post_init__(self) -> None:
        pixels = np.ascontiguousarray(self.pixels, np.uint8)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(f"a picture is (H, W, 3), not {pixels.shape}")
        if pixels.flags.writeable:
            pixels = pixels.copy()
            pixels.setflags(write=False)
        object.__setattr__(self, "pixels", pixels)
        digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        object.__setattr__(self, "sha", digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and (self.sha, self.name) == (other.sha, other.name)

    def __hash__(self) -> int:
        return hash(self.sha)


@dataclass(frozen=True)
class ModelRef:
    """Which model a scene was made with: where it was found, and its hash to know it by."""

    name: str
    hash: str
    title: str = ""


@dataclass(frozen=True)
class Traced:
    """A photo whose layout was read: the ids of the layer that holds it, and of the layout layer
    that holds what was read, before anything was painted over it; and how `sure` the reader was,
    grey, on all of the page.
    """

    photo: int
    read: int
    sure: Picture | None = None


@dataclass(frozen=True)
class Scene:
    """What a render depends on besides the layout; `side` is the picture's longer side in pixels.

    `values` holds what was set, by port name; what is not in it has the port's default. `locked`
    names what a surprise leaves alone: "seed", or a port's "attributes.fog". `order` is how the
    artist arranged classes; `protected` ones cannot be painted over; `mappings` say, by model,
    which of its classes a class is, "" for none; `patterns` say which pattern a class has where
    that is not the one of its id, as when an id before it was deleted. All four go by names.
    Where a photo was `traced`, only what was painted otherwise than it was read is the model's.
    """

    palette: tuple[PaletteClass, ...] = ()
    model: ModelRef | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    side: int = 256
    sampler: str = "ddim"
    steps: int = 20
    guidance: float = 1.0
    locked: frozenset[str] = frozenset()
    underlay: Picture | None = None
    underlay_opacity: float = 0.5
    layers: Layers = FIRST
    order: tuple[str, ...] = ()
    protected: frozenset[str] = frozenset()
    mappings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    patterns: Mapping[str, int] = field(default_factory=dict)
    traced: Traced | None = None

    def with_value(self, name: str, value: Any) -> "Scene":
        """The scene with one port set; None takes the setting back."""
        values = {k: v for k, v in self.values.items() if k != name}
        if value is not None:
            values[name] = value
        return replace(self, values=values)

    @property
    def spared(self) -> tuple[int, ...]:
        """The ids of the classes that cannot be painted over."""
        return tuple(n for n, entry in enumerate(self.palette) if entry.name in self.protected)

    def pattern_of(self, number: int) -> int:
        """The pattern of the class with an id."""
        name = self.palette[number].name if number < len(self.palette) else ""
        return self.patterns.get(name, number)

    @property
    def pictures(self) -> dict[str, Picture]:
        """Every picture in it, by hash."""
        mixed = [v for v in self.values.values() if isinstance(v, Styles)]
        sure = self.traced.sure if self.traced is not None else None
        found = [
            self.underlay, sure, *self.values.values(), *(p for v in mixed for p in v.pictures)
        ]  # fmt: skip
        return {p.sha: p for p in found if isinstance(p, Picture)}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; pictures by their hash, to be kept beside it."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return plain | {
            "palette": [{"name": c.name, "color": c.color} for c in self.palette],
            "model": None if self.model is None else vars(self.model),
            "values": {name: _pack(value) for name, value in sorted(self.values.items())},
            "locked": sorted(self.locked),
            "underlay": None if self.underlay is None else _pack(self.underlay),
            "layers": layers.to_json(self.layers),
            "protected": sorted(self.protected),
            "mappings": {model: dict(names) for model, names in self.mappings.items()},
            "patterns": dict(self.patterns),
            "traced": None if self.traced is None else _pack_traced(self.traced),
        }

    @classmethod
    def from_json(cls, plain: Any, pictures: Mapping[str, Picture]) -> "Scene":
        """Read what `to_json` wrote, from a stranger too; UserError when it is not a scene."""
        try:
            model = plain["model"]
            underlay = plain["underlay"]
            return cls(
                palette=palette_from_json(plain["palette"]),
                model=None if model is None else ModelRef(**{k: str(v) for k, v in model.items()}),
                values={str(k): _unpack(v, pictures) for k, v in plain["values"].items()},
                seed=int(plain["seed"]),
                side=min(max(int(plain["side"]), 1), 8192),
                sampler=str(plain["sampler"]),
                steps=int(plain["steps"]),
                guidance=float(plain["guidance"]),
                locked=frozenset(str(name) for name in plain["locked"]),
                underlay=None if underlay is None else _unpack(underlay, pictures),
                underlay_opacity=_share(plain["underlay_opacity"]),
                # Documents of format 1 have but the layout.
                layers=layers.from_json(plain["layers"]) if "layers" in plain else FIRST,
                order=tuple(_names(plain, "order")),
                protected=frozenset(_names(plain, "protected")),
                mappings=_mappings(plain["mappings"]) if "mappings" in plain else {},
                patterns=_patterns(plain["patterns"]) if "patterns" in plain else {},
                traced=_traced(plain["traced"], pictures) if "traced" in plain else None,
            )
        except UserError:
            raise
        except Exception as error:  # A stranger's JSON can be wrong in more ways than can be named.
            raise UserError(f"The document's settings cannot be read ({error}).") from error


def palette_from_json(entries: Any) -> tuple[PaletteClass, ...]:
    """Classes from a list of {"name", "color"}; UserError, or KeyError and the like."""
    if len(entries) > 255:
        raise ValueError("more than 255 classes")
    return tuple(PaletteClass(str(e["name"]), str(e["color"])) for e in entries)


def merged(palette: tuple[PaletteClass, ...], other: tuple[PaletteClass, ...]) -> Any:
    """The palette with the classes that only `other` has at its end, so that no id changes."""
    known = {entry.name for entry in palette}
    more = [entry for entry in other if entry.name not in known]
    return (*palette, *more)[:255]


def _share(value: Any) -> float:
    """A number from 0 to 1; ValueError where it is none."""
    number = float(value)
    if math.isnan(number):
        raise ValueError("an opacity is no number")
    return min(max(number, 0.0), 1.0)


def _names(plain: Any, key: str) -> list[str]:
    """A list of names, which documents of format 1 do not have."""
    return [str(name) for name in plain[key]] if key in plain else []


def _mappings(plain: Any) -> dict[str, dict[str, str]]:
    return {str(m): {str(k): str(v) for k, v in names.items()} for m, names in plain.items()}


def _patterns(plain: Any) -> dict[str, int]:
    return {str(name): min(max(int(number), 0), 255) for name, number in plain.items()}


def _pack_traced(traced: Traced) -> dict[str, Any]:
    return vars(traced) | {"sure": None if traced.sure is None else _pack(traced.sure)}


def _traced(plain: Any, pictures: Mapping[str, Picture]) -> Traced | None:
    if plain is None:
        return None
    # The first documents that had it do not say how sure the reader was.
    sure = plain.get("sure")
    known = None if sure is None else _picture(sure, pictures)
    return Traced(int(plain["photo"]), int(plain["read"]), known)


def _pack(value: Any) -> Any:
    if isinstance(value, Picture):
        return {"picture": value.sha, "name": value.name}
    if isinstance(value, Styles):
        return {"styles": value.to_json(_pack)}
    if isinstance(value, Mapping):
        return {"named": {str(k): float(v) for k, v in sorted(value.items())}}
    if isinstance(value, tuple):
        return {"vector": [float(v) for v in value]}
    return value


def _picture(plain: Any, pictures: Mapping[str, Picture]) -> Picture:
    return Picture(pictures[plain["picture"]].pixels, str(plain.get("name", "")))


def _unpack(value: Any, pictures: Mapping[str, Picture]) -> Any:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    if "picture" in value:
        return _picture(value, pictures)
    if "styles" in value:
        return Styles.from_json(value["styles"], lambda plain: _picture(plain, pictures))
    if "named" in value:
        return {str(k): float(v) for k, v in value["named"].items()}
    return tuple(float(v) for v in value["vector"])
