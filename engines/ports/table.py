"""Ports of vectors, one for all or one a region: latents, statistics and named sliders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engines.errors import UserError
from engines.ports.port import Array, Axes, Port, Size


@dataclass(frozen=True)
class Regional:
    """A table of vectors (R, D) and the map (H, W) uint8 that says which row rules each pixel."""

    table: Array
    regions: Array


@dataclass(frozen=True)
class _Table(Port):
    """Vectors that may differ by region: (N, R, D) and, when `regional`, a map (N, H, W) uint8 of
    rows.
    """

    regional: bool = False

    @property
    def width(self) -> int:
        """D, the length of a vector."""
        raise NotImplementedError

    def tensors(self) -> tuple[Axes, ...]:
        if not self.regional:
            return (Axes(self.name, "float32", ("batch", self.width)),)
        return (
            Axes(self.name, "float32", ("batch", "regions", self.width)),
            Axes(f"{self.name}.regions", "uint8", ("batch", "height", "width")),
        )

    def _row(self, value: Any) -> Array:
        """One vector (D,) float32 from a document value; UserError when it does not fit."""
        row = np.asarray(value, dtype=np.float32)
        if row.shape != (self.width,) or not np.isfinite(row).all():
            raise UserError(
                f"{self.label or self.name} needs {self.width} finite numbers, but got the shape "
                f"{row.shape}; "
                "use a value made for this model."
            )
        return row

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return rng.standard_normal(shape).astype(np.float32)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        if not self.regional:
            return {self.name: self._draw(rng, (batch, self.width))}
        count = int(rng.integers(1, 4))
        regions = rng.integers(0, count, (batch, 3), dtype=np.uint8)
        columns = np.arange(size[1]) * 3 // size[1]
        return {
            self.name: self._draw(rng, (batch, count, self.width)),
            f"{self.name}.regions": np.ascontiguousarray(
                np.broadcast_to(regions[:, None, columns], (batch, *size))
            ),
        }

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        if not self.regional:
            return {self.name: self._row(value)[None]}
        if not isinstance(value, Regional):
            value = Regional(np.asarray(self._row(value))[None], np.zeros(size, np.uint8))
        rows = np.stack([self._row(row) for row in value.table])
        if value.regions.shape != size or int(value.regions.max(initial=0)) >= len(rows):
            raise UserError(
                f"{self.label or self.name} has a region map of {value.regions.shape} with ids "
                f"beyond its {len(rows)} "
                f"rows, or of another size than {size}; choose the regions again."
            )
        return {self.name: rows[None], f"{self.name}.regions": value.regions.astype(np.uint8)[None]}

    def decode(self, array: Array) -> Array:
        row: Array = array[0].reshape(-1, self.width)[0].astype(np.float32)
        return row


@dataclass(frozen=True)
class Latent(_Table):
    """A vector with a standard normal prior, float32 (D,); the default is its mean, zero."""

    dimensions: int = 1
    kind: ClassVar[str] = "latent"

    @property
    def width(self) -> int:
        return self.dimensions

    @property
    def default(self) -> Any:
        return np.zeros(self.dimensions, np.float32)


@dataclass(frozen=True)
class Moments(_Table):
    """Statistics of feature maps, float32 (D,): C means and then the means of C squares, or of all
    C x C products where `products`. All zeros, the default, are "not said".

    Those of a whole picture are the mean of those of its parts, by their pixels.
    """

    channels: tuple[int, ...] = ()  # of each level
    products: bool = False

    kind: ClassVar[str] = "moments"

    @property
    def width(self) -> int:
        return sum(c + (c * c if self.products else c) for c in self.channels)

    @property
    def default(self) -> Any:
        return np.zeros(self.width, np.float32)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        # What no picture has, a negative variance, would prove nothing.
        rows = []
        for channels in self.channels:
            values = rng.standard_normal((*shape[:-1], 2 * channels, channels))
            values += rng.standard_normal((*shape[:-1], 1, channels))
            rows.append((values.mean(-2), values))
        means = [mean for mean, _ in rows]
        if self.products:
            seconds = [
                np.einsum("...pc,...pd->...cd", v, v).reshape(*shape[:-1], -1) / v.shape[-2]
                for _, v in rows
            ]
        else:
            seconds = [np.square(v).mean(-2) for _, v in rows]
        return np.concatenate(means + seconds, axis=-1).astype(np.float32)


@dataclass(frozen=True)
class Attributes(_Table):
    """Named sliders in [0, 1]: a mapping in a document, float32 in a graph, where `unset` (-1)
    means "not said".
    """

    names: tuple[str, ...] = ()
    defaults: tuple[float, ...] = ()

    kind: ClassVar[str] = "attributes"
    unset: ClassVar[float] = -1.0

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def default(self) -> Any:
        return dict(zip(self.names, self.defaults or (self.unset,) * self.width, strict=True))

    @property
    def null(self) -> Any:
        return dict.fromkeys(self.names, self.unset)

    def _row(self, value: Any) -> Array:
        if isinstance(value, Mapping):
            if wrong := [str(k) for k in value if k not in self.names]:
                raise UserError(
                    f"{self.label or self.name} has no attribute {wrong[0]!r}; this model knows "
                    f"{', '.join(self.names)}."
                )
            value = [{**self.default, **value}[name] for name in self.names]
        row = super()._row(value)
        if bad := [
            n for n, v in zip(self.names, row, strict=True) if v != self.unset and not 0 <= v <= 1
        ]:
            raise UserError(
                f"The attribute {bad[0]!r} must lie between 0 and 1; choose a value in that range."
            )
        return row

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        values = rng.uniform(0, 1, shape)
        return np.where(rng.uniform(size=shape) < 0.2, self.unset, values).astype(np.float32)

    def decode(self, array: Array) -> Any:
        row = array[0].reshape(-1, self.width)[0]
        return {name: float(v) for name, v in zip(self.names, row, strict=True)}
