"""Ports of plain values: a number, one of several options, a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engines.errors import UserError
from engines.ports.port import Array, Axes, Port, Size


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
