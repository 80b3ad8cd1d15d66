"""Ports of noise: what is drawn from a seed, and how noisy a denoiser's input is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engines.errors import UserError
from engines.ports.port import Array, Axes, Port, Size
from engines.samplers import Schedule


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
