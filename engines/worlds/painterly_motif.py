"""What the pictures show: hills, seas, still lifes, flowers, towns, heads, woods, shapes."""

from collections.abc import Callable

import numpy as np

from engines.worlds.painterly_subject import Easel, Subject
from engines.worlds.painterly_theme import Theme
from engines.worlds.painterly_tools import Rng, noise
from engines.worlds.vista_noise import f32


def _hills(e: Easel) -> None:
    r = e.rng
    day = r.random()
    e.ground(0, 0.3 + 0.3 * day, 0.75, e.whirl(0.8))
    if r.random() < 0.8:
        e.ball(r.uniform(-0.7, 0.7), r.uniform(-0.8, -0.3), (size := r.uniform(0.1, 0.24)), size, 4)
    for _ in range(r.integers(0, 4)):
        x, y = r.uniform(-1, 1) * e.wide, r.uniform(-0.9, -0.35)
        for _ in range(3):
            e.ball(
                x + r.normal(0, 0.16),
                y + r.normal(0, 0.03),
                r.uniform(0.12, 0.3),
                r.uniform(0.05, 0.1),
                e.theme.light,
            )
    count = int(r.integers(3, 6))
    for i in range(count):
        level = -0.25 + 1.0 * i / count + r.uniform(-0.05, 0.05)
        line = e.edge(level, r.uniform(0.12, 0.4) * (1 - 0.5 * i / count), r.uniform(0.7, 2.4))
        slope = np.gradient(line, axis=1) * e.least / 2
        depth = np.clip((e.y - line) * 1.6, 0, 1)
        tone = 0.62 - 0.28 * depth - 0.05 * i + 0.35 * np.clip(slope, -0.6, 0.6)
        tone = tone + 0.1 * noise(r, e.shape, (e.least / 10, e.least / 3), 2)
        e.lay(
            f32(e.y - line),
            int(1 + i % 3 + (r.random() < 0.3)),
            tone,
            np.arctan(slope) + 0.4 * e.whirl(0.6),
        )
        for _ in range(int(r.integers(0, 7)) if i else 0):
            x = r.uniform(-1, 1) * e.wide
            size = r.uniform(0.04, 0.1) * (1 + i * 0.45)
            y = float(
                line[0, int(np.clip((x / e.wide + 1) / 2 * (e.shape[1] - 1), 0, e.shape[1] - 1))]
            )
            e.block(x, y - size * 0.2, size * 0.12, size * 0.9, e.theme.dark, 0.3)
            tall = r.random() < 0.4
            e.ball(
                x,
                y - size * 1.3,
                size * (0.35 if tall else 0.8),
                size * (1.5 if tall else 0.8),
                int(r.integers(1, 5)),
            )


def _sea(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.35, 0.8, e.whirl(0.5))
    x = r.uniform(-0.6, 0.6) * e.wide
    e.ball(x, r.uniform(-0.6, -0.2), (size := r.uniform(0.12, 0.26)), size, 4)
    horizon = r.uniform(-0.25, 0.15)
    if r.random() < 0.6:
        e.lay(f32(e.y - e.edge(horizon - 0.08, 0.12, 0.9)), 3, 0.45, 0.1)
    e.lay(f32(e.y - horizon), 2, 0.5 + 0.3 * f32(np.abs(e.x - x) < 0.2), 0.0)
    count = int(r.integers(5, 10))
    for i in range(count):
        level = horizon + (1.05 - horizon) * ((i + 0.6) / count) ** 1.4
        line = e.edge(level, 0.03 + 0.09 * i / count, 0.35 + 0.5 * i / count, 2)
        depth = np.clip((e.y - line) * (9 - 5 * i / count), 0, 1)
        glint = 0.22 * np.exp(-(((e.x - x) / 0.25) ** 2))
        e.lay(
            f32(e.y - line),
            (2, 1, 2, 3)[i % 4],
            0.85 - 0.55 * depth + glint,
            np.gradient(line, axis=1) * e.least / 2,
        )
    for _ in range(int(r.integers(1, 4))):
        bx, by, s = (
            r.uniform(-0.8, 0.8) * e.wide,
            r.uniform(horizon + 0.05, 0.6),
            r.uniform(0.1, 0.24),
        )
        lean = r.uniform(-0.1, 0.1)
        u, v = e.turned(bx, by, lean)
        sail = np.minimum(
            np.minimum(u + 0.02, v + 1.5 * s),
            0.9 * s - u * 1.6 + 0.0 - np.maximum(-v - 0.4 * s, 0) * 0.75,
        )
        e.lay(f32(np.minimum(sail, -v)), e.theme.light, 0.72, 1.3)
        e.lay(
            f32(
                np.minimum(
                    v - 0.02,
                    0.16 * s - np.abs(v - 0.16 * s) * 1.2 - np.maximum(np.abs(u) - 0.7 * s, 0),
                )
            ),
            4,
            0.4,
            0.0,
        )


def _still_life(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.35, 0.6, e.whirl(0.9))
    if r.random() < 0.5:
        for i in range(int(r.integers(3, 7))):
            e.block(
                -e.wide + (2 * i + 1) * 0.3,
                -0.5,
                0.07,
                1.2,
                3,
                0.5 + 0.2 * r.random(),
                r.uniform(-0.1, 0.1),
            )
    table = r.uniform(0.15, 0.4)
    e.lay(f32(e.y - table - 0.1 * e.x * r.uniform(-1, 1)), 1, 0.72 - 0.3 * (e.y - table), 0.08)
    if r.random() < 0.7:
        u, v = e.turned(r.uniform(-0.5, 0.5), 0.62, r.uniform(-0.5, 0.5))
        folds = 0.5 + 0.25 * np.sin(u * 14 + 2 * v)
        e.lay(f32(0.42 - np.maximum(np.abs(u), np.abs(v) * 1.3)), e.theme.light, folds, 1.2)
    vx, vy = r.uniform(-0.5, 0.5), table - r.uniform(0.1, 0.3)
    body, hue = r.uniform(0.18, 0.3), int(r.integers(2, 5))
    shade = 0.75 - 0.5 * np.clip((e.x - vx) / body * 0.5 + 0.5, 0, 1)
    neck = f32(0.35 * body + 0.1 * body * np.cos((e.y - vy) * 9) - np.abs(e.x - vx))
    e.lay(f32(np.minimum(neck, 0.55 - np.abs(e.y - vy + 0.3))), hue, shade, np.pi / 2)
    e.ball(vx, vy + 0.12, body, body * 1.25, hue)
    if r.random() < 0.6:
        for _ in range(int(r.integers(4, 9))):
            _bloom(e, vx + r.normal(0, 0.24), vy - 0.75 + r.normal(0, 0.16), r.uniform(0.08, 0.18))
    for _ in range(int(r.integers(3, 8))):
        s = r.uniform(0.09, 0.19)
        x, y = r.uniform(-0.85, 0.85) * e.wide, table + r.uniform(0.05, 0.45)
        u, v = e.turned(x + 0.3 * s, y + s * 0.9, 0)
        e.lay(f32(0.3 * s - np.hypot(u * 0.28, v)), 1, 0.12, 0.0)
        e.ball(x, y, s, s * r.uniform(0.75, 1.15), int(r.integers(2, 5)), r.uniform(-0.4, 0.4))


def _bloom(e: Easel, x: float, y: float, size: float) -> None:
    petals, hue, turn = int(e.rng.integers(5, 9)), int(e.rng.integers(1, 5)), e.rng.uniform(0, 6)
    for i in range(petals):
        a = turn + 2 * np.pi * i / petals
        e.ball(
            x + size * 0.55 * np.cos(a),
            y + size * 0.55 * np.sin(a),
            size * 0.52,
            size * 0.3,
            hue,
            a,
        )
    e.ball(x, y, size * 0.27, size * 0.27, hue + 2)


def _flowers(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.6, 0.35, e.whirl())
    for _ in range(int(r.integers(12, 22))):
        x, y, s = r.uniform(-1, 1) * e.wide, r.uniform(-0.4, 1.1), r.uniform(0.15, 0.4)
        e.ball(x, y, s * 0.22, s, (1, 2, 3)[int(r.integers(3))], r.normal(0, 0.6))
    spots = sorted(
        (r.uniform(-0.9, 0.9), r.uniform(-1, 1) * e.wide) for _ in range(int(r.integers(7, 14)))
    )
    for y, x in spots:
        u, _ = e.turned(x, y, 0)
        bend = 0.12 * np.sin((e.y - y) * 3)
        e.lay(f32(np.minimum(0.018 - np.abs(u - bend), e.y - y)), 2, 0.35, np.pi / 2)
        _bloom(e, x, y, r.uniform(0.14, 0.32))


def _town(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.4, 0.75, e.whirl(0.5))
    if r.random() < 0.7:
        e.ball(
            r.uniform(-0.8, 0.8), r.uniform(-0.85, -0.5), (size := r.uniform(0.09, 0.18)), size, 4
        )
    for row in range(3):
        x = -e.wide - r.uniform(0, 0.2)
        base = 0.25 + 0.35 * row
        while x < e.wide:
            wide, high = r.uniform(0.11, 0.26), r.uniform(0.13, 0.34) * (1.2 - 0.1 * row)
            hue, tone = int(r.integers(1, 5)), r.uniform(0.4, 0.75)
            e.block(x + wide, base - high, wide, high * 1.6, hue, tone - 0.15 * (e.x > x + wide))
            roof = base - 2.6 * high
            u = np.abs(e.x - x - wide)
            steep = r.uniform(0.4, 1.6)
            gable = np.minimum(roof + 0.02 - e.y, e.y - (roof - (wide * 1.1 - u) * steep))
            e.lay(
                f32(np.minimum(gable, wide * 1.12 - u)),
                hue + 1 + int(r.integers(3)),
                0.35 + 0.3 * (e.x < x + wide),
                np.where(e.x < x + wide, -0.7, 0.7),
            )
            for wy in np.arange(roof + 0.1, base, 0.17):
                for wx in (x + wide * 0.6, x + wide * 1.4):
                    if r.random() < 0.75:
                        lit = r.random() < 0.4
                        e.block(
                            wx,
                            wy,
                            wide * 0.17,
                            0.045,
                            e.theme.hues[4] if lit else e.theme.dark,
                            0.8 if lit else 0.35,
                        )
            x += 2 * wide + r.uniform(-0.02, 0.03)
    e.lay(f32(e.y - e.edge(0.86, 0.05, 1.5)), 1, 0.45 + 0.2 * noise(r, e.shape, e.least / 8), 0.0)


def _head(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.55, 0.35, e.whirl())
    for i in range(int(r.integers(0, 5))):
        e.block(
            r.uniform(-1, 1),
            r.uniform(-1, 1),
            0.3,
            0.5,
            2 + i,
            r.uniform(0.3, 0.6),
            r.uniform(-0.4, 0.4),
        )
    x, y, flip = r.uniform(-0.12, 0.12), r.uniform(-0.3, -0.15), r.choice([-1, 1])
    hair, skin = (
        int(r.integers(2, 5)),
        f32(0.45 * e.theme.light + 0.55 * e.theme.hues[int(r.integers(1, 4))]),
    )
    e.ball(x, y + 0.05, 0.46, r.uniform(0.5, 0.75), hair)
    e.ball(x, 1.15, r.uniform(0.7, 0.95), 0.7, int(r.integers(1, 5)))
    e.block(x, y + 0.55, 0.14, 0.25, skin, 0.35 - 0.2 * flip * (e.x - x))
    e.ball(x, y + 0.06, 0.32, 0.45, skin)
    for side in (-1, 1):
        ex, ey = x + side * 0.13 + 0.03 * flip, y + 0.03
        e.ball(ex, ey - 0.1, 0.09, 0.018, e.theme.dark, side * 0.28)
        e.ball(ex, ey, 0.075, 0.028, e.theme.dark, side * 0.1)
    e.lay(
        f32(
            np.minimum(
                0.028 + 0.1 * np.clip(e.y - y, 0, 0.22) - np.abs(e.x - x - 0.03 * flip),
                0.1 - np.abs(e.y - y - 0.1),
            )
        ),
        skin,
        0.34,
        1.5,
    )
    e.ball(x + 0.02 * flip, y + 0.31, 0.095, 0.032, f32(0.6 * e.theme.hues[4] + 0.4 * skin))
    style = r.random()
    if style < 0.45:
        e.ball(x, y - 0.3, 0.62, 0.1, int(r.integers(1, 5)), r.normal(0, 0.08))
        e.ball(x, y - 0.45, 0.34, 0.25, int(r.integers(1, 5)), r.normal(0, 0.08))
    else:
        line = y - 0.24 - 0.12 * np.abs(e.x - x - 0.1 * flip)
        e.lay(
            f32(np.minimum(line - e.y, 0.4 - np.hypot(e.x - x, e.y - y + 0.05))),
            hair,
            0.45 + 0.25 * np.sin(e.x * 30),
            e.whirl(0.5) + 1.2,
        )
    if style > 0.7:
        _bloom(e, x + 0.33 * flip, y - 0.27, 0.16)


def _wood(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.72, 0.45, e.whirl(0.7))
    e.lay(
        f32(e.y - e.edge(0.35, 0.1, 1.2)),
        1,
        0.55 + 0.25 * noise(r, e.shape, (e.least / 24, e.least / 6), 2),
        0.1,
    )
    for depth in range(3):
        for _ in range(int(r.integers(2, 6))):
            x, wide = r.uniform(-1, 1) * e.wide, r.uniform(0.025, 0.045) * (1 + depth * 0.9)
            lean, foot = r.normal(0, 0.06), 0.4 + 0.25 * depth
            u = e.x - x - lean * e.y - 0.03 * np.sin(e.y * 4 + x * 9)
            tone = 0.62 - 0.1 * depth - 0.3 * np.clip(u / wide, -1, 1)
            e.lay(
                f32(np.minimum(wide * (1 + 0.25 * np.clip(e.y, 0, 1)) - np.abs(u), foot - e.y)),
                e.theme.dark if r.random() < 0.4 else 3,
                tone,
                np.pi / 2,
            )
        for _ in range(int(r.integers(9, 18))):
            s = r.uniform(0.07, 0.22)
            e.ball(
                r.uniform(-1, 1) * e.wide,
                r.uniform(-1.05, -0.15 - 0.1 * depth),
                s * 1.2,
                s * 0.8,
                (2, 4, 1, 2)[int(r.integers(4))],
                r.normal(0, 0.4),
            )


def _shapes(e: Easel) -> None:
    r = e.rng
    e.ground(0, 0.6, 0.5, e.whirl())
    for i in range(int(r.integers(9, 18))):
        x, y, hue = r.normal(0, 0.5) * e.wide, r.normal(0, 0.5), int(r.integers(0, 5))
        sort, size = r.integers(4), r.uniform(0.12, 0.5) * (1.2 - 0.04 * i)
        tone = np.clip(0.5 + 0.3 * (e.y - y) / size * r.choice([-1, 1]), 0.15, 0.9)
        if sort == 0:
            e.ball(x, y, size * 0.7, size * 0.7, hue)
        elif sort == 1:
            e.block(x, y, size, size * r.uniform(0.1, 0.7), hue, tone, r.uniform(0, np.pi))
        elif sort == 2:
            far = np.hypot(e.x - x, e.y - y)
            side = np.cos(np.arctan2(e.y - y, e.x - x) - r.uniform(0, 6)) * far + size * 0.2
            e.lay(
                f32(np.minimum(size * 0.16 - np.abs(far - size), side)),
                hue,
                tone,
                f32(np.arctan2(e.y - y, e.x - x) + np.pi / 2),
            )
        else:
            u, v = e.turned(x, y, r.uniform(0, 6))
            e.lay(
                f32(np.minimum(v + size * 0.5, (size - v * 1.2) * 0.5 - np.abs(u))),
                hue,
                tone,
                r.uniform(0, np.pi),
            )


MOTIFS: dict[str, Callable[[Easel], None]] = {
    "hills": _hills,
    "sea": _sea,
    "still life": _still_life,
    "flowers": _flowers,
    "town": _town,
    "head": _head,
    "wood": _wood,
    "shapes": _shapes,
}


def drawn(name: str, theme: Theme, rng: Rng, height: int, width: int) -> Subject:
    """A motif, in a composition of the generator's."""
    easel = Easel(theme, rng, height, width)
    MOTIFS[name](easel)
    return easel.subject()
