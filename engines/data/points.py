"""Toy distributions in the plane, for claims about coverage and convergence."""

import math

import numpy as np
import numpy.typing as npt

from engines.errors import UserError

NAMES = ("ring8", "grid25", "swissroll")


def check(name: str) -> None:
    """UserError unless there is a distribution of that name."""
    if name not in NAMES:
        raise UserError(f"There is no toy distribution {name!r}; choose one of {', '.join(NAMES)}.")


def modes(name: str) -> npt.NDArray[np.float64]:
    """The centres (K, 2) of a mixture's Gaussians: eight on a ring of radius 2, or a 5 x 5 grid."""
    if name == "ring8":
        angles = np.arange(8) * math.pi / 4
        return 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    steps = np.arange(-2.0, 3.0)
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def sample(name: str, count: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Points (count, 2) float32; the mixtures' deviations are 0.02 (ring8) and 0.05 (grid25)."""
    check(name)
    if name == "swissroll":
        t = 1.5 * math.pi * (1 + 2 * rng.random(count))
        roll = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 7.5
        return (roll + 0.02 * rng.standard_normal((count, 2))).astype(np.float32)
    centres = modes(name)
    spread = 0.02 if name == "ring8" else 0.05
    chosen = centres[rng.integers(0, len(centres), count)]
    return (chosen + spread * rng.standard_normal((count, 2))).astype(np.float32)
