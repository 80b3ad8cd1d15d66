"""Surprise me: other values for what is not locked, as one step."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.ports import Attributes, Latent, Noise
from studio.document.scene import Scene

if TYPE_CHECKING:
    from engines.runtime.bundle import Bundle

SAID = 0.6  # the share of attributes that a surprise sets; the rest are left unsaid


def surprised(scene: Scene, bundle: "Bundle", rng: "np.random.Generator") -> Scene:
    """The scene with other attributes, latents and seed, each only where it is not locked."""
    values: dict[str, Any] = dict(scene.values)
    for port in bundle.ports:
        if isinstance(port, Attributes):
            values[port.name] = _attributes(port, scene, rng)
        elif isinstance(port, Latent) and port.name not in scene.locked:
            values[port.name] = chance(port, rng)
    values = {name: value for name, value in values.items() if value != {}}
    seed = scene.seed if "seed" in scene.locked else int(rng.integers(0, 2**31))
    return replace(scene, values=values, seed=seed if drawn(bundle) else scene.seed)


def chance(port: Latent, rng: "np.random.Generator") -> tuple[float, ...]:
    """A vector from the latent's prior."""
    return tuple(round(float(v), 4) for v in rng.standard_normal(port.dimensions))


def drawn(bundle: "Bundle") -> bool:
    """Whether the seed has a say in this model's pictures."""
    return any(isinstance(port, Noise) for port in bundle.ports)


def _attributes(port: Attributes, scene: Scene, rng: "np.random.Generator") -> dict[str, float]:
    before = scene.values.get(port.name, {})
    found: dict[str, float] = {}
    for name in port.names:
        said, value = rng.uniform() < SAID, round(float(rng.uniform()), 2)
        if f"{port.name}.{name}" in scene.locked:
            if name in before:
                found[name] = before[name]
        elif said:
            found[name] = value
    return found
