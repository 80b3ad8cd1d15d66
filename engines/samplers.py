"""Noise schedules and samplers of diffusion models, for numpy arrays and torch tensors alike.

Steps are numbered as in Ho 2020, arXiv:2006.11239: t = 1..T, and t = 0 is the clean picture.
Training (torch) and local inference (numpy) share this file, so it imports no torch and uses only
what both kinds of array can do.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from math import sqrt
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from engines.errors import UserError

Array: TypeAlias = Any  # numpy.ndarray or torch.Tensor, (N, ...) floating point
Steps: TypeAlias = Any  # an int, or an (N,) array of ints of the same kind as Array
Table = npt.NDArray[np.float64]
Kind = Literal["linear", "cosine"]
Prediction = Literal["eps", "x0", "v"]

_MOST_STEPS = 100_000
_HIGHEST_BETA = 0.999


@dataclass(frozen=True)
class Schedule:
    """How fast noise takes over, and what the denoiser predicts. UserError on unusable settings.

    linear: beta from 1e-4 to 0.02 (Ho 2020, section 4), times 1000/T, so that the end is as noisy
    at any T. cosine: Nichol 2021, arXiv:2102.09672, eq. 17. No beta exceeds 0.999.
    """

    kind: Kind = "linear"
    T: int = 1000
    prediction: Prediction = "eps"

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("kind", self.kind, get_args(Kind)),
            ("prediction", self.prediction, get_args(Prediction)),
        ):
            if value not in allowed:
                raise UserError(
                    f"A noise schedule's {name} must be one of {', '.join(allowed)}, "
                    f"not {repr(value)[:40]}."
                )
        if type(self.T) is not int or not 1 <= self.T <= _MOST_STEPS:
            raise UserError(
                f"A noise schedule's T must be a whole number from 1 to {_MOST_STEPS}, "
                f"not {repr(self.T)[:40]}."
            )

    @cached_property
    def betas(self) -> Table:
        """(T + 1,) beta_t; beta_0 = 0."""
        if self.kind == "linear":
            betas = np.linspace(1e-4, 0.02, self.T) * (1000 / self.T)
        else:
            level = np.cos((np.arange(self.T + 1) / self.T + 0.008) / 1.008 * np.pi / 2) ** 2
            betas = 1 - level[1:] / level[:-1]
        return _frozen(np.concatenate([[0.0], np.minimum(betas, _HIGHEST_BETA)]))

    @cached_property
    def alphas_bar(self) -> Table:
        """(T + 1,) alpha_bar_t = the product of 1 - beta up to t; alpha_bar_0 = 1."""
        return _frozen(np.cumprod(1 - self.betas))

    def noised(self, x_0: Array, noise: Array, t: Steps) -> Array:
        """A draw of q(x_t | x_0), sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise; eq. 4."""
        signal, spread = self._levels(t, x_0)
        return signal * x_0 + spread * noise

    def posterior(self, x_0: Array, x_t: Array, t: Steps, s: Steps) -> tuple[Array, Array]:
        """Mean and variance of q(x_s | x_t, x_0) for s < t; eqs. 6 and 7, whose s is t - 1.

        The variance is a number where `t` is one, else (N, 1, ...). Skipping steps replaces
        alpha_t by alpha_bar_t / alpha_bar_s (Nichol 2021, eq. 19).
        """
        bar_t, bar_s = _at(self.alphas_bar, t, x_t), _at(self.alphas_bar, s, x_t)
        alpha = bar_t / bar_s
        share_0 = bar_s**0.5 * (1 - alpha) / (1 - bar_t)
        share_t = alpha**0.5 * (1 - bar_s) / (1 - bar_t)
        return share_0 * x_0 + share_t * x_t, (1 - bar_s) / (1 - bar_t) * (1 - alpha)

    def target(self, x_0: Array, noise: Array, t: Steps) -> Array:
        """What the denoiser should answer at (x_t, t): the noise, x_0, or v.

        v = sqrt(alpha_bar_t) noise - sqrt(1 - alpha_bar_t) x_0; Salimans 2022, arXiv:2202.00512.
        """
        if self.prediction == "eps":
            return noise
        if self.prediction == "x0":
            return x_0
        signal, spread = self._levels(t, x_0)
        return signal * noise - spread * x_0

    def to_x0(self, prediction: Array, x_t: Array, t: Steps) -> Array:
        """The x_0 that a prediction stands for."""
        if self.prediction == "x0":
            return prediction
        signal, spread = self._levels(t, x_t)
        if self.prediction == "eps":
            return (x_t - spread * prediction) / signal
        return signal * x_t - spread * prediction

    def to_eps(self, prediction: Array, x_t: Array, t: Steps) -> Array:
        """The noise that a prediction stands for."""
        if self.prediction == "eps":
            return prediction
        signal, spread = self._levels(t, x_t)
        if self.prediction == "x0":
            return (x_t - signal * prediction) / spread
        return spread * x_t + signal * prediction

    def strided(self, steps: int) -> list[int]:
        """[T, ..., 0]: the t's of a walk in `steps` even strides. UserError beyond 1..T."""
        if not 1 <= steps <= self.T:
            raise UserError(f"This model samples in 1 to {self.T} steps, not {steps}.")
        return [-(-self.T * left // steps) for left in range(steps, -1, -1)]

    def to_json(self) -> str:
        """One line of JSON that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Schedule":
        """Read `to_json`'s line, from a stranger too. UserError where it is not one."""
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UserError("The model's noise schedule is not JSON; it cannot be used.") from error
        if not isinstance(fields, dict) or set(fields) != {"kind", "T", "prediction"}:
            raise UserError(
                "The model's noise schedule must have exactly kind, T and prediction; "
                "it cannot be used."
            )
        return cls(**fields)

    def _levels(self, t: Steps, like: Array) -> tuple[Array, Array]:
        """sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t), to multiply `like` with."""
        bar = self.alphas_bar
        return _at(np.sqrt(bar), t, like), _at(np.sqrt(1 - bar), t, like)


Denoise: TypeAlias = Callable[[Array, npt.NDArray[np.int64]], Array]
Noise: TypeAlias = Callable[[int], Array]


class Sampler(Protocol):
    """From noise to picture, one frame a step.

    `denoise(x, t)` gets (N, ...) and t (N,) int64 in 1..T (numpy for either kind of array) and
    answers what `schedule.prediction` says. `noise(step)` is standard normal, shaped like x. `clip`
    bounds every predicted x_0 to [-clip, clip]. Yields (step counted from 0, x, predicted x_0); the
    last x is the result. UserError where `steps` is not in 1..T.
    """

    def __call__(
        self,
        denoise: Denoise,
        x: Array,
        schedule: Schedule,
        steps: int,
        noise: Noise,
        *,
        clip: float | None = None,
    ) -> Iterator[tuple[int, Array, Array]]: ...


def ancestral(
    denoise: Denoise,
    x: Array,
    schedule: Schedule,
    steps: int,
    noise: Noise,
    *,
    clip: float | None = None,
) -> Iterator[tuple[int, Array, Array]]:
    """Ho 2020, algorithm 2, with sigma_t^2 the posterior's variance, which few steps need.

    The mean is written through x_0, so that it can be clipped; without clipping it is
    (x_t - beta_t / sqrt(1 - alpha_bar_t) eps) / sqrt(alpha_t), eq. 11.
    """
    for step, (t, s) in enumerate(pairwise(schedule.strided(steps))):
        x_0 = _predicted(denoise, x, schedule, t, clip)
        x, variance = schedule.posterior(x_0, x, t, s)
        if s > 0:
            x = x + sqrt(variance) * noise(step)
        yield step, x, x_0


def ddim(
    denoise: Denoise,
    x: Array,
    schedule: Schedule,
    steps: int,
    noise: Noise,
    *,
    clip: float | None = None,
    eta: float = 0.0,
) -> Iterator[tuple[int, Array, Array]]:
    """Song 2021, arXiv:2010.02502, eqs. 12 and 16; eta 0 is deterministic, eta 1 `ancestral`."""
    bar = schedule.alphas_bar
    for step, (t, s) in enumerate(pairwise(schedule.strided(steps))):
        x_0 = _predicted(denoise, x, schedule, t, clip)
        eps = (x - sqrt(bar[t]) * x_0) / sqrt(1 - bar[t])
        sigma = eta * sqrt((1 - bar[s]) / (1 - bar[t]) * (1 - bar[t] / bar[s]))
        x = sqrt(bar[s]) * x_0 + sqrt(max(1 - bar[s] - sigma**2, 0.0)) * eps
        if sigma > 0:
            x = x + sigma * noise(step)
        yield step, x, x_0


SAMPLERS: Mapping[str, Sampler] = MappingProxyType({"ancestral": ancestral, "ddim": ddim})


def _predicted(denoise: Denoise, x: Array, schedule: Schedule, t: int, clip: float | None) -> Array:
    """The denoiser's x_0 at step `t`, clipped where asked."""
    x_0 = schedule.to_x0(denoise(x, np.full(len(x), t, np.int64)), x, t)
    return x_0 if clip is None else x_0.clip(-clip, clip)


def _at(table: Table, t: Steps, like: Array) -> Array:
    """table[t] as a float for an int t, else (N, 1, ...) of `like`'s kind, precision and device."""
    if isinstance(t, int):
        return float(table[t])
    values = table[np.asarray(t.tolist(), np.int64)].reshape(-1, *[1] * (like.ndim - 1))
    if isinstance(like, np.ndarray):
        return values.astype(like.dtype)
    return like.new_tensor(values.tolist())


def _frozen(values: npt.NDArray[np.floating]) -> Table:
    table = values.astype(np.float64)
    table.setflags(write=False)
    return table
