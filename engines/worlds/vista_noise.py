"""Noise, brush-stroke textures and array helpers: pure functions of keys and coordinates."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]
Numbers = NDArray[np.floating[Any]]

TILE = 1024  # texels a side; every texture is periodic, one period is 1.0 in its coordinates
_TABLE = 4096


def generator(*key: int) -> np.random.Generator:
    """A generator that depends on `key` (non-negative integers) alone."""
    return np.random.default_rng(np.random.SeedSequence(key))


def f32(value: ArrayLike) -> Array:
    """`value` as a float32 array."""
    return np.asarray(value, dtype=np.float32)


def lerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Array:
    """a where t = 0, b where t = 1."""
    first, share = f32(a), f32(t)
    way = f32(b) - first
    if way.shape == np.broadcast_shapes(way.shape, share.shape):
        way *= share  # in place: the large arrays of the painter pass through here
        way += first
        return way
    return first + way * share


def smooth(low: float, high: float, x: ArrayLike) -> Array:
    """Smoothstep: 0 up to `low`, 1 from `high` on."""
    t = np.clip((f32(x) - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return f32(t * t * (3 - 2 * t))


@cache
def _table() -> Array:
    return generator(0x5157).random(_TABLE, dtype=np.float32)


def chance(cell: ArrayLike, key: int) -> Array:
    """A fixed pseudo-random number in [0, 1) for every integer cell."""
    index = np.asarray(cell, dtype=np.int64) * 1103 + (key * 2654435761) % 65521 * 37
    return f32(_table()[(index ^ (index >> 7)) % _TABLE])


def wave(
    x: ArrayLike, key: int, octaves: int = 3, rough: float = 0.5, angular: bool = False
) -> Array:
    """Fractal value noise of one variable in about [-1, 1]; `angular` has kinks, not curves."""
    at = np.asarray(x, dtype=np.float64)
    total = np.zeros(at.shape)
    gain, norm = 1.0, 0.0
    for octave in range(octaves):
        cell = np.floor(at)
        t = at - cell
        if not angular:
            t = t * t * (3 - 2 * t)
        a, b = chance(cell, key + 7 * octave), chance(cell + 1, key + 7 * octave)
        total += gain * (a + (b - a) * t)
        norm += gain
        gain *= rough
        at = at * 2.03 + 11.7
    return f32(total / norm * 2 - 1)


def look(texture: Array, x: Numbers, y: Numbers) -> Array:
    """Read a periodic texture at (x, y), in periods, nearest texel; x and y broadcast."""
    across = np.floor(x * np.float32(TILE)).astype(np.int32) & (TILE - 1)
    down = np.floor(y * np.float32(TILE)).astype(np.int32) & (TILE - 1)
    return f32(texture.ravel()[(down << 10) + across])


def _unit(field: NDArray[np.floating[Any]]) -> Array:
    """Shift and scale to mean 0 and standard deviation 1/2, cut to [-1.25, 1.25]."""
    return f32(np.clip((field - field.mean()) / (2 * field.std() + 1e-9), -1.25, 1.25))


def _blurred(field: NDArray[np.float64], across: float, down: float) -> NDArray[np.float64]:
    """`field` blurred by a periodic Gaussian of so many texels."""
    fy = np.fft.fftfreq(TILE)[:, None]
    fx = np.fft.rfftfreq(TILE)[None, :]
    blur = np.exp(-2 * np.pi**2 * ((fx * across) ** 2 + (fy * down) ** 2))
    return np.asarray(np.fft.irfft2(np.fft.rfft2(field) * blur, s=(TILE, TILE)), np.float64)


def _filtered(key: int, across: float, down: float) -> NDArray[np.float64]:
    """Blurred white noise of standard deviation 1."""
    field = _blurred(generator(key).standard_normal((TILE, TILE)), across, down)
    return np.asarray(field / field.std(), dtype=np.float64)


@cache
def soft() -> Array:
    """Cloud-like fractal noise."""
    sizes = (90.0, 45.0, 22.0, 11.0)
    return _unit(np.sum([_filtered(31 + i, s, s) * s for i, s in enumerate(sizes)], axis=0))


@cache
def grain() -> Array:
    """The tooth of the paper: fine, slightly fibrous."""
    return _unit(_filtered(41, 0.9, 0.9) + 0.7 * _filtered(42, 3.0, 0.8))


def _daub(
    key: int, count: int, length: tuple[int, int], width: tuple[int, int], lit: float, blunt: float
) -> Array:
    """Overlapping opaque strokes of one value each, with bristle marks.

    `lit` lightens their upper edges, `blunt` squares their ends (2: ellipses).
    """
    rng = generator(key)
    canvas = _filtered(key + 1, 30, 30) * 0.3
    for _ in range(count):
        half, thick = int(rng.integers(*length)), int(rng.integers(*width))
        x = np.arange(-half, half + 1) / half
        y = np.arange(-thick, thick + 1) / thick
        ends = 1 - 0.25 * rng.random((y.size, 1))  # ragged bristle ends
        bow = rng.normal(0, 0.25) * (1 - x[None, :] ** 2)
        shape = np.sqrt(1.02 - np.abs(x) ** blunt)
        cut = (np.abs(x)[None, :] < ends) & (np.abs(y[:, None] - bow) < shape)
        value = (
            rng.normal()
            + 0.22 * rng.standard_normal((y.size, 1))
            - lit * y[:, None]
            - 0.2 * x[None, :]
        )
        rows = (int(rng.integers(TILE)) + np.arange(y.size)) % TILE
        cols = (int(rng.integers(TILE)) + np.arange(x.size)) % TILE
        at = np.ix_(rows, cols)
        canvas[at] = np.where(cut, value, canvas[at])
    return _unit(_blurred(canvas, 1.2, 0.9))


@cache
def strokes() -> Array:
    """Long horizontal brush strokes."""
    return _daub(51, 2600, (60, 130), (7, 17), 0.15, 4)


@cache
def dabs() -> Array:
    """Short round dabs, lighter above: leaves, grass, pebbles."""
    return _daub(61, 9000, (11, 22), (8, 15), 0.7, 2)
