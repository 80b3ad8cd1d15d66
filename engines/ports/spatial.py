"""Ports of what has a height and a width: pictures, layouts and masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engines.errors import UserError
from engines.ports.port import UNPAINTED, Array, Axes, Port, Size


@dataclass(frozen=True)
class Spatial(Port):
    """What has a height and a width: sides are multiples of `multiple` from `minimum` to `maximum`
    pixels.
    """

    multiple: int = 1
    minimum: int = 1
    maximum: int = 8192

    @property
    def free(self) -> bool:
        """Whether the size is the request's to choose."""
        return True

    def check(self, size: Size) -> None:
        """Refuse a size that the model cannot take."""
        for side in size:
            if side % self.multiple or not self.minimum <= side <= self.maximum:
                raise UserError(
                    f"{self.label or self.name} cannot be {size[1]} x {size[0]}: both sides must "
                    f"be multiples of "
                    f"{self.multiple} between {self.minimum} and {self.maximum} pixels; choose "
                    f"such a size."
                )

    def _expect(self, array: Array, shape: tuple[int, ...], what: str) -> None:
        if array.shape != shape:
            raise UserError(
                f"{self.label or self.name} needs {what} of {shape[1]} x {shape[0]} pixels, but "
                f"this one has the shape "
                f"{array.shape}; resize it or choose another size."
            )


@dataclass(frozen=True)
class Image(Spatial):
    """A picture: uint8 (H, W, C) in a document, float32 (N, C, H, W) in [-1, 1] in a graph.

    `fixed` is (height, width) where the network takes one size only, as a style encoder may; an
    output is `scale` times as large as what was asked for, whose limits are those of the port.
    `derived` names what is made of a photo for it: see `engines.data.derive`.
    """

    channels: int = 3
    fixed: tuple[int, ...] = ()
    scale: int = 1
    derived: str = ""

    kind: ClassVar[str] = "image"
    tolerance: ClassVar[float] = 1.0

    @property
    def free(self) -> bool:
        return not self.fixed

    def tensors(self) -> tuple[Axes, ...]:
        times = f"*{self.scale}" if self.scale > 1 else ""
        spatial: tuple[int | str, ...] = self.fixed or (f"height{times}", f"width{times}")
        return (Axes(self.name, "float32", ("batch", self.channels, *spatial)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        # Smooth colour fields with a little grain: white noise would hide every low-frequency
        # fault.
        shape = self.tensors()[0].shape(batch, size)
        coarse = rng.uniform(-1, 1, (*shape[:2], 4, 4))
        rows = np.arange(shape[2]) * 4 // shape[2]
        columns = np.arange(shape[3]) * 4 // shape[3]
        field = coarse[:, :, rows][:, :, :, columns] + 0.1 * rng.standard_normal(shape)
        return {self.name: np.clip(field, -1, 1).astype(np.float32)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        height, width = self.fixed or size
        array = np.asarray(value)
        self._expect(array, (height, width, self.channels), "a picture")
        scaled = array.astype(np.float32) / np.float32(127.5) - np.float32(1)
        return {self.name: np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])}

    def decode(self, array: Array) -> Array:
        scaled = np.rint((array[0].astype(np.float32) + np.float32(1)) * np.float32(127.5))
        return np.ascontiguousarray(np.clip(scaled, 0, 255).astype(np.uint8).transpose(1, 2, 0))

    def distance(self, expected: Array, actual: Array) -> float:
        """The worst pixel error in grey levels of 255; 1.0 is one level."""
        if expected.shape != actual.shape or not np.isfinite(actual).all():
            return math.inf
        return float(np.abs(expected.astype(np.float64) - actual).max(initial=0.0)) * 127.5


@dataclass(frozen=True)
class Layout(Spatial):
    """A class map: uint8 ids (H, W) in a document and (N, H, W) in a graph; 255 (unpainted)
    becomes `fallback`.
    """

    classes: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    fallback: int = 0

    kind: ClassVar[str] = "layout"

    def tensors(self) -> tuple[Axes, ...]:
        return (Axes(self.name, "uint8", ("batch", "height", "width")),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        # Rectangles of classes, as layouts are: every class has its turn.
        ids = rng.integers(0, len(self.classes), (batch, 5, 5), dtype=np.uint8)
        rows, columns = (np.arange(side) * 5 // side for side in size)
        return {self.name: ids[:, rows][:, :, columns]}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        ids = np.asarray(value)
        self._expect(ids, size, "a layout")
        ids = np.where(ids == UNPAINTED, self.fallback, ids)
        if (wrong := ids[(ids < 0) | (ids >= len(self.classes))]).size:
            raise UserError(
                f"The layout holds class id {int(wrong.flat[0])}, but this model knows ids 0 to "
                f"{len(self.classes) - 1} "
                f"({', '.join(self.classes)}); repaint it or map its classes to the model's."
            )
        return {self.name: np.ascontiguousarray(ids.astype(np.uint8)[None])}

    def decode(self, array: Array) -> Array:
        ids: Array = array[0].astype(np.uint8)
        return ids

    def distance(self, expected: Array, actual: Array) -> float:
        """The share of pixels whose class differs, over the one in a thousand that rounding may
        turn.
        """
        if expected.shape != actual.shape:
            return math.inf
        return float(np.mean(expected != actual)) if expected.size else 0.0


@dataclass(frozen=True)
class Mask(Spatial):
    """A choice of pixels: bool (H, W) in a document, float32 (N, 1, H, W) of 0 and 1 in a graph.

    `fixed` as an image's; where `whole`, all is chosen when nothing was said.
    """

    fixed: tuple[int, ...] = ()
    whole: bool = False

    kind: ClassVar[str] = "mask"

    @property
    def free(self) -> bool:
        return not self.fixed

    @property
    def default(self) -> Any:
        return np.ones((1, 1), bool) if self.whole else None

    def tensors(self) -> tuple[Axes, ...]:
        spatial: tuple[int | str, ...] = self.fixed or ("height", "width")
        return (Axes(self.name, "float32", ("batch", 1, *spatial)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        shape = self.tensors()[0].shape(batch, size)
        return {self.name: rng.integers(0, 2, shape).astype(np.float32)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        height, width = self.fixed or size
        mask = np.asarray(value)
        if self.whole and mask.shape == (1, 1):
            mask = np.broadcast_to(mask, (height, width))
        self._expect(mask, (height, width), "a mask")
        return {self.name: (mask > 0).astype(np.float32)[None, None]}

    def decode(self, array: Array) -> Array:
        return np.asarray(array[0, 0] > 0.5)
