"""Typed inputs and outputs of models: the only place where arrays change form.

A port names one thing that goes into or comes out of a graph. It knows the document's form of a
value (uint8 pictures, class ids, named attributes), the graph's form (float32 NCHW in [-1, 1],
ids, tables), and how to go between. Ports travel as JSON in the ONNX metadata, so a model file
describes itself.
"""

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
class Regional:
    """A table of vectors (R, D) and the map (H, W) uint8 that says which row rules each pixel."""

    table: Array
    regions: Array


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
    """

    channels: int = 3
    fixed: tuple[int, ...] = ()
    scale: int = 1

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


@dataclass(frozen=True)
class Scalar(Port):
    """One number in [minimum, maximum]; float32 (N,) in a graph."""

    minimum: float = 0.0
    maximum: float = 1.0
    initial: float = 0.0

    kind: ClassVar[str] = "scalar"

    @property
    def default(self) -> Any:
        return self.initial

    def tensors(self) -> tuple[Axes, ...]:
        return (Axes(self.name, "float32", ("batch",)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        return {self.name: rng.uniform(self.minimum, self.maximum, batch).astype(np.float32)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        if not self.minimum <= float(value) <= self.maximum:
            raise UserError(
                f"{self.label or self.name} must lie between {self.minimum:g} and "
                f"{self.maximum:g}, not {value}; "
                "choose a value in that range."
            )
        return {self.name: np.array([value], np.float32)}

    def decode(self, array: Array) -> float:
        return float(array[0])


@dataclass(frozen=True)
class Choice(Port):
    """One of several named options: a name or its index in a document, int64 (N,) in a graph."""

    options: tuple[str, ...] = ()
    initial: int = 0

    kind: ClassVar[str] = "choice"

    @property
    def default(self) -> Any:
        return self.initial

    def tensors(self) -> tuple[Axes, ...]:
        return (Axes(self.name, "int64", ("batch",)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        return {self.name: rng.integers(0, len(self.options), batch)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        index = self.options.index(value) if value in self.options else value
        if not isinstance(index, int | np.integer) or not 0 <= index < len(self.options):
            raise UserError(
                f"{self.label or self.name} has no option {value!r}; choose one of "
                f"{', '.join(self.options)}."
            )
        return {self.name: np.array([index], np.int64)}

    def decode(self, array: Array) -> str:
        return self.options[int(array[0])]


@dataclass(frozen=True)
class Text(Port):
    """A sentence: str in a document, UTF-8 bytes padded with 0, uint8 (N, length), in a graph."""

    length: int = 128
    kind: ClassVar[str] = "text"

    @property
    def default(self) -> Any:
        return ""

    @property
    def null(self) -> Any:
        return ""

    def tensors(self) -> tuple[Axes, ...]:
        return (Axes(self.name, "uint8", ("batch", self.length)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        return {self.name: rng.integers(97, 123, (batch, self.length), dtype=np.uint8)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        data = str(value).encode("utf-8")
        if len(data) > self.length:
            raise UserError(
                f"{self.label or self.name} takes at most {self.length} bytes of text; shorten it."
            )
        return {self.name: np.frombuffer(data.ljust(self.length, b"\0"), np.uint8)[None].copy()}

    def decode(self, array: Array) -> str:
        return bytes(array[0].astype(np.uint8)).rstrip(b"\0").decode("utf-8", "replace")


@dataclass(frozen=True)
class Noise(Port):
    """Standard normal noise drawn from a seed: (channels,), or (channels, H / scale, W / scale)
    where `scale` > 0.
    """

    channels: int = 1
    scale: int = 0
    multiple: int = 1
    kind: ClassVar[str] = "noise"

    @property
    def default(self) -> Any:
        return 0

    def tensors(self) -> tuple[Axes, ...]:
        spatial: tuple[int | str, ...] = ()
        if self.scale:
            spatial = (f"height/{self.scale}", f"width/{self.scale}")
        return (Axes(self.name, "float32", ("batch", self.channels, *spatial)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        shape = self.tensors()[0].shape(batch, size)
        return {self.name: rng.standard_normal(shape, dtype=np.float32)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        """From a seed (a whole number), or from an array of the right shape."""
        if isinstance(value, int | np.integer):
            return self.sample(np.random.default_rng(int(value)), 1, size)
        array = np.asarray(value, np.float32)
        shape = self.tensors()[0].shape(1, size)[1:]
        if array.shape != shape:
            raise UserError(
                f"{self.label or self.name} needs a seed or an array of shape {shape}, not "
                f"{array.shape}."
            )
        return {self.name: array[None]}

    def decode(self, array: Array) -> Array:
        noise: Array = array[0]
        return noise


@dataclass(frozen=True)
class NoiseLevel(Port):
    """How noisy a denoiser's input is: the step t in 1..T as int64 (N,). Carries the schedule and
    what is predicted.

    `noisy` names the port that holds x_t; the graph's first output is the prediction.
    """

    schedule: Schedule = Schedule()  # noqa: RUF009 - frozen, so sharing it is safe.
    noisy: str = "noise"

    kind: ClassVar[str] = "noise_level"

    def tensors(self) -> tuple[Axes, ...]:
        return (Axes(self.name, "int64", ("batch",)),)

    def sample(self, rng: np.random.Generator, batch: int, size: Size) -> dict[str, Array]:
        return {self.name: rng.integers(1, self.schedule.T + 1, batch)}

    def encode(self, value: Any, size: Size) -> dict[str, Array]:
        return {self.name: np.array([value], np.int64)}

    def decode(self, array: Array) -> int:
        return int(array[0])

    @classmethod
    def _typed(cls, name: str, value: Any) -> Any:
        return Schedule.from_json(value) if name == "schedule" else super()._typed(name, value)


KINDS: dict[str, type[Port]] = {
    kind.kind: kind
    for kind in (
        Image,
        Layout,
        Mask,
        Latent,
        Moments,
        Attributes,
        Scalar,
        Choice,
        Text,
        Noise,
        NoiseLevel,
    )
}


def port_from_json(values: Mapping[str, Any]) -> Port:
    """Read a port of any kind; UserError when the kind is unknown or an entry is missing."""
    kind = values.get("kind")
    if kind not in KINDS:
        raise UserError(
            f"The model has a port of unknown kind {kind!r}; it needs a newer Pentimento."
        )
    return KINDS[kind].from_json(values)
