"""What painters share: noise, blur, warps, cells, screens, light on a relief."""

import numpy as np
from numpy.typing import NDArray

from engines.worlds.vista_noise import Array, f32, smooth

Ids = NDArray[np.int64]
Rng = np.random.Generator


def noise(
    rng: Rng, shape: tuple[int, int], cell: float | tuple[float, float], octaves: int = 1
) -> Array:
    """Fractal value noise in about [-1, 1]; `cell` is the size of its largest spots in pixels,
    or their height and width.
    """
    down, across = (cell, cell) if isinstance(cell, int | float) else cell
    total, gain, norm = np.zeros(shape, np.float32), 1.0, 0.0
    for _ in range(octaves):
        total += gain * _lattice(rng, shape, max(down, 1.0), max(across, 1.0))
        norm += gain
        gain, down, across = gain * 0.55, down / 2, across / 2
    return f32(total / norm)


def _lattice(rng: Rng, shape: tuple[int, int], down: float, across: float) -> Array:
    """Random numbers on a lattice of this spacing, joined by smooth curves."""
    rows, a = _steps(shape[0], down, rng)
    columns, b = _steps(shape[1], across, rng)
    table = rng.uniform(-1, 1, (int(rows[-1]) + 2, int(columns[-1]) + 2)).astype(np.float32)
    upper = table[rows] + (table[rows + 1] - table[rows]) * a[:, None]
    return f32(upper[:, columns] + (upper[:, columns + 1] - upper[:, columns]) * b)


def _steps(count: int, cell: float, rng: Rng) -> tuple[Ids, Array]:
    at = np.arange(count) / cell + rng.random()
    whole = np.floor(at).astype(np.int64)
    part = f32(at - whole)
    return whole, f32(part * part * (3 - 2 * part))


def blur(field: Array, sigma: float) -> Array:
    """A Gaussian blur of (H, W) or (H, W, C) by so many pixels; edges are mirrored."""
    reach = max(1, round(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        pads = [(0, 0)] * field.ndim
        pads[axis] = (reach, reach)
        wide = np.pad(field, pads, mode="symmetric")
        size = field.shape[axis]
        total = np.zeros_like(field)
        for i, weight in enumerate(weights):
            part = wide[i : i + size] if axis == 0 else wide[:, i : i + size]
            total += np.float32(weight) * part
        field = total
    return field


def sample(field: Array, y: Array, x: Array) -> Array:
    """Read (H, W) or (H, W, C) between pixels at (y, x); outside, its edge."""
    high, wide = field.shape[:2]
    y, x = np.clip(y, 0, high - 1.001), np.clip(x, 0, wide - 1.001)
    j, i = y.astype(np.int64), x.astype(np.int64)
    a, b = f32(y - j), f32(x - i)
    if field.ndim == 3:
        a, b = a[..., None], b[..., None]
    j1, i1 = np.minimum(j + 1, high - 1), np.minimum(i + 1, wide - 1)
    upper = field[j, i] * (1 - b) + field[j, i1] * b
    return f32(upper * (1 - a) + (field[j1, i] * (1 - b) + field[j1, i1] * b) * a)


def grid(shape: tuple[int, int]) -> tuple[Array, Array]:
    """The y and x of every pixel."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return f32(y), f32(x)


def warped(field: Array, rng: Rng, by: float, cell: float) -> Array:
    """A field pushed about by up to `by` pixels, in waves of `cell` pixels."""
    shape = field.shape[0], field.shape[1]
    y, x = grid(shape)
    return sample(field, y + by * noise(rng, shape, cell, 2), x + by * noise(rng, shape, cell, 2))


def relief(height: Array, strength: float, angle: float = -2.2) -> Array:
    """How light falls on a surface, around 1: a factor for colours."""
    down, across = np.gradient(height)
    return f32(np.clip(1 + strength * (across * np.cos(angle) + down * np.sin(angle)), 0.4, 1.7))


def luma(picture: Array) -> Array:
    """Brightness of (..., 3)."""
    return f32(picture @ f32([0.299, 0.587, 0.114]))


def ramp(phase: Array) -> Array:
    """A triangle wave: 0 where `phase` is whole, 1 half way between."""
    return f32(1 - np.abs((phase % 1) * 2 - 1))


def lines(phase: Array, dark: Array, period: float) -> Array:
    """Ink in [0, 1] of lines along whole phases, so wide that they cover `dark` of the ground;
    one period is `period` pixels.
    """
    return f32(np.clip((dark - ramp(phase)) * period / 2 + 0.5, 0, 1) * (dark > 0.02))


def dots(y: Array, x: Array, dark: Array, period: float, angle: float) -> Array:
    """Ink in [0, 1] of a halftone screen."""
    c, s = np.cos(angle), np.sin(angle)
    u, v = (x * c + y * s) / period, (y * c - x * s) / period
    level = 0.5 - 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v))
    return smooth(-0.09, 0.09, f32(dark * 1.04 - 0.02) - f32(level))


def cells(
    rng: Rng, shape: tuple[int, int], size: float, jitter: float = 0.9, turn: float = 0.0
) -> tuple[Ids, Array, Array, Array]:
    """Cells around points of a jittered grid: the number of each pixel's cell, the distance to
    its edge in pixels, and its centres' (y, x) by number.
    """
    y, x = grid(shape)
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, v = (x * c + y * s) / np.float32(size), (y * c - x * s) / np.float32(size)
    row, column = np.floor(v).astype(np.int64), np.floor(u).astype(np.int64)
    top, left = int(row.min()) - 1, int(column.min()) - 1
    rows, columns = int(row.max()) - top + 2, int(column.max()) - left + 2
    at = rng.uniform(-jitter / 2, jitter / 2, (rows, columns, 2)) + 0.5
    at[..., 0] += np.arange(top, top + rows)[:, None]
    at[..., 1] += np.arange(left, left + columns)
    points = f32(at).reshape(-1, 2)
    first = (row - top) * columns + (column - left)
    near, further = np.full(shape, 9e9, np.float32), np.full(shape, 9e9, np.float32)
    best = np.zeros(shape, np.int64)
    for step in (0, -columns - 1, -columns, 1 - columns, -1, 1, columns - 1, columns, columns + 1):
        cell = first + step
        apart = np.hypot(points[cell, 0] - v, points[cell, 1] - u)
        nearer = apart < near
        further = np.where(nearer, near, np.minimum(further, apart))
        best = np.where(nearer, cell, best)
        near = np.where(nearer, apart, near)
    centre_y = points[:, 0] * c + points[:, 1] * s
    centre_x = points[:, 1] * c - points[:, 0] * s
    # What lies as far from both centres is the edge.
    return best, f32((further - near) * size / 2), f32(centre_y * size), f32(centre_x * size)


def mixed(ground: Array, colour: Array, share: Array) -> Array:
    """`colour` over (H, W, 3) where `share` (H, W) is 1."""
    return f32(ground + (colour - ground) * share[..., None])


def varied(rng: Rng, colours: Array, hue: float, light: float) -> Array:
    """Colours (N, 3), each a little off in hue and lightness."""
    shift = rng.normal(0, hue, colours.shape)
    shift -= shift.mean(-1, keepdims=True)
    return f32(np.clip(colours + shift + rng.normal(0, light, (*colours.shape[:-1], 1)), 0, 1))


def saturated(colours: Array, by: float) -> Array:
    """Colours further from (above 1) or nearer to grey."""
    grey = luma(colours)[..., None]
    return f32(np.clip(grey + (colours - grey) * by, 0, 1))
