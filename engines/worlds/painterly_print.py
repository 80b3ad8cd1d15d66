"""Manners of the press: woodcut, linocut, woodblock, engraving, risograph, newsprint, blue."""

import numpy as np

from engines.worlds.painterly_brush import paper
from engines.worlds.painterly_subject import Subject
from engines.worlds.painterly_tools import (
    blur,
    dots,
    grid,
    lines,
    luma,
    mixed,
    noise,
    sample,
    saturated,
    warped,
)  # fmt: skip
from engines.worlds.vista_noise import Array, f32, lerp, smooth


def _grey(s: Subject, low: float = 0.03, high: float = 0.95) -> Array:
    """Brightness, stretched to [0, 1] between two quantiles."""
    grey = luma(s.colour) * 0.6 + s.tone * 0.4
    a, b = np.quantile(grey, [low, high])
    return f32(np.clip((grey - a) / max(float(b - a), 0.1), 0, 1))


def _inked(s: Subject, ink: Array, patchy: float = 0.5) -> Array:
    """An ink as it comes off a roller: a little thin here and there."""
    thin = noise(s.rng, s.shape, 26 * s.unit, 3) + 0.9 * paper(s.rng, s.shape, s.unit)
    return f32(ink * (1 - patchy * smooth(0.35, 1.3, f32(thin))))


def _sheet(s: Subject, share: float) -> Array:
    tone = lerp(f32([0.955, 0.935, 0.88]), s.theme.light, share)
    return f32(tone + 0.014 * paper(s.rng, s.shape, 1.2 * s.unit)[..., None])


def _posterised(s: Subject, wobble: float) -> Array:
    """The subject's colours with edges as a knife leaves them."""
    y, x = grid(s.shape)
    dy, dx = (wobble * s.unit * noise(s.rng, s.shape, 12 * s.unit, 2) for _ in range(2))
    return sample(s.colour, y + dy, x + dx)


def woodcut(s: Subject) -> Array:
    """Black lines that swell and taper along the forms, one colour or two beneath."""
    u = s.unit
    dark = 1 - _grey(s)
    period = s.rng.uniform(5.0, 6.5) * u
    ink = lines(s.flow(period, 2.5), f32(np.clip(dark * 1.25 - 0.16, 0, 1)), float(period))
    ink = np.maximum(ink, smooth(0.72, 0.8, dark + 0.05 * noise(s.rng, s.shape, 6 * u, 2)))
    ink = np.maximum(ink, warped(s.outline(2.8 * u), s.rng, 1.6 * u, 12 * u))
    picture = _sheet(s, 0.4)
    if s.rng.random() < 0.65:
        flat = lerp(s.theme.light, saturated(_posterised(s, 2), 0.9), 0.75)
        picture = f32(picture * np.clip(np.round(flat * 5) / 5, 0.25, 1))
    veins = noise(s.rng, s.shape, (2.2 * u, 70 * u), 2)
    ink = _inked(s, f32(ink), 0.35) * (1 - 0.35 * smooth(0.35, 0.6, veins))
    return mixed(picture, f32(s.theme.dark * 0.7), 0.97 * f32(ink))


def linocut(s: Subject) -> Array:
    """Bold shapes in two inks, with the marks of the gouge."""
    u = s.unit
    grey = blur(_grey(s), 1.6 * u)
    grey = warped(grey, s.rng, 2.5 * u, 10 * u)
    period = 7.5 * u
    dashes = noise(s.rng, s.shape, 12 * u, 2)
    gouge = lines(
        s.flow(period, 1.0),
        f32(np.clip(0.52 - np.abs(grey - 0.5) * 1.3, 0, 1) * (dashes > -0.25)),
        float(period),
    )
    key = smooth(0.56, 0.59, 1 - grey) * (1 - gouge * smooth(0.2, 0.45, grey))
    key = np.maximum(key, warped(s.outline(3.4 * u), s.rng, 2.4 * u, 14 * u))
    second = smooth(0.26, 0.29, 1 - grey) * (1 - 0.8 * gouge)
    sheet = _sheet(s, 0.5)
    hue = saturated(s.theme.hues[int(s.rng.integers(5))][None], 1.2)[0]
    chatter = smooth(0.35, 0.5, noise(s.rng, s.shape, (2 * u, 8 * u), 2)) * smooth(0.75, 0.95, grey)
    picture = sheet * lerp(f32([1, 1, 1]), hue, _inked(s, f32(second))[..., None])
    picture = mixed(f32(picture), hue, 0.5 * f32(chatter))
    return mixed(picture, f32(s.theme.dark * 0.85), _inked(s, f32(key), 0.35))


def colour_woodblock(s: Subject) -> Array:
    """Clear flat colours with gradations rubbed on the block, fine lines, the grain of the wood."""
    u = s.unit
    colour = _posterised(s, 1.2)
    tone = s.tone
    flat = f32(np.clip(colour + (np.round(tone * 2) / 2 - tone)[..., None] * 0.55, 0, 1))
    flat = lerp(saturated(flat, 0.85), s.theme.light, 0.16)
    y, _ = grid(s.shape)
    band = np.exp(-y / (0.22 * s.shape[0])) + 0.6 * np.exp(-(s.shape[0] - y) / (0.14 * s.shape[0]))
    flat = lerp(
        flat, lerp(s.theme.dark, s.theme.hues[2], 0.55), 0.62 * np.clip(band, 0, 1)[..., None]
    )
    rings = warped(noise(s.rng, s.shape, (9 * u, 160 * u), 1), s.rng, 3 * u, 60 * u)
    grain = lines(f32(rings * 7), np.full(s.shape, 0.4, np.float32), 4.0)
    picture = flat * (1 - 0.055 * blur(grain, 0.6 * u))[..., None]
    picture = picture * (1 + 0.02 * paper(s.rng, s.shape, 1.2 * u))[..., None]
    line = warped(s.outline(1.5 * u), s.rng, 1.0 * u, 22 * u)
    return mixed(f32(picture), f32(s.theme.dark), 0.9 * _inked(s, line, 0.3))


def engraving(s: Subject) -> Array:
    """Fine even lines that swell in the shadows, as on a banknote."""
    u = s.unit
    dark = 1 - _grey(s)
    period = 3.3 * max(u, 0.8)
    y, x = grid(s.shape)
    swell = blur(f32(dark), 5 * u)
    way = s.rng.uniform(-0.5, 0.5)
    flow = (y * np.cos(way) + x * np.sin(way)) / period + 2.6 * swell
    ink = lines(f32(flow), f32(0.08 + 0.66 * dark), float(period))
    cross = (x * np.cos(way) - y * np.sin(way)) / period - 2.0 * swell
    ink = np.maximum(ink, lines(f32(cross), f32(np.clip(dark * 1.3 - 0.66, 0, 0.7)), float(period)))
    ink = np.maximum(ink, warped(s.outline(1.3 * u), s.rng, 0.8 * u, 30 * u))
    hue = lerp(s.theme.dark, s.theme.hues[int(s.rng.integers(1, 4))], 0.22)
    sheet = lerp(f32([0.95, 0.93, 0.86]), lerp(s.theme.light, s.theme.hues[0], 0.3), 0.5)
    rosette = np.sin(
        np.hypot(x - s.shape[1] / 2, y - s.shape[0] / 2) / (3.2 * u)
        + 5 * np.sin(np.arctan2(y - s.shape[0] / 2, x - s.shape[1] / 2) * 8)
    )
    sheet = f32(
        sheet
        + 0.012 * paper(s.rng, s.shape, u)[..., None]
        - 0.025 * np.clip(rosette, 0, 1)[..., None]
    )
    return mixed(sheet, f32(hue), 0.95 * f32(ink))


def _spots(s: Subject) -> Array:
    """Three inks (3, 3) of the theme that lie far apart."""
    hues = saturated(s.theme.hues, 1.45)
    first = int(s.rng.integers(5))
    chosen = [first]
    while len(chosen) < 3:
        far = [min(float(np.abs(hues[i] - hues[j]).sum()) for j in chosen) for i in range(5)]
        chosen.append(int(np.argmax(far)))
    inks = hues[chosen]
    return f32(inks[np.argsort(-luma(inks))])


def risograph(s: Subject) -> Array:
    """Three bright soy inks through coarse screens, not quite in register, on rough paper."""
    u = s.unit
    y, x = grid(s.shape)
    inks = _spots(s)
    inks[2] = lerp(inks[2], s.theme.dark, 0.45)
    logs = -np.log(np.clip(inks, 0.03, 0.97))
    wanted = -np.log(np.clip(saturated(s.colour, 1.15), 0.03, 0.99))
    shares = np.clip(wanted.reshape(-1, 3) @ np.linalg.pinv(logs), 0, 1).reshape(*s.shape, 3)
    picture = _sheet(s, 0.35)
    period = s.rng.uniform(3.6, 5.2) * u
    for i, angle in enumerate((0.26, 1.31, 0.79)):
        off = s.rng.normal(0, 1.3 * u, 2)
        share = sample(f32(np.clip(shares[..., i] * 1.1, 0, 1)), f32(y + off[0]), f32(x + off[1]))
        ink = dots(y, x, share, float(period), angle)
        ink = _inked(s, ink, 0.55) * (0.9 + 0.06 * noise(s.rng, s.shape, (3 * u, 300 * u)))
        picture = f32(picture * np.exp(-logs[i] * ink[..., None]))
    return picture


def newsprint(s: Subject) -> Array:
    """An enlarged comic: four screens, black outlines, yellowed paper."""
    u = s.unit
    y, x = grid(s.shape)
    flat = np.clip(np.round(saturated(s.colour, 1.35) * 4) / 4, 0, 1)
    period = s.rng.uniform(6.0, 8.5) * u
    sheet = f32([0.945, 0.905, 0.80]) + 0.02 * paper(s.rng, s.shape, u)[..., None]
    picture = f32(sheet)
    for i, (ink, angle) in enumerate(
        (
            (f32([0.12, 0.62, 0.86]), 0.26),
            (f32([0.88, 0.16, 0.45]), 1.31),
            (f32([0.98, 0.86, 0.16]), 0.0),
        )
    ):
        share = np.clip((1 - flat[..., i]) ** 1.2, 0, 1)
        screen = dots(y, x, f32(share), float(period), angle)
        picture = f32(picture * lerp(f32([1, 1, 1]), ink, (0.95 * screen)[..., None]))
    shadow = smooth(0.70, 0.74, 1 - _grey(s))
    line = np.maximum(warped(s.outline(3.4 * u), s.rng, 1.3 * u, 26 * u), 0.92 * shadow)
    return mixed(picture, f32([0.09, 0.08, 0.1]), 0.96 * _inked(s, f32(line), 0.25))


def cyanotype(s: Subject) -> Array:
    """White shapes on deep blue, brushed on by hand, edges uneven."""
    u = s.unit
    y, x = grid(s.shape)
    light = blur(_grey(s, 0.1, 0.97), 0.8 * u) ** 1.25
    brush = noise(s.rng, s.shape, (5 * u, 70 * u), 3)
    inset = np.minimum.reduce([y, x, s.shape[0] - 1 - y, s.shape[1] - 1 - x]) / u
    coat = smooth(4.0, 11.0, f32(inset + 9 * brush + 4 * noise(s.rng, s.shape, 9 * u, 3)))
    dark = (1 - 0.93 * light) * (0.9 + 0.16 * brush + 0.10 * paper(s.rng, s.shape, 1.2 * u)) * coat
    blue = f32([0.035, 0.13, 0.36])
    picture = lerp(
        f32([0.93, 0.95, 0.95]), f32([0.30, 0.52, 0.74]), np.clip(dark * 2, 0, 1)[..., None]
    )
    return f32(lerp(picture, blue, np.clip(dark * 2 - 0.75, 0, 1)[..., None]))
