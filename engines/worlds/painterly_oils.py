"""Manners of paint that covers: impasto, points, knife, fauves, gouache, facets, fresco, night."""

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
    relief,
    sample,
    saturated,
    varied,
    warped,
)  # fmt: skip
from engines.worlds.vista_noise import Array, f32, lerp, smooth


def _layer(
    s: Subject, canvas: Canvas, kind: str, spacing: float, length: float, width: float, *,
    only: float = 0.0, hue: float = 0.03, light: float = 0.05, turn: float = 0.25,
    opacity: float = 1.0, streaks: float = 0.12, boost: float = 1.0, bow: float = 0.15,
) -> None:  # fmt: skip
    """Strokes of the subject's colours along its directions; with `only`, where much happens."""
    unit = s.unit
    y, x = places(s.rng, s.shape, spacing * unit)
    if only > 0:
        keep = sample(s.detail(unit), y, x) > only
        y, x = y[keep], x[keep]
    colours = saturated(varied(s.rng, s.at(y, x, width * unit * 0.5), hue, light), boost)
    rows = np.clip(np.rint(y), 0, s.shape[0] - 1).astype(np.int64)
    columns = np.clip(np.rint(x), 0, s.shape[1] - 1).astype(np.int64)
    angle = s.angle[rows, columns] + s.rng.normal(0, turn, len(y))
    stamps = cut(kind, s.rng, length * unit, width * unit, bow)  # type: ignore[arg-type]
    canvas.strokes(s.rng, stamps, y, x, f32(angle), colours, opacity, streaks)


def _canvas(s: Subject, ground: Array) -> Canvas:
    return Canvas(ground, int(48 * s.unit) + 24)


def _flat(s: Subject, colour: Array) -> Array:
    return np.broadcast_to(f32(colour), (*s.shape, 3)).copy()


def impasto(s: Subject) -> Array:
    """Thick strokes that follow the forms and whirl in the open."""
    boost = s.rng.uniform(1.1, 1.35)
    canvas = _canvas(s, _flat(s, lerp(s.theme.hues[1], s.theme.dark, 0.4)))
    size = s.rng.uniform(0.85, 1.25)
    _layer(s, canvas, "bristle", 6 * size, 17 * size, 4.2 * size, boost=boost, hue=0.05, light=0.07)
    _layer(s, canvas, "bristle", 5 * size, 11 * size, 2.8 * size, boost=boost, hue=0.06, light=0.09)
    _layer(s, canvas, "bristle", 3.5, 6, 1.8, only=0.35, boost=boost, light=0.06)
    return canvas.paint * relief(canvas.thick, 0.55)[..., None]


def swirls(s: Subject) -> Array:
    """Short broken strokes in long currents, dark ground between."""
    s.angle = f32(s.angle * 0.4 + 3 * noise(s.rng, s.shape, 90 * s.unit, 2))
    canvas = _canvas(s, _flat(s, lerp(s.theme.dark, s.theme.hues[2], 0.25)))
    _layer(s, canvas, "bristle", 7, 11, 2.6, turn=0.05, hue=0.08, light=0.1, boost=1.3)
    _layer(s, canvas, "bristle", 6, 9, 2.0, turn=0.05, hue=0.08, light=0.14, boost=1.35)
    _layer(s, canvas, "bristle", 3.4, 5, 1.4, only=0.4, turn=0.1, boost=1.3)
    return canvas.paint * relief(canvas.thick, 0.7)[..., None]


def pointillism(s: Subject) -> Array:
    """Round dots of pure colours that mix in the eye."""
    canvas = _canvas(s, _flat(s, lerp(s.theme.light, s.theme.hues[0], 0.15)))
    size = s.rng.uniform(0.8, 1.25)
    for spacing, radius, hue in ((3.4, 2.3, 0.10), (3.0, 1.9, 0.15), (2.9, 1.5, 0.19)):
        _layer(
            s,
            canvas,
            "dot",
            spacing * size,
            radius * size,
            radius * size,
            hue=hue,
            light=0.08,
            boost=1.45,
            streaks=0.1,
        )
    return canvas.paint * relief(canvas.thick, 0.12)[..., None]


def palette_knife(s: Subject) -> Array:
    """Broad slabs, scraped and ridged."""
    canvas = _canvas(s, _flat(s, lerp(s.theme.dark, s.theme.hues[3], 0.4)))
    s.angle = f32(s.angle + np.where(noise(s.rng, s.shape, 60 * s.unit) > 0, 0.5, -0.5))
    _layer(
        s,
        canvas,
        "knife",
        12,
        21,
        9,
        turn=0.45,
        hue=0.05,
        light=0.09,
        boost=1.15,
        streaks=0.22,
        bow=0,
    )
    _layer(
        s,
        canvas,
        "knife",
        9,
        12,
        5.5,
        turn=0.6,
        hue=0.05,
        light=0.09,
        boost=1.2,
        streaks=0.2,
        bow=0,
    )
    _layer(s, canvas, "knife", 5, 7, 3, only=0.45, turn=0.5, light=0.06, streaks=0.16, bow=0)
    return canvas.paint * relief(blur(canvas.thick, 0.6), 0.6)[..., None]


def fauve(s: Subject) -> Array:
    """Loud flat colours in big strokes, dark blue outlines, bare ground between."""
    canvas = _canvas(s, _flat(s, s.theme.light))
    swapped = f32(
        np.clip(
            saturated(s.colour, 1.9)
            + 0.14 * noise(s.rng, s.shape, 70 * s.unit)[..., None] * f32([1, -0.6, -0.4]),
            0,
            1,
        )
    )
    s.colour = f32(np.round(swapped * 5) / 5)
    _layer(s, canvas, "bristle", 10, 15, 5, turn=0.35, hue=0.05, light=0.05, streaks=0.1)
    _layer(s, canvas, "bristle", 7, 9, 3, only=0.3, turn=0.3, hue=0.04)
    line = warped(s.outline(3.2 * s.unit), s.rng, 2.5 * s.unit, 18 * s.unit)
    dry = smooth(-0.9, 0.1, noise(s.rng, s.shape, (5 * s.unit, 12 * s.unit), 2))
    return mixed(canvas.paint, f32(s.theme.dark * 0.8), line * dry)


def gouache(s: Subject) -> Array:
    """Flat matt planes in a few tones, edges a little dry."""
    wobble = 2.2 * s.unit
    y, x = grid(s.shape)
    dy, dx = (wobble * noise(s.rng, s.shape, 16 * s.unit, 3) for _ in range(2))
    colour, tone = sample(s.colour, y + dy, x + dx), sample(s.tone, y + dy, x + dx)
    steps = np.round(tone * 4) / 4
    grain = noise(s.rng, s.shape, (2 * s.unit, 9 * s.unit), 3)
    band = np.clip(steps - tone + 0.03 * grain, -0.2, 0.2)
    flat = f32(np.clip(colour + band[..., None] * 1.1, 0, 1))
    flat = lerp(flat, s.theme.light, 0.07)
    flat += 0.022 * paper(s.rng, s.shape, s.unit)[..., None] + 0.02 * grain[..., None]
    return flat


def facets(s: Subject) -> Array:
    """Crystal planes, each with a light and a dark end."""
    size = s.rng.uniform(18, 30) * s.unit
    cell, edge, cy, cx = cells(s.rng, s.shape, size, 1.0, s.rng.uniform(0, 1.5))
    colours = saturated(varied(s.rng, s.at(cy, cx, 2 * s.unit), 0.03, 0.05), 1.1)
    y, x = grid(s.shape)
    turn = s.rng.uniform(0, 2 * np.pi, len(cy))[cell]
    slope = ((x - cx[cell]) * np.cos(turn) + (y - cy[cell]) * np.sin(turn)) / size
    inner, _, iy, ix = cells(s.rng, s.shape, size * 0.45, 1.0)
    fine = s.at(iy, ix, s.unit)[inner]
    mix = lerp(colours[cell], fine, 0.55 * s.detail(2 * s.unit)[..., None])
    plane = (
        mix * (1 + 0.42 * slope)[..., None] + 0.04 * noise(s.rng, s.shape, 3 * s.unit, 2)[..., None]
    )
    plane = mixed(f32(plane), f32(s.theme.dark), 0.55 * np.clip(1 - edge / (0.8 * s.unit), 0, 1))
    return mixed(plane, s.theme.dark, 0.5 * s.outline(1.6 * s.unit))


def fresco(s: Subject) -> Array:
    """Earthy colours on plaster, worn off here and there, cracked."""
    dull = saturated(s.colour, 0.62)
    plaster = (
        f32([0.87, 0.82, 0.73]) * (1 + 0.05 * noise(s.rng, s.shape, 30 * s.unit, 4))[..., None]
    )
    worn = noise(s.rng, s.shape, 60 * s.unit, 6) + 0.28 * noise(s.rng, s.shape, 3 * s.unit, 2)
    dull = lerp(dull * 0.9 + 0.06, plaster, 0.22)
    picture = mixed(f32(dull), f32(plaster), 0.88 * smooth(0.22, 0.42, worn))
    picture = mixed(picture, f32(s.theme.dark), 0.4 * s.outline(1.5 * s.unit))
    _, edge, _, _ = cells(s.rng, s.shape, 42 * s.unit, 1.0)
    edge = warped(edge, s.rng, 7 * s.unit, 9 * s.unit)
    crack = np.clip(1 - edge / (0.7 * s.unit), 0, 1) * smooth(
        -0.1, 0.5, noise(s.rng, s.shape, 70 * s.unit, 2)
    )
    rough = noise(s.rng, s.shape, 4 * s.unit, 3) + 0.5 * paper(s.rng, s.shape, s.unit) - 1.6 * crack
    return (
        mixed(picture, f32([0.25, 0.2, 0.16]), 0.6 * f32(crack))
        * relief(f32(rough), 0.22)[..., None]
    )


def old_master(s: Subject) -> Array:
    """Dark glazes, one warm light, fine cracks in the varnish."""
    y, x = grid(s.shape)
    cy, cx = s.rng.uniform(0.25, 0.55) * s.shape[0], s.rng.uniform(0.3, 0.7) * s.shape[1]
    lit = np.exp(-(((y - cy) / (0.42 * s.shape[0])) ** 2 + ((x - cx) / (0.42 * s.shape[1])) ** 2))
    soft = blur(s.colour, 0.8 * s.unit)
    picture = soft**1.2 * (0.3 + 1.0 * lit)[..., None]
    picture = picture * f32([1.08, 0.92, 0.66]) + f32([0.035, 0.022, 0.012])
    canvas = _canvas(s, f32(np.clip(picture, 0, 1)))
    s.colour = f32(np.clip(picture, 0, 1))
    _layer(s, canvas, "bristle", 6, 9, 3, hue=0.012, light=0.015, opacity=0.5, streaks=0.05)
    _layer(s, canvas, "bristle", 3.5, 5, 1.4, only=0.3, hue=0.01, light=0.015, opacity=0.7)
    _, edge, _, _ = cells(s.rng, s.shape, 9 * s.unit, 1.0)
    crack = np.clip(1 - warped(edge, s.rng, 2 * s.unit, 6 * s.unit) / (0.45 * s.unit), 0, 1)
    shine = canvas.paint * (1 + 0.025 * weave(s.shape, 2.2 * max(s.unit, 1)))[..., None]
    return mixed(f32(shine), f32(s.theme.dark * 0.4), 0.35 * f32(crack))


def night_glow(s: Subject) -> Array:
    """Night: deep blues, and lamps that bloom."""
    deep = lerp(
        f32([0.015, 0.02, 0.09]),
        f32([0.24, 0.32, 0.60]),
        smooth(0.1, 0.95, luma(s.colour))[..., None],
    )
    s.colour, before = f32(0.9 * deep + 0.34 * s.colour * f32([0.5, 0.6, 1.0])), s.colour
    canvas = _canvas(s, s.colour.copy())
    _layer(s, canvas, "bristle", 6, 10, 3, hue=0.03, light=0.025)
    _layer(s, canvas, "bristle", 4, 6, 2, only=0.3, hue=0.03, light=0.03)
    picture = canvas.paint
    spots = np.zeros(s.shape, np.float32)
    count = int(s.rng.integers(26, 60))
    y, x = s.rng.uniform(0, s.shape[0], count), s.rng.uniform(0, s.shape[1], count)
    py, px = grid(s.shape)
    glow = np.zeros((*s.shape, 3), np.float32)
    for j, i in zip(y, x, strict=True):
        size = s.unit * s.rng.gamma(2.0, 1.1)
        lamp = s.theme.hues[int(s.rng.integers(5))] * 0.35 + f32([1.0, 0.8, 0.45]) * 0.65
        spot = np.clip(size + 0.5 - np.hypot(py - j, px - i), 0, 1)
        glow += spot[..., None] * lamp
        spots = np.maximum(spots, spot)
    bright = smooth(0.55, 0.9, luma(before))[..., None] * before * f32([1.0, 0.85, 0.5]) * 0.4
    halo = (
        3.2 * blur(glow, 3 * s.unit)
        + 5.0 * blur(glow, 9 * s.unit)
        + 0.9 * blur(f32(bright), 8 * s.unit)
    )
    picture = 1 - (1 - np.clip(picture, 0, 1)) * np.exp(-halo) * (1 - 0.8 * np.clip(glow, 0, 1))
    return f32(picture)


def airbrush(s: Subject) -> Array:
    """A travel poster: clean planes, each sprayed from a light into a dark end."""
    region = s.region
    tone = blur(s.tone, 5 * s.unit)
    y, _ = grid(s.shape)
    means = np.bincount(region.ravel(), minlength=int(region.max()) + 1)
    base = np.stack([np.bincount(region.ravel(), s.colour[..., c].ravel()) for c in range(3)], -1)
    flat = f32(base / np.maximum(means, 1)[:, None])[region]
    top = np.bincount(region.ravel(), y.ravel()) / np.maximum(means, 1)
    fade = np.tanh((y - top[region]) / (38 * s.unit)) * 0.5
    shade = np.clip(0.5 + 0.9 * (tone - 0.5) - 0.3 * fade, 0, 1)
    picture = saturated(flat, 1.25) * (0.45 + 1.05 * shade)[..., None]
    spray = s.rng.standard_normal(s.shape).astype(np.float32)
    picture = picture + (0.075 * spray * (1 - np.abs(shade * 2 - 1)))[..., None]
    return mixed(f32(picture), s.theme.light, 0.75 * smooth(0.78, 0.98, f32(shade + 0.05 * spray)))


def spatter(s: Subject) -> Array:
    """Flung drips and drops over a stained ground."""
    ground = lerp(s.theme.light, blur(saturated(s.colour, 1.4), 7 * s.unit), 0.8)
    canvas = _canvas(s, f32(ground + 0.05 * weave(s.shape, 3 * s.unit)[..., None]))
    palette = np.concatenate([s.theme.hues, s.theme.dark[None], s.theme.light[None]])
    for _ in range(int(s.rng.integers(34, 60))):
        count = int(s.rng.integers(120, 300))
        turn = np.cumsum(s.rng.normal(0, 0.11)) + np.cumsum(s.rng.normal(0, 0.16, count))
        step = s.unit * 1.6
        a = s.rng.uniform(0, 2 * np.pi)
        y = s.rng.uniform(0, s.shape[0]) + np.cumsum(np.sin(turn + a)) * step
        x = s.rng.uniform(0, s.shape[1]) + np.cumsum(np.cos(turn + a)) * step
        inside = (y > -8) & (x > -8) & (y < s.shape[0] + 8) & (x < s.shape[1] + 8)
        width = np.clip(s.rng.gamma(2, 0.6) * s.unit, 0.7, 6 * s.unit)
        colour = f32(palette[int(s.rng.integers(7))])
        stamps = cut("dot", s.rng, width * 1.2, width * 1.2)
        y, x = y[inside], x[inside]
        canvas.strokes(
            s.rng,
            stamps,
            f32(y),
            f32(x),
            f32(np.zeros(len(y))),
            np.tile(colour, (len(y), 1)),
            1.0,
            0.05,
        )
        drops = int(s.rng.integers(4, 30))
        if len(y):
            near = s.rng.integers(0, len(y), drops)
            off = s.rng.normal(0, 12 * s.unit, (2, drops))
            dy = np.clip(y[near] + off[0], -8, s.shape[0] + 8)
            dx = np.clip(x[near] + off[1], -8, s.shape[1] + 8)
            canvas.strokes(
                s.rng,
                stamps,
                f32(dy),
                f32(dx),
                f32(np.zeros(drops)),
                np.tile(colour, (drops, 1)),
                1.0,
                0.05,
            )
    return canvas.paint * relief(canvas.thick, 0.35)[..., None]
