"""Manners of paint and chalk that let the paper through: watercolour, ink, pastel, pencil."""

import numpy as np

from engines.worlds.painterly_brush import Canvas, cut, paper, places
from engines.worlds.painterly_subject import Subject
from engines.worlds.painterly_tools import (
    blur,
    grid,
    lines,
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


def _sheet(s: Subject, share: float = 0.12) -> Array:
    """Paper, a little of the theme's light."""
    white = lerp(f32([0.975, 0.965, 0.94]), s.theme.light, share)
    tooth = 0.012 * paper(s.rng, s.shape, s.unit)
    return f32(white + tooth[..., None])


def watercolour(s: Subject) -> Array:
    """Transparent washes with wet edges, back-runs and settled pigment."""
    y, x = grid(s.shape)
    u = s.unit
    grain = paper(s.rng, s.shape, 1.3 * u)
    sheet = _sheet(s)
    total = np.zeros((*s.shape, 3), np.float32)  # optical density
    dryness = smooth(0.5, 0.9, noise(s.rng, s.shape, 34 * u, 3) + 0.35)
    for softness, share in ((7.0, 0.42), (2.2, 0.75), (0.7, 0.35)):
        dy, dx = ((2.0 + softness) * 0.8 * u * noise(s.rng, s.shape, 14 * u, 4) for _ in range(2))
        wet = sample(blur(s.colour, softness * 0.45 * u), y + dy, x + dx)
        region = sample(f32(s.region)[..., None], np.rint(y + dy), np.rint(x + dx))[..., 0]
        pools = 1 + 0.55 * noise(s.rng, s.shape, 22 * u, 4)
        density = -np.log(np.clip(saturated(wet, 1.25), 0.045, 1)) * share
        down, across = np.diff(region, axis=0) != 0, np.diff(region, axis=1) != 0
        rim = np.zeros(s.shape, np.float32)
        rim[1:] += down
        rim[:, 1:] += across
        rim = np.clip(rim, 0, 1)
        edge = np.clip(blur(rim, 0.8 * u) * 2.0 * u, 0, 1) - 0.25 * np.clip(
            blur(rim, 4 * u) * 4 * u, 0, 1
        )
        total += density * (pools * (1 + (0.9 if softness < 6 else 0.2) * edge))[..., None]
    settle = 1 + 0.34 * grain * np.clip(total.mean(-1), 0, 1)
    gaps = 1 - 0.92 * dryness * smooth(0.0, 0.5, grain + 0.15) * smooth(0.62, 0.8, luma(s.colour))
    flare = warped(noise(s.rng, s.shape, 55 * u, 2), s.rng, 9 * u, 8 * u)
    bloom = 1 - 0.4 * smooth(0.3, 0.42, flare) + 0.5 * np.exp(-(((flare - 0.3) / 0.035) ** 2))
    fade = smooth(
        0,
        1,
        f32(
            np.minimum.reduce([y, x, s.shape[0] - 1 - y, s.shape[1] - 1 - x]) / (11 * u)
            + 0.9 * noise(s.rng, s.shape, 16 * u, 4)
            - 0.35
        ),
    )
    return f32(sheet * np.exp(-total * (settle * gaps * bloom * fade)[..., None] * 0.58))


def ink_wash(s: Subject) -> Array:
    """Grey washes and a few wet black strokes on rice paper; one red accent at most."""
    u = s.unit
    grey = luma(s.colour) * 0.6 + s.tone * 0.4
    grey = warped(blur(f32(grey), 2.0 * u), s.rng, 6 * u, 20 * u)
    low, high = np.quantile(grey, [0.03, 0.75])
    wash = smooth(float(low), float(high), grey)
    steps = np.round(wash * 3 + 0.35 * noise(s.rng, s.shape, 24 * u, 4)) / 3
    wash = lerp(wash, np.clip(steps, 0, 1), 0.6)
    wash = blur(f32(wash), 1.1 * u)
    pools = 1 + 0.3 * noise(s.rng, s.shape, 30 * u, 4)
    density = 1.6 * (1 - wash) ** 1.7 * pools
    down, across = np.gradient(wash)
    density += 1.1 * np.hypot(down, across) * u
    line = warped(s.outline(2.4 * u), s.rng, 3 * u, 24 * u)
    pressure = smooth(-0.15, 0.7, noise(s.rng, s.shape, 40 * u, 2))
    dry = smooth(-0.5, 0.2, paper(s.rng, s.shape, u) + pressure)
    density += 2.4 * line * pressure * dry + 0.5 * blur(f32(line * pressure), 3.5 * u)
    fibres = noise(s.rng, s.shape, (1.5 * u, 16 * u), 2) + noise(
        s.rng, s.shape, (16 * u, 1.5 * u), 2
    )
    sheet = f32([0.95, 0.925, 0.865]) * (1 + 0.018 * fibres)[..., None]
    picture = sheet * np.exp(-density[..., None] * f32([1.02, 1.0, 0.94]))
    if s.rng.random() < 0.6:
        accent = s.region == int(s.rng.choice(np.unique(s.region)))
        if 0.003 < accent.mean() < 0.12:
            where = warped(blur(f32(accent), 0.9 * u), s.rng, 3 * u, 10 * u) * np.clip(
                pools, 0.4, 1
            )
            picture = mixed(
                f32(picture),
                f32([0.72, 0.16, 0.10]) * f32(0.55 + 0.45 * wash)[..., None],
                0.85 * f32(where),
            )
    return f32(picture)


def _scribble(
    s: Subject, ground: Array, tooth: Array, passes: tuple[tuple[float, ...], ...], *,
    bite: float, hue: float = 0.05, light: float = 0.06, boost: float = 1.1, turn: float = 0.12,
    slant: float | None = None, opacity: float = 0.85, whole: bool = False,
) -> Array:  # fmt: skip
    """Chalky strokes (spacing, half length, half width, how much must happen), caught by the
    tooth of the ground; `slant` is the hand's own direction.
    """
    picture = ground
    for spacing, length, width, only in passes:
        canvas = Canvas(picture, int(48 * s.unit) + 24)
        y, x = places(s.rng, s.shape, spacing * s.unit)
        if only > 0:
            keep = sample(s.detail(s.unit), y, x) > only
            y, x = y[keep], x[keep]
        colours = saturated(varied(s.rng, s.at(y, x, 0.5 * s.unit), hue, light), boost)
        rows = np.clip(np.rint(y), 0, s.shape[0] - 1).astype(np.int64)
        columns = np.clip(np.rint(x), 0, s.shape[1] - 1).astype(np.int64)
        angle = s.angle[rows, columns] if slant is None else np.full(len(y), slant)
        angle = angle + s.rng.normal(0, turn, len(y))
        if not whole:  # where the paper is lighter than the thing, nothing is drawn
            keep = s.rng.random(len(y)) > 1.6 * (luma(colours) - 0.62)
            y, x, angle, colours = y[keep], x[keep], angle[keep], colours[keep]
        stamps = cut("chalk", s.rng, length * s.unit, max(width * s.unit, 0.55), 0.1)
        canvas.strokes(s.rng, stamps, y, x, f32(angle), colours, opacity, 0.06)
        caught = 0.3 + 0.7 * smooth(
            -1.3 * bite - 0.35, bite * 0.3 - 0.1, tooth + 0.3 * noise(s.rng, s.shape, 40 * s.unit)
        )
        picture = mixed(picture, canvas.paint, caught)
    return f32(picture)


def pastel(s: Subject) -> Array:
    """Soft chalks on tinted paper, whose grain stays visible."""
    tint = lerp(s.theme.hues[int(s.rng.integers(5))], s.theme.dark, s.rng.uniform(0.2, 0.6))
    tooth = paper(s.rng, s.shape, 0.8 * s.unit)
    ground = np.broadcast_to(f32(tint), (*s.shape, 3)) + 0.03 * tooth[..., None]
    s.colour = lerp(blur(s.colour, 1.2 * s.unit), s.theme.light, 0.16)
    passes = ((7.0, 16.0, 4.5, 0.0), (5.0, 12.0, 2.4, 0.0), (3.4, 6.0, 1.3, 0.3))
    return _scribble(
        s, f32(ground), tooth, passes, bite=0.75, hue=0.06, light=0.07, boost=1.2, whole=True
    )


def crayon(s: Subject) -> Array:
    """Wax crayons pressed by a child's hand: scribbles, gaps and bright colours."""
    tooth = paper(s.rng, s.shape, 0.9 * s.unit)
    s.colour = f32(np.round(saturated(s.colour, 1.5) * 4) / 4)
    passes = ((6.0, 19.0, 2.3, 0.0), (6.5, 15.0, 2.0, 0.0))
    picture = _scribble(
        s,
        _sheet(s),
        tooth,
        passes,
        bite=0.85,
        hue=0.03,
        light=0.04,
        slant=s.rng.uniform(-1.1, 1.1),
        turn=0.35,
        opacity=0.95,
    )
    line = warped(s.outline(2.6 * s.unit), s.rng, 3.2 * s.unit, 20 * s.unit) * smooth(
        -0.7, 0.1, tooth
    )
    return mixed(picture, saturated(s.colour * 0.4, 1.4), 0.9 * f32(line))


def coloured_pencil(s: Subject) -> Array:
    """Fine hatching, layer over layer, on white."""
    tooth = paper(s.rng, s.shape, 0.7 * s.unit)
    picture = _sheet(s, 0.05)
    s.colour = saturated(s.colour, 1.2)
    slant = s.rng.uniform(0.5, 1.1)
    for i, turn in enumerate((slant, slant + 0.28, slant - 0.9)):
        passes = ((5.4, 15.0, 0.8, 0.0), (4.2, 9.0, 0.7, 0.22))
        picture = _scribble(
            s,
            picture,
            tooth,
            passes,
            bite=0.9,
            hue=0.08,
            light=0.08,
            slant=turn,
            turn=0.06,
            opacity=0.6,
            whole=i == 0,
        )
    line = warped(s.outline(1.3 * s.unit), s.rng, 1.5 * s.unit, 25 * s.unit)
    return mixed(
        picture,
        lerp(s.theme.dark, s.colour * 0.45, 0.6),
        0.75 * f32(line * smooth(-0.8, 0.0, tooth)),
    )


def charcoal(s: Subject) -> Array:
    """Smudged greys, broad strokes on the grain, lights lifted out."""
    u = s.unit
    grey = luma(s.colour) * 0.65 + s.tone * 0.35
    low, high = np.quantile(grey, [0.04, 0.93])
    grey = np.clip((grey - low) / max(high - low, 0.1), 0, 1)
    tooth = paper(s.rng, s.shape, 0.85 * u)
    sheet = f32([0.93, 0.915, 0.88]) + 0.02 * tooth[..., None]
    smudge = warped(blur(f32(grey), 3.5 * u), s.rng, 9 * u, 22 * u)
    dark = 0.62 * (1 - smudge) ** 1.25 + 0.06 * noise(s.rng, s.shape, (8 * u, 30 * u), 3)
    turn = s.rng.uniform(0.6, 1.0)
    y, x = grid(s.shape)
    for period, way, share in ((7 * u, turn, 0.9), (6 * u, turn + 1.3, 0.6)):
        phase = (x * np.cos(way) + y * np.sin(way)) / period + 0.5 * noise(
            s.rng, s.shape, 50 * u, 2
        )
        stroke = lines(f32(phase), f32(np.clip(1.05 - 1.7 * grey, 0, 1) * share), float(period))
        dark = dark + 0.22 * blur(stroke, 0.9 * u) * smooth(-1.0, 0.6, tooth)
    line = warped(s.outline(3.0 * u), s.rng, 3 * u, 24 * u) * smooth(
        -0.4, 0.6, noise(s.rng, s.shape, 45 * u) + 0.4
    )
    dark = dark + 0.85 * line * smooth(-0.8, 0.2, tooth)
    dark = np.clip(dark * (1 - 0.28 * tooth), 0, 0.96)
    picture = mixed(f32(sheet), f32([0.10, 0.095, 0.09]), f32(dark))
    chalk = smooth(0.86, 0.99, f32(grey)) * smooth(-0.2, 0.6, tooth)
    return mixed(picture, f32([0.995, 0.99, 0.97]), 0.8 * f32(chalk))


def pen_and_ink(s: Subject) -> Array:
    """Outlines and cross-hatching by a fine pen, sometimes with a thin wash."""
    u = s.unit
    grey = luma(s.colour) * 0.55 + s.tone * 0.45
    low, high = np.quantile(grey, [0.02, 0.9])
    dark = 1 - np.clip((grey - low) / max(high - low, 0.1), 0, 1)
    y, x = grid(s.shape)
    ink = np.zeros(s.shape, np.float32)
    first = s.rng.uniform(0.4, 1.1)
    for i, (way, from_) in enumerate(
        ((first, 0.22), (first + 1.25, 0.45), (first + 0.6, 0.66), (first - 0.65, 0.84))
    ):
        period = (5.2 - 0.5 * i) * u
        phase = (x * np.cos(way) + y * np.sin(way)) / period + 0.35 * noise(
            s.rng, s.shape, 40 * u, 2
        )
        weight = np.clip((dark - from_) * 2.2, 0, 0.5) * (dark > from_)
        ragged = noise(s.rng, s.shape, 9 * u, 2) * 0.12
        ink = np.maximum(
            ink,
            lines(
                f32(phase),
                f32(np.where(dark + ragged > from_, np.maximum(weight, 0.16), 0)),
                float(period),
            ),
        )
    ink = np.maximum(ink, warped(s.outline(1.7 * u), s.rng, 1.6 * u, 18 * u))
    ink = ink * smooth(-1.2, -0.5, paper(s.rng, s.shape, u))
    sheet = _sheet(s, 0.5)
    if s.rng.random() < 0.6:
        wash = warped(blur(s.colour, 2.5 * u), s.rng, 6 * u, 18 * u)
        sheet = f32(
            sheet
            * lerp(f32([1, 1, 1]), wash, 0.55 + 0.2 * noise(s.rng, s.shape, 30 * u, 3)[..., None])
        )
    colour = lerp(f32([0.07, 0.06, 0.09]), s.theme.dark, 0.5)
    return mixed(sheet, f32(colour), 0.95 * f32(ink))


def scratchboard(s: Subject) -> Array:
    """White and coloured lines scratched out of black."""
    u = s.unit
    grey = luma(s.colour) * 0.5 + s.tone * 0.5
    low, high = np.quantile(grey, [0.1, 0.97])
    light = np.clip((grey - low) / max(high - low, 0.1), 0, 1)
    y, x = grid(s.shape)
    period = 3.6 * u
    lit = lines(s.flow(period, 3.0), f32(light**1.2 * 0.72), float(period))
    cross = (x * 0.7 - y * 0.7) / (period * 1.1) + 0.2 * noise(s.rng, s.shape, 30 * u)
    lit = np.maximum(lit, lines(f32(cross), f32(np.clip(light - 0.55, 0, 1)), float(period)))
    lit = lit * smooth(-0.9, -0.1, noise(s.rng, s.shape, (3 * u, 10 * u), 2) + light)
    lit = np.maximum(
        lit, 0.75 * warped(s.outline(1.4 * u), s.rng, 1.2 * u, 14 * u) * (light > 0.12)
    )
    tinted = lerp(
        f32([0.97, 0.96, 0.92]), saturated(s.colour, 1.5) * 1.25, s.rng.choice([0.0, 0.75])
    )
    clay = f32([0.055, 0.055, 0.065]) + 0.01 * paper(s.rng, s.shape, u)[..., None]
    picture = mixed(f32(clay), f32(np.clip(tinted, 0, 1)), f32(lit))
    return picture * relief(blur(f32(lit), 0.5), 0.12)[..., None]
