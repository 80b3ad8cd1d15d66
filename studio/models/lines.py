"""Curves made ready to be drawn: few points, smoothed, on a plain or a logarithmic scale."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.lanes.curve import Curve

Floats = npt.NDArray[np.float64]
MEMORY = 0.06  # of the whole width that the smoothing looks back on
FAR = 2.0  # times the height of a plot: a bound further off is only pointed at
_LEAST = 1e-12  # what a logarithmic scale takes zero for


@dataclass(frozen=True)
class Line:
    """A series reduced to `n` points: its steps, the least, mean and greatest value at each, and
    the smoothed mean.
    """

    steps: Floats
    low: Floats
    mean: Floats
    high: Floats
    smooth: Floats

    @property
    def range(self) -> tuple[float, float]:
        """From where to where the plot goes; outliers at the start may leave it."""
        if len(self.mean) > 8:
            low, high = np.quantile(self.low, 0.02), np.quantile(self.high, 0.98)
        else:
            low, high = self.low.min(), self.high.max()
        return float(min(low, self.smooth.min())), float(max(high, self.smooth[-1]))


def reduce(curve: Curve, points: int, memory: float = MEMORY) -> Line | None:
    """At most `points` points of a series; None where it has no finite value."""
    steps, values = np.array(curve.steps), np.array(curve.values)
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    if not len(values):
        return None
    if len(values) > points:
        starts = np.linspace(0, len(values), points, endpoint=False).astype(int)
        counts = np.diff(np.append(starts, len(values)))
        low = np.minimum.reduceat(values, starts)
        high = np.maximum.reduceat(values, starts)
        mean = np.add.reduceat(values, starts) / counts
        steps = steps[starts + counts - 1]
    else:
        low = mean = high = values
    return Line(steps, low, mean, high, smoothed(mean, memory))


def smoothed(values: Floats, memory: float) -> Floats:
    """Exponential mean over a share `memory` of the values that starts as a plain mean, so that
    the beginning does not lag; 0 leaves them as they are.
    """
    smooth = np.empty_like(values)
    decay = 1 - 1 / max(1.0, memory * len(values))
    total = weight = 0.0
    for i, value in enumerate(values):
        total, weight = decay * total + value, decay * weight + 1
        smooth[i] = total / weight
    return smooth


@dataclass(frozen=True)
class Scale:
    """Values to heights in [0, 1], padded; `log` where all of them allow it."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, low: float, high: float, log: bool) -> "Scale":
        """A scale over these values; plain where they are not all positive."""
        if log and low > 0:
            a, b = math.log(low), math.log(max(high, low))
            pad = 0.06 * (b - a) or 0.1
            return cls(math.exp(a - pad), math.exp(b + pad), True)
        pad = 0.06 * (high - low) or max(abs(high), 1e-9) * 0.1
        return cls(low - pad, high + pad)

    def with_bound(self, value: float) -> "Scale":
        """One that shows this value too, unless that would press all others together."""
        share = float(self.heights(np.array([value]))[0])
        if not math.isfinite(share) or not -FAR <= share <= 1 + FAR or 0 <= share <= 1:
            return self
        return self._reaching(value)

    def _reaching(self, value: float) -> "Scale":
        """As far as a value, with a little room beyond it."""
        if self.log:
            room = (self.high / self.low) ** 0.08
            low = self.low if value > self.low else value / room
            return Scale(low, self.high if value < self.high else value * room, True)
        room = 0.08 * (max(self.high, value) - min(self.low, value))
        low = self.low if value > self.low else value - room
        return Scale(low, self.high if value < self.high else value + room)

    def heights(self, values: Floats) -> Floats:
        """0 at the bottom, 1 at the top; outside of them what the plot does not show."""
        low, high, found = self.low, self.high, values
        if self.log:
            low, high = math.log(low), math.log(high)
            found = np.log(np.maximum(values, _LEAST))
        return np.asarray((found - low) / (high - low))
