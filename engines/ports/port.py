"""What a port is: one named input or output of a graph, whose form changes here only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from engines.errors import UserError
from engines.samplers import Schedule

Array = npt.NDArray[Any]
Size = tuple[int, int]  # (height, width)
UNPAINTED = 255


@dataclass(frozen=True)
class Axes:
    """A tensor of a graph: its name, its element type, and its axes (a number or a symbol such as
    "height/8" or "height*4").
    """

    name: str
    dtype: str
    axes: tuple[int | str, ...]

    def shape(self, batch: int, size: Size, regions: int = 1) -> tuple[int, ...]:
        """The axes as numbers for a batch, a picture size in pixels and a count of regions."""
        return tuple(
            a if isinstance(a, int) else self._extent(a, batch, size, regions) for a in self.axes
        )

    @staticmethod
    def _extent(symbol: str, batch: int, size: Size, regions: int) -> int:
        known = {"batch": batch, "height": size[0], "width": size[1], "regions": regions}
        if "*" in symbol:
            base, _, factor = symbol.partition("*")
            return known[base] * int(factor)
        base, _, divisor = symbol.partition("/")
        return known[base] // int(divisor or 1)


@dataclass(frozen=True)
class Port:
    """One named input or output. `sample` draws valid tensors; `encode`, `decode` change form."""

    name: str
    label: str = ""

    kind: ClassVar[str] = ""

    def tensors(self) -> tuple[Axes, ...]:
        """The graph tensors that carry this port: the value first, then what goes with it."""
        raise NotImplementedError

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        """Random valid tensors for a proof, keyed by tensor name."""
        raise NotImplementedError

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        """A document value as graph tensors with batch 1; UserError when the value does not fit."""
        raise NotImplementedError

    def decode(self, array: Array) -> Any:
        """The first item of a graph tensor as a document value."""
        raise NotImplementedError

    @property
    def default(self) -> Any:
        """The document value to use when nothing was given; None where one has to be given."""
        return None

    @property
    def null(self) -> Any:
        """The value that means "not said"; None where there is none."""
        return None

    tolerance: ClassVar[float] = 1e-3

    def distance(self, expected: Array, actual: Array) -> float:
        """How far two outputs are apart, in the unit of `tolerance`: worst error over the spread
        of the values.
        """
        if expected.shape != actual.shape or not np.isfinite(actual).all():
            return math.inf
        spread = max(float(np.std(expected)), 1e-3)
        return float(np.abs(expected.astype(np.float64) - actual).max(initial=0.0)) / spread

    def close(self, expected: Array, actual: Array) -> bool:
        """Whether two outputs count as the same picture, vector or map."""
        return self.distance(expected, actual) <= self.tolerance

    def to_json(self) -> dict[str, Any]:
        """The port as plain JSON, read back by `port_from_json`."""
        values = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}
        return {"kind": self.kind, **values}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; UserError on a missing, unknown or ill-typed entry."""
        known = {f.name: f for f in fields(cls)}
        given = {k: v for k, v in values.items() if k != "kind"}
        required = {
            n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING
        }
        if wrong := (set(given) - set(known)) | (required - set(given)):
            raise UserError(
                f"The model's port {values.get('name', '?')!r} has entries this version does not "
                f"know "
                f"or lacks some ({', '.join(sorted(wrong))}); update Pentimento or export the "
                f"model again."
            )
        try:
            return cls(**{k: cls._typed(k, v) for k, v in given.items()})
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(
                f"The model's port {given.get('name', '?')!r} cannot be read: {error}."
            ) from error

    @classmethod
    def _typed(cls, name: str, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value.to_json() if isinstance(value, Schedule) else value
