"""Manners of the workshop: cut paper, mosaic, glass, thread, batik, marbling, enamel, felt."""

import numpy as np

from engines.worlds.painterly_brush import Canvas, cut, paper, places, weave
from engines.worlds.painterly_subject import Subject
from engines.worlds.painterly_tools import (
    blur,
    cells,
    grid,
    luma,
    mixed,
    noise,
    ramp,
    relief,
    sample,
    saturated,
    varied,
    warped,
)  # fmt: skip
from engines.worlds.vista_noise import Array, f32, lerp, smooth


def _flat(s: Subject) -> Array:
    """The mean colour of every thing, over it."""
    flat = s.region.ravel()
    count = np.maximum(np.bincount(flat), 1)
    sums = np.stack([np.bincount(flat, s.colour[..., c].ravel()) for c in range(3)], -1)
    return f32(sums / count[:, None])[s.region]


def cut_paper(s: Subject) -> Array:
    """Sheets of coloured paper, cut by hand and laid over one another, with their shadows."""
    u = s.unit
    y, x = grid(s.shape)
    bend = 1.6 * u
    dy, dx = (bend * noise(s.rng, s.shape, 26 * u, 2) for _ in range(2))
    rows = np.clip(np.rint(y + dy), 0, s.shape[0] - 1).astype(np.int64)
    columns = np.clip(np.rint(x + dx), 0, s.shape[1] - 1).astype(np.int64)
    region = s.region[rows, columns]
    step = np.clip(np.floor(s.tone[rows, columns] * 3.2), 0, 3)
    sheets = region * 4 + step.astype(np.int64)  # what is lighter lies higher
    flat = _flat(s)[rows, columns]
    tint = saturated(flat, 1.15) * (0.80 + 0.17 * step)[..., None]
    picture = f32(tint)
    high = f32(sheets)
    for reach, share in ((1.2, 0.30), (3.0, 0.30), (5.5, 0.20)):
        k = max(1, round(reach * u))
        cast = np.zeros_like(high)
        cast[k:, k:] = high[:-k, :-k]
        over = f32(cast > high + 0.5)
        picture = picture * (1 - share * blur(over, 0.45 * reach * u) * (high >= 0))[..., None]
    rim = np.zeros(s.shape, np.float32)
    rim[1:, 1:] = high[1:, 1:] > high[:-1, :-1] + 0.5
    picture = picture + 0.10 * np.clip(blur(rim, 0.5 * u), 0, 1)[..., None]
    fibres = noise(s.rng, s.shape, (1.5 * u, 9 * u), 2) + noise(s.rng, s.shape, (9 * u, 1.5 * u), 2)
    return f32(
        picture * relief(f32(paper(s.rng, s.shape, 1.2 * u) + 0.5 * fibres), 0.05)[..., None]
    )


def mosaic(s: Subject) -> Array:
    """Small stones in mortar, in rows that bend with the forms."""
    u = s.unit
    size = s.rng.uniform(6.5, 9.0) * u
    y, x = grid(s.shape)
    dy, dx = (10 * u * noise(s.rng, s.shape, 80 * u, 2) for _ in range(2))
    c, t = np.cos(0.3), np.sin(0.3)
    v, w = ((y + dy) * c - (x + dx) * t) / size, ((x + dx) * c + (y + dy) * t) / size
    row = np.floor(v).astype(np.int64)
    w = w + 0.5 * (row % 2) + 0.15 * np.sin(row * 2.4)
    column = np.floor(w).astype(np.int64)
    key = (row - row.min()) * (int(column.max() - column.min()) + 1) + column - column.min()
    count = np.maximum(np.bincount(key.ravel()), 1)
    means = np.stack([np.bincount(key.ravel(), s.colour[..., i].ravel()) for i in range(3)], -1)
    stones = saturated(varied(s.rng, f32(means / count[:, None]), 0.022, 0.045), 1.35)
    chip = 0.09 * noise(s.rng, s.shape, 3 * u, 2)
    shape = s.rng.uniform(0.06, 0.15, (2, len(count)))
    edge = (
        np.minimum(
            0.5 - shape[0][key] - np.abs(v - row - 0.5),
            0.5 - shape[1][key] - np.abs(w - column - 0.5),
        )
        + chip
    )
    inside = np.clip(edge * size / 1.0 + 0.5, 0, 1)
    lean = s.rng.normal(0, 0.10, (2, len(count)))
    glint = (
        1
        + lean[0][key] * (v - row - 0.5) * 2
        + lean[1][key]
        + 0.05 * noise(s.rng, s.shape, 2 * u, 2)
    )
    grout = lerp(f32([0.62, 0.58, 0.52]), s.theme.dark, s.rng.uniform(0.1, 0.8))
    mortar = grout * (1 + 0.16 * paper(s.rng, s.shape, u))[..., None]
    height = np.clip(edge * 6, 0, 1)
    return (
        mixed(f32(mortar), stones[key] * glint[..., None], f32(inside))
        * relief(f32(height), 0.35)[..., None]
    )


def stained_glass(s: Subject) -> Array:
    """Panes with the light behind them, streaks and bubbles, in lead."""
    u = s.unit
    cell, edge, cy, _cx = cells(
        s.rng, s.shape, s.rng.uniform(24, 36) * u, 0.95, s.rng.uniform(0, 1)
    )
    flat = saturated(_flat(s), 1.7)
    shift = s.rng.normal(0, 0.07, (len(cy), 1))
    streak = noise(s.rng, s.shape, (10 * u, 26 * u), 4) + 0.5 * noise(s.rng, s.shape, 5 * u, 2)
    glass = flat + f32(shift)[cell] + (0.12 * streak)[..., None]
    y, x = grid(s.shape)
    sun_y, sun_x = s.rng.uniform(0.1, 0.6) * s.shape[0], s.rng.uniform(0.2, 0.8) * s.shape[1]
    glow = np.exp(
        -(((y - sun_y) / (0.6 * s.shape[0])) ** 2 + ((x - sun_x) / (0.6 * s.shape[1])) ** 2)
    )
    lit = (
        np.clip(glass, 0.02, 1) ** 0.85
        * (0.62 + 0.62 * glow)[..., None]
        * (0.75 + 0.5 * s.tone)[..., None]
    )
    lead = np.maximum(np.clip(1.4 - edge / (1.5 * u), 0, 1), s.outline(2.7 * u))
    lead = f32(np.clip(lead, 0, 1))
    bloom = blur(f32(lit * (1 - lead[..., None])), 4 * u)
    round_ = relief(blur(lead, 1.0 * u), 0.9)
    metal = f32([0.07, 0.07, 0.08]) * (0.6 + 0.7 * round_**2)[..., None]
    return f32(mixed(f32(lit), f32(metal), lead) + 0.16 * bloom)


def cross_stitch(s: Subject) -> Array:
    """Crosses of thread on linen, as many colours as there are skeins."""
    u = s.unit
    size = float(max(5, round(s.rng.uniform(5.0, 7.0) * u)))
    y, x = grid(s.shape)
    row, column = np.floor(y / size).astype(np.int64), np.floor(x / size).astype(np.int64)
    v, w = y / size - row - 0.5, x / size - column - 0.5
    cy = np.clip((row + 0.5) * size, 0, s.shape[0] - 1)
    cx = np.clip((column + 0.5) * size, 0, s.shape[1] - 1)
    ground = blur(saturated(s.colour, 1.2), 0.3 * size)
    skeins = f32(np.round(sample(ground, f32(cy), f32(cx)) * 6) / 6)
    first, second = np.abs(v - w) * 0.707, np.abs(v + w) * 0.707
    thread = 0.17
    inside = np.maximum(np.abs(v), np.abs(w)) < 0.49
    linen = (
        lerp(f32([0.90, 0.87, 0.80]), s.theme.light, 0.3)
        * (0.93 + 0.07 * weave(s.shape, size / 4))[..., None]
    )
    picture = f32(linen * 0.93)
    for apart, along, base in ((first, v + w, 0.86), (second, v - w, 1.04)):
        cover = np.clip((thread - apart) * size + 0.5, 0, 1) * inside
        twist = 0.09 * np.sin((along * 2.2 + apart * 6) * np.pi * 2)
        lift = (
            base * (1.05 - (apart / thread) ** 2 * 0.42) * (1 - 0.18 * (np.abs(along) > 0.75))
            + twist
        )
        near = blur(f32(cover), 0.8 * u)
        picture = picture * (1 - 0.2 * near * (1 - cover))[..., None]
        picture = mixed(picture, f32(skeins * lift[..., None]), f32(cover))
    return f32(picture * (1 + 0.02 * paper(s.rng, s.shape, u))[..., None])


def tapestry(s: Subject) -> Array:
    """Thick wool wefts over a warp, each with its own dye."""
    u = s.unit
    high, wide = max(3.0, 3.4 * u), max(4.0, 5.6 * u)
    y, x = grid(s.shape)
    y = y + 0.7 * u * noise(s.rng, s.shape, 30 * u)
    column = np.floor(x / wide).astype(np.int64)
    row = np.floor(y / high + 0.5 * (column % 2)).astype(np.int64)
    row -= row.min()
    v, w = (y / high + 0.5 * (column % 2)) % 1 - 0.5, x / wide - column - 0.5
    colours = blur(saturated(s.colour, 1.05), 1.2 * u)
    cy = np.clip(y - v * high, 0, s.shape[0] - 1)
    cx = np.clip((column + 0.5) * wide, 0, s.shape[1] - 1)
    wool = sample(colours, f32(cy), f32(cx))
    wool = f32(np.round(wool * 9) / 9)
    dye = s.rng.normal(0, 0.035, (int(row.max()) + 1, 1))[row]
    fuzz = 0.05 * noise(s.rng, s.shape, (1.5 * u, 4 * u), 2)
    body = 1.08 - 1.5 * v**2 - 0.9 * w**2
    return f32(np.clip(wool + dye + fuzz[..., None], 0, 1) * np.clip(body, 0.3, 1.1)[..., None])


def batik(s: Subject) -> Array:
    """Dyed cloth: pale lines where the wax was, dots, and cracks that took the dye."""
    u = s.unit
    flat = lerp(_flat(s), s.colour, 0.35)
    dye = saturated(flat, 1.3) * (0.92 + 0.14 * noise(s.rng, s.shape, 24 * u, 4))[..., None]
    y, x = grid(s.shape)
    period = s.rng.uniform(9, 13) * u
    v, w = (y / period) % 1 - 0.5, (x / period + 0.5 * (np.floor(y / period) % 2)) % 1 - 0.5
    patterned = (s.region * 7919 % 5) < 2
    ring = np.hypot(v, w) * period
    dotted = np.clip(1.5 * u - ring + 0.5, 0, 1) + np.clip(
        0.8 * u - np.abs(ring - 3.4 * u) + 0.3, 0, 1
    ) * ((s.region % 2) == 0)
    wax = np.maximum(s.outline(3.6 * u), np.clip(dotted, 0, 1) * patterned)
    wax = warped(f32(wax), s.rng, 1.1 * u, 7 * u)
    pale = lerp(s.theme.light, f32([0.96, 0.92, 0.82]), 0.5)
    cloth = mixed(f32(dye), pale, 0.92 * wax)
    crack = np.zeros(s.shape, np.float32)
    for size, share in ((46, 1.0), (21, 0.7)):
        _, edge, _, _ = cells(s.rng, s.shape, size * u, 1.0)
        thin = np.clip(1 - warped(edge, s.rng, 6 * u, 10 * u) / (0.85 * u), 0, 1)
        crack = np.maximum(
            crack, share * thin * smooth(-0.15, 0.45, noise(s.rng, s.shape, 60 * u, 2))
        )
    deep = lerp(s.theme.dark, s.theme.hues[2], 0.3)
    cloth = mixed(cloth, f32(deep), 0.72 * f32(crack))
    return f32(cloth * (1 + 0.035 * weave(s.shape, max(1.6, 1.6 * u)))[..., None])


def marbling(s: Subject) -> Array:
    """Inks floated on water and combed."""
    u = s.unit
    y, x = grid(s.shape)
    dy, dx = (34 * u * noise(s.rng, s.shape, 95 * u, 3) for _ in range(2))
    period = s.rng.uniform(26, 44) * u
    comb = 0.9 * period * (np.abs(((x + 0.3 * dx) / period) % 1 - 0.5) * 2) ** 1.5
    level = (y + dy + comb * s.rng.choice([-1.0, 1.0])) / (9 * u) + 1.3 * luma(
        blur(s.colour, 9 * u)
    ) * 3
    swirl = warped(f32(level), s.rng, 14 * u, 50 * u)
    band = np.floor(swirl).astype(np.int64)
    band -= band.min()
    palette = np.concatenate([s.theme.hues, s.theme.light[None], s.theme.dark[None]])
    order = s.rng.integers(0, len(palette), int(band.max()) + 2)
    part = swirl % 1
    colours = saturated(f32(palette), 1.1)
    picture = lerp(
        colours[order[band]], colours[order[band + 1]], smooth(0.93, 1.0, f32(part))[..., None]
    )
    vein = np.exp(-(((part - 0.5) / 0.05) ** 2)) * (order[band] % 2)
    picture = mixed(f32(picture), s.theme.light, 0.7 * f32(vein))
    for _ in range(int(s.rng.integers(10, 40))):  # drops thrown on last push the rest aside
        j, i, r = (
            s.rng.uniform(0, s.shape[0]),
            s.rng.uniform(0, s.shape[1]),
            s.rng.gamma(2, 2.0) * u,
        )
        far = np.hypot(y - j, (x - i)) + r * 0.3 * noise(s.rng, s.shape, 20 * u)
        picture = mixed(
            picture, colours[int(s.rng.integers(len(colours)))], f32(np.clip(r - far + 0.5, 0, 1))
        )
    return f32(picture * (1 + 0.03 * paper(s.rng, s.shape, u))[..., None])


def enamel(s: Subject) -> Array:
    """Glossy cells of molten glass between gold wires."""
    u = s.unit
    _cell, edge, _cy, _cx = cells(s.rng, s.shape, 30 * u, 0.9)
    flat = saturated(lerp(_flat(s), s.colour, 0.5), 1.45)
    wire = np.maximum(
        s.outline(3.4 * u), np.clip(1.2 - edge / (0.75 * u), 0, 1) * (((s.region * 31) % 3) == 0)
    )
    wire = f32(np.clip(wire, 0, 1))
    deep = blur(wire, 5 * u)
    grain = 0.05 * noise(s.rng, s.shape, 4 * u, 3)
    glass = flat * f32(1.08 - 0.75 * np.clip(deep, 0, 1) + grain)[..., None]
    dome = 1 - np.clip(deep * 2.2, 0, 1)
    down, across = np.gradient(blur(f32(dome), 1.5 * u))
    shine = np.clip(-(down + across) * 7 * u, 0, 1) ** 2
    glass = glass + 0.55 * f32(shine)[..., None]
    bright = 0.55 + 0.5 * ramp(f32(0.5 + 0.6 * noise(s.rng, s.shape, 40 * u, 2)))
    gold = (
        f32([0.93, 0.74, 0.36])
        * f32(bright)[..., None]
        * relief(blur(wire, 0.8 * u), 1.0)[..., None]
    )
    return mixed(f32(glass), f32(gold), wire)


def felt(s: Subject) -> Array:
    """Wool felt: soft shapes of tangled fibres, stitched on."""
    u = s.unit
    y, x = places(s.rng, s.shape, 2.5 * u)
    flat = lerp(_flat(s), s.colour, 0.5)
    canvas = Canvas(f32(flat), int(24 * u) + 16)
    rough = sample(blur(flat, 0.8 * u), y, x)
    colours = varied(s.rng, rough, 0.02, 0.055)
    stamps = cut("chalk", s.rng, 8 * u, max(0.7, 0.7 * u), 0.5)
    canvas.strokes(s.rng, stamps, y, x, f32(s.rng.uniform(0, np.pi, len(y))), colours, 0.55, 0.1)
    picture = canvas.paint
    puff = 1 - np.clip(blur(s.outline(4 * u), 2.5 * u) * 1.1, 0, 1)
    picture = picture * (0.66 + 0.38 * puff)[..., None] * relief(f32(puff), 0.7)[..., None]
    seam = s.outline(1.1 * u)
    across, down = grid(s.shape)
    dash = (across + down) % (7 * u) < 4 * u
    return mixed(f32(picture), lerp(s.theme.light, flat, 0.25), 0.8 * f32(seam * dash))
