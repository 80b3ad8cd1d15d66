"""Compositions: from a seed, what stands where. A plan is a list of shapes from the sky forward."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from engines.worlds.vista_easel import MEADOW, MOON, PATH, ROCK, SAND, SNOW, SUN, WATER, Layer
from engines.worlds.vista_land import Cliff, Dune, Ground, Mountain, Outline, Trees
from engines.worlds.vista_light import PALETTES
from engines.worlds.vista_noise import f32, generator
from engines.worlds.vista_sky import Cloud, Disc, Sky
from engines.worlds.vista_things import Boulder, House, Lighthouse, Tree
from engines.worlds.vista_water import Ribbon, Water


@dataclass(frozen=True)
class Plan:
    """A composed scene: its kind, shapes back to front, palette, side of the light, and what a caption may name."""

    kind: str
    layers: tuple[Layer, ...]
    palette: str
    side: float
    body: str  # 'sun', 'moon' or ''
    low: bool  # the sun stands near the horizon
    clouds: int
    things: tuple[str, ...]


@dataclass
class Draft:
    """A plan in the making."""

    rng: np.random.Generator
    horizon: float = 0.5
    layers: list[Layer] = field(default_factory=list)
    things: list[str] = field(default_factory=list)
    glitter: float | None = None

    def key(self) -> int:
        """A fresh seed for one shape."""
        return int(self.rng.integers(1, 1 << 30))

    def between(self, low: float, high: float) -> float:
        """A uniform number."""
        return float(self.rng.uniform(low, high))

    def maybe(self, share: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < share)

    def pick(self, count: int) -> int:
        """One of 0 .. count - 1."""
        return int(self.rng.integers(count))

    def add(self, *layers: Layer) -> None:
        """Lay shapes in front of what is there."""
        self.layers.extend(layers)

    def name(self, *things: str) -> None:
        """Let captions mention these."""
        self.things.extend(thing for thing in things if thing not in self.things)


def _at(outline: Outline, u: float) -> float:
    return float(outline(f32([u]))[0])


def _range(
    d: Draft, level: float, height: float, depth: float, snowy: float, count: int = 0
) -> None:
    """A mountain range that rises `height` above `level`; `snowy` is the chance of a snow cap."""
    count = count or 2 + d.pick(3)
    start = d.between(-0.5, -0.2)
    peaks = [
        (
            start + i * 0.85 / count + d.between(-0.07, 0.07),
            height * d.between(0.5, 1.0),
            height * d.between(0.8, 1.35),
        )
        for i in range(count)
    ]
    hero = d.between(-0.3, 0.3)
    peaks.append((hero, height * 1.05, height * d.between(0.8, 1.25)))
    for i in range(9):  # wide pictures go on to both sides
        for side in (-1, 1):
            peaks.append(
                (
                    side * (0.75 + i * 0.37 + d.between(-0.1, 0.1)),
                    height * d.between(0.4, 0.95),
                    height * d.between(0.9, 1.4),
                )
            )
    outline = Outline(
        level,
        d.key(),
        roll=height * 0.08,
        roll_size=0.35,
        jag=height * d.between(0.07, 0.16),
        jag_size=0.07,
        peaks=tuple(peaks),
    )
    line = level - height * d.between(0.2, 0.62) if d.maybe(snowy) else 0.0
    d.add(Mountain(outline, depth, d.pick(4), line))
    d.name("snowy peaks" if line else "mountains")


def _hills(
    d: Draft, level: float, count: int, depth: float, wooded: float, last: float = 0.2
) -> float:
    """Hills one before the other from `level` downward; returns the level of the nearest."""
    pigment, tree = d.pick(3), d.pick(3)
    leafy = d.maybe(0.55)
    step = (0.97 - level) / (count + 1.5) * d.between(0.7, 1.0)
    for i in range(count):
        t = i / max(1, count - 1)
        far = depth + (last - depth) * t
        y = level + i * step
        outline = Outline(
            y,
            d.key(),
            roll=0.025 + 0.05 * t * d.between(0.5, 1.2),
            roll_size=d.between(0.3, 0.7),
            tilt=d.between(-0.1, 0.1),
        )
        if d.maybe(wooded):
            for row in range(2):
                base = Outline(
                    y + row * 0.022,
                    outline.seed,
                    roll=outline.roll,
                    roll_size=outline.roll_size,
                    tilt=outline.tilt,
                )
                d.add(
                    Trees(
                        base,
                        0.02 + 0.05 * (1 - far) * d.between(0.8, 1.3),
                        step * 0.6,
                        far,
                        d.key(),
                        tree,
                        leafy,
                    )
                )
            d.name("broadleaf woods" if leafy else "pine woods")
        d.add(
            Ground(
                Outline(
                    y + 0.03,
                    outline.seed,
                    roll=outline.roll,
                    roll_size=outline.roll_size,
                    tilt=outline.tilt,
                ),
                MEADOW,
                far,
                pigment,
                near=0.3 + 0.5 * t,
                furrows=d.between(2, 6) if d.maybe(0.3) else 0.0,
            )
        )
        d.name("meadows")
    return level + (count - 1) * step


def _forest_band(
    d: Draft,
    level: float,
    rows: int,
    height: float,
    depth: float,
    leafy: bool,
    pigment: int,
    span: float = 0.02,
) -> None:
    """Rows of trees that hide one another, near ones taller."""
    bowl = d.between(-0.12, 0.2)
    for row in range(rows):
        base = Outline(
            level + row * span,
            d.key(),
            roll=0.02 + span * 0.5,
            roll_size=0.4,
            bowl=bowl * (1 - row / rows),
        )
        far = depth * (1 - 0.45 * row / max(1, rows))
        d.add(
            Trees(base, height * (0.7 + 0.5 * row / rows), span * 2.6, far, d.key(), pigment, leafy)
        )
    d.name("broadleaf woods" if leafy else "pine woods")


def _frame(d: Draft, ground: Outline, kinds: tuple[str, ...], share: float) -> None:
    """Large trees at the sides of the foreground."""
    if not d.maybe(share):
        return
    shape, pigment = kinds[d.pick(len(kinds))], d.pick(3)
    sides = (-1, 1) if d.maybe(0.3) else (-1,) if d.maybe(0.5) else (1,)
    for side in sides:
        for i in range(2 + d.pick(3)):
            u = side * (d.between(0.26, 0.5) + 0.04 * i)
            size = d.between(0.28, 0.62) * (0.75 if shape == "round" else 1.0)
            d.add(
                Tree(
                    u,
                    min(0.99, _at(ground, u) + d.between(0.02, 0.1)),
                    size,
                    0.06,
                    shape,
                    d.key(),
                    pigment,
                )
            )
    for i in range(14):
        for side in (-1, 1):
            if d.maybe(0.4):
                u = side * (0.62 + i * 0.25 + d.between(0, 0.2))
                d.add(
                    Tree(
                        u,
                        min(0.99, _at(ground, u) + d.between(0.0, 0.06)),
                        d.between(0.15, 0.4),
                        0.1,
                        shape,
                        d.key(),
                        pigment,
                    )
                )
    d.name({"fir": "tall firs", "round": "old trees", "poplar": "poplars"}[shape])


def _village(
    d: Draft, ground: Outline, count: int, size: float, depth: float, middle: float, spread: float
) -> None:
    """Houses with a few trees between them, far ones first."""
    spots = sorted(
        (d.between(0.0, 0.075) * (size / 0.06), d.between(-spread, spread)) for _ in range(count)
    )
    base = d.pick(20)
    for drop, off in spots:
        u = middle + off
        v = _at(ground, u) + 0.012 + drop
        if d.maybe(0.4):
            d.add(
                Tree(
                    u + size * 1.9,
                    v,
                    size * d.between(1.4, 2.4),
                    depth,
                    "poplar" if d.maybe(0.4) else "round",
                    d.key(),
                    d.pick(3),
                )
            )
        style = base if d.maybe(0.5) else d.pick(20)
        d.add(House(u, v + 0.004, size * d.between(0.8, 1.15), depth, style, d.between(-1, 1)))
    d.name("a cottage" if count == 1 else "a village" if count > 3 else "farmhouses")


def _boulders(d: Draft, low: float, high: float, count: int, size: float, pigment: int) -> None:
    """Scattered rocks, far ones first."""
    for v in sorted(d.between(low, high) for _ in range(count)):
        near = (v - low) / max(1e-3, high - low)
        d.add(
            Boulder(
                d.between(-0.55, 0.55),
                v,
                size * (0.35 + 0.65 * near) * d.between(0.6, 1.2),
                0.15 * (1 - near),
                d.key(),
                pigment,
            )
        )
    d.name("boulders")


def _peak_outline(
    d: Draft, level: float, spots: list[tuple[float, float, float]], flat: bool, jag: float
) -> Outline:
    return Outline(level, d.key(), jag=jag, jag_size=0.05, peaks=tuple(spots), flat_tops=flat)


def coast(d: Draft) -> None:
    """Sea, headlands, a beach in front."""
    h = d.horizon
    if d.maybe(0.6):
        side = 1 if d.maybe(0.5) else -1
        spots = [
            (side * d.between(0.3, 0.6), d.between(0.05, 0.13), d.between(0.2, 0.4)),
            (side * 0.95, d.between(0.1, 0.2), 0.5),
        ]
        d.add(Mountain(_peak_outline(d, h + 0.003, spots, False, 0.012), 0.75, d.pick(4)))
        d.name("a far headland")
    d.add(Water(h, 0.8, d.pick(3), d.between(0.1, 0.5), d.key(), d.glitter))
    d.name("the sea")
    if d.maybe(0.55):
        side = 1 if d.maybe(0.5) else -1
        spots = [
            (side * (0.5 + 0.33 * i), d.between(0.12, 0.26), d.between(0.14, 0.26))
            for i in range(8)
        ]
        d.add(
            Cliff(
                _peak_outline(d, h + 0.09, spots, True, 0.02),
                h + 0.08 + d.between(0.01, 0.04),
                0.3,
                d.pick(4),
                d.between(0.2, 0.8),
            )
        )
        d.name("cliffs")
    beach = Outline(
        d.between(0.76, 0.86), d.key(), roll=0.03, roll_size=0.6, tilt=d.between(-0.25, 0.25)
    )
    sand = d.pick(3)
    d.add(Ground(beach, SAND, 0.1, sand, near=0.7))
    d.name("a beach")
    if d.maybe(0.45):
        dune = Outline(
            beach.level + d.between(0.08, 0.13),
            d.key(),
            roll=0.04,
            roll_size=0.35,
            tilt=-beach.tilt * 0.8,
        )
        d.add(Ground(dune, MEADOW, 0.05, d.pick(3), near=0.95))
        d.name("dune grass")
    if d.maybe(0.4):
        _boulders(d, beach.level + 0.03, 0.97, 3 + d.pick(5), 0.06, d.pick(4))
    if d.maybe(0.3):
        _village(
            d,
            Outline(beach.level + 0.04, 5, tilt=beach.tilt),
            1 + d.pick(2),
            d.between(0.05, 0.07),
            0.08,
            d.between(-0.3, 0.3),
            0.15,
        )


def cliffs(d: Draft) -> None:
    """A high green cliff above the sea, a lighthouse perhaps, sea stacks."""
    h = d.horizon = min(d.horizon, 0.52)
    side = 1 if d.maybe(0.5) else -1
    sea = d.pick(3)
    d.add(Water(h, 0.85, sea, d.between(0.1, 0.5), d.key(), d.glitter))
    d.name("the sea", "cliffs")
    rock = d.pick(4)
    for i in range(1 + d.pick(3)):
        u = -side * d.between(0.05, 0.4)
        foot = h + d.between(0.03, 0.08) + 0.05 * i
        half = d.between(0.03, 0.07)
        d.add(
            Cliff(
                _peak_outline(d, foot + 0.02, [(u, d.between(0.08, 0.2), half)], True, 0.02),
                foot,
                0.45 - 0.1 * i,
                rock,
                0.5,
            )
        )
        d.name("sea stacks")
    levels = (h + 0.13, h + 0.27)
    for i, foot in enumerate(levels):
        spots = [
            (side * (0.42 - 0.05 * i + 0.3 * j), (0.26 - 0.03 * j) * d.between(0.9, 1.1), 0.26)
            for j in range(9)
        ]
        top = _peak_outline(d, foot + 0.02, spots, True, 0.016)
        d.add(Cliff(top, foot, 0.35 - 0.2 * i, rock, d.between(0.3, 0.8)))
        if i == 0 and d.maybe(0.65):
            u = side * d.between(0.3, 0.45)
            d.add(Lighthouse(u, _at(top, u) + 0.012, d.between(0.15, 0.2), 0.25, d.pick(4)))
            d.name("a lighthouse")
    grass = Outline(0.86, d.key(), roll=0.04, roll_size=0.5, tilt=-side * d.between(0.15, 0.3))
    d.add(Ground(grass, MEADOW, 0.05, d.pick(3), near=0.95))
    d.name("meadows")
    if d.maybe(0.4):
        _boulders(d, 0.88, 0.98, 3, 0.05, rock)


def islands(d: Draft) -> None:
    """An archipelago on calm water."""
    h = d.horizon
    calm, hue, tree = d.between(0.5, 0.95), d.pick(3), d.pick(3)
    if d.maybe(0.5):
        _range(d, h + 0.004, d.between(0.08, 0.16), 0.85, 0.3)
    d.add(Water(h, 0.85, hue, calm, d.key(), d.glitter))
    rock = d.pick(4)
    count = 4 + d.pick(3)
    for i in range(count):
        t = i / count
        foot = h + 0.012 + 0.2 * t * t + 0.05 * t
        far = 0.75 * (1 - t) + 0.15
        for spread in (0.0, 1.1, -1.1, 2.3, -2.3):
            u = d.between(-0.5, 0.5) + spread
            wide = (0.09 + 0.2 * t) * d.between(0.7, 1.2)
            high = (0.03 + 0.06 * t) * d.between(0.6, 1.3)
            d.add(
                Cliff(
                    _peak_outline(d, foot + 0.012, [(u, high, wide)], False, 0.018),
                    foot,
                    far,
                    rock,
                    0.3,
                )
            )
            if d.maybe(0.8):
                base = _peak_outline(d, foot + 0.02, [(u, high * 0.85, wide * 0.8)], False, 0.0)
                d.add(
                    _Grove(
                        base,
                        u,
                        wide * 0.62,
                        (0.02 + 0.05 * t) * d.between(0.8, 1.3),
                        far,
                        d.key(),
                        tree,
                    )
                )
        if i == count // 2:
            d.add(Water(foot + 0.006, far, hue, calm, d.key(), d.glitter))
    d.add(Water(h + 0.262, 0.2, hue, calm, d.key(), d.glitter))
    d.name("islands", "calm water")
    if d.maybe(0.7):
        shore = Outline(
            0.9, d.key(), roll=0.04, roll_size=0.3, tilt=d.between(-0.3, 0.3), jag=0.012
        )
        d.add(Ground(shore, ROCK, 0.03, rock, near=0.9))
        d.name("a rocky shore")
        _frame(d, shore, ("fir",), 0.7)


@dataclass(frozen=True)
class _Grove:
    """Firs on an island: a row of trees between u - half and u + half only."""

    base: Outline
    u: float
    half: float
    height: float
    depth: float
    seed: int
    pigment: int

    def draw(self, easel: object) -> None:
        rng = generator(self.seed, 21)
        for x in sorted(rng.uniform(-1, 1, 9), key=abs, reverse=True):
            at = self.u + float(x) * self.half
            size = self.height * float(rng.uniform(0.6, 1.1)) * (1.2 - 0.5 * abs(float(x)))
            Tree(
                at,
                _at(self.base, at) + 0.006,
                size,
                self.depth,
                "fir",
                int(rng.integers(1 << 30)),
                self.pigment,
            ).draw(easel)  # type: ignore[arg-type]


def lake(d: Draft) -> None:
    """A mountain lake with a wooded far shore."""
    h = d.horizon = d.between(0.48, 0.6)
    _range(d, h, d.between(0.28, 0.42), 0.7, 0.75)
    if d.maybe(0.6):
        _range(d, h, d.between(0.12, 0.2), 0.5, 0.1)
    leafy = d.maybe(0.35)
    _forest_band(d, h - 0.03, 3, 0.055, 0.42, leafy, d.pick(3), 0.014)
    shore = Outline(h - 0.006, 3)
    if d.maybe(0.3):
        d.add(Ground(shore, MEADOW, 0.35, d.pick(3), near=0.3))
        _village(d, Outline(h - 0.02, 3), 1 + d.pick(2), 0.03, 0.3, d.between(-0.3, 0.3), 0.12)
    edge = Outline(
        d.between(0.8, 0.92), d.key(), roll=0.05, roll_size=0.4, tilt=d.between(-0.3, 0.3)
    )
    d.add(Water(h, 0.45, d.pick(3), d.between(0.6, 1.0), d.key(), d.glitter))
    d.name("a lake")
    if d.maybe(0.5):
        d.add(Ground(edge, MEADOW, 0.06, d.pick(3), near=0.9))
        d.name("a grassy shore")
    else:
        d.add(Ground(edge, ROCK, 0.06, d.pick(4), near=0.9))
        d.name("a stony shore")
    if d.maybe(0.5):
        _boulders(d, edge.level - 0.02, 0.97, 3 + d.pick(4), 0.07, d.pick(4))
    _frame(d, edge, ("fir", "fir", "round"), 0.75)


def valley(d: Draft) -> None:
    """An alpine valley: ranges, wooded slopes, meadow floor, a path or a river."""
    h = d.horizon = d.between(0.46, 0.58)
    _range(d, h, d.between(0.3, 0.42), 0.8, 0.8)
    _range(d, h + 0.04, d.between(0.14, 0.24), 0.58, 0.2)
    _forest_band(d, h + 0.06, 3, 0.06, 0.42, False, d.pick(3), 0.02)
    floor = Outline(h + 0.1, d.key(), roll=0.02, roll_size=0.8, bowl=-0.06)
    d.add(Ground(floor, MEADOW, 0.22, d.pick(3), near=0.75))
    d.name("a valley", "meadows")
    if d.maybe(0.75):
        river = d.maybe(0.5)
        d.add(
            Ribbon(
                WATER if river else PATH,
                h + 0.105,
                d.between(-0.15, 0.15),
                d.between(-0.25, 0.25),
                d.between(0.1, 0.2),
                d.between(0.06, 0.16),
                0.2,
                d.pick(2),
                d.key(),
                d.between(0.7, 1.3),
            )
        )
        d.name("a winding river" if river else "a path")
    if d.maybe(0.45):
        _village(
            d,
            Outline(h + 0.13, 3),
            1 + d.pick(5),
            d.between(0.035, 0.055),
            0.2,
            d.between(-0.3, 0.3),
            0.2,
        )
    _frame(d, Outline(0.9, 3), ("fir", "fir", "round"), 0.7)


def dunes(d: Draft) -> None:
    """Dunes, perhaps an oasis or far mesas."""
    h = d.horizon = d.between(0.42, 0.56)
    pigment = d.pick(3)
    if d.maybe(0.5):
        _range(d, h + 0.02, d.between(0.08, 0.16), 0.85, 0.0)
    count = 4 + d.pick(3)
    for i in range(count):
        t = i / (count - 1)
        peaks = tuple(
            (
                d.between(-0.6, 0.6) + k * 1.3,
                (0.05 + 0.13 * t) * d.between(0.6, 1.2),
                d.between(0.25, 0.5) + 0.15 * t,
            )
            for k in (-2, -1, 0, 1, 2)
        )
        d.add(
            Dune(
                Outline(
                    h + 0.03 + 0.4 * t**1.2,
                    d.key(),
                    roll=0.012 + 0.02 * t,
                    roll_size=0.5,
                    peaks=peaks,
                    tilt=d.between(-0.12, 0.12),
                ),
                0.7 * (1 - t) + 0.05,
                pigment,
            )
        )
        if i == count // 2 and d.maybe(0.4):
            d.add(
                Trees(
                    Outline(h + 0.09 + 0.4 * t**1.2, 3),
                    0.03,
                    0.012,
                    0.35,
                    d.key(),
                    2,
                    True,
                    gap=0.55,
                )
            )
            d.name("scattered shrubs")
    d.name("dunes")
    if d.maybe(0.35):
        _boulders(d, 0.86, 0.98, 3 + d.pick(3), 0.06, 1)


def mesas(d: Draft) -> None:
    """Table mountains above a red plain."""
    h = d.horizon = d.between(0.52, 0.64)
    rock = (1, 3, 1)[d.pick(3)]
    for i in range(3):
        far = 0.72 - 0.26 * i
        count = (6, 3, 2)[i]
        spots = [
            (
                d.between(-0.6, 0.6) + k,
                (0.1 + 0.09 * i) * d.between(0.7, 1.25),
                d.between(0.05, 0.1) + 0.045 * i,
            )
            for k in (-2.4, -1.2, 0, 1.2, 2.4)
            for _ in range(max(1, count // 2))
        ]
        d.add(
            Cliff(
                _peak_outline(d, h + 0.02 * i, spots, True, 0.012),
                h + 0.025 * (i + 1),
                far,
                rock,
                0.9,
            )
        )
        d.add(
            Ground(
                Outline(h + 0.022 * (i + 1), d.key(), roll=0.008, roll_size=0.5),
                SAND,
                far * 0.9,
                1,
                near=0.2,
            )
        )
    plain = Outline(h + 0.1, d.key(), roll=0.03, roll_size=0.6)
    d.add(Ground(plain, SAND, 0.15, 1, near=0.6))
    d.name("mesas", "red sand")
    if d.maybe(0.6):
        d.add(
            Ribbon(
                PATH,
                h + 0.07,
                d.between(-0.2, 0.2),
                d.between(-0.2, 0.2),
                d.between(0.1, 0.16),
                d.between(0.03, 0.12),
                0.25,
                0,
                d.key(),
                d.between(0.5, 1.0),
            )
        )
        d.name("a road")
    for i in range(3):
        d.add(
            Trees(
                Outline(h + 0.13 + 0.1 * i, d.key()),
                0.02 + 0.012 * i,
                0.006,
                0.2 - 0.05 * i,
                d.key(),
                2,
                True,
                gap=0.6,
            )
        )
    d.name("scattered shrubs")
    if d.maybe(0.6):
        _boulders(d, 0.86, 0.98, 4 + d.pick(4), 0.07, rock)


def forest(d: Draft) -> None:
    """Inside or before a great forest: rows of trees, a glade, a path."""
    h = d.horizon = d.between(0.4, 0.55)
    leafy, pigment = d.maybe(0.5), d.pick(3)
    if d.maybe(0.6):
        _range(d, h, d.between(0.15, 0.3), 0.75, 0.5)
    rows = 4 + d.pick(2)
    for i in range(rows):
        t = i / rows
        far = 0.68 * (1 - t) + 0.12
        base = Outline(h + 0.04 + 0.22 * t, d.key(), roll=0.03, roll_size=0.4, bowl=0.16 * t)
        d.add(
            Trees(
                base,
                0.07 + 0.13 * t,
                0.14,
                far,
                d.key(),
                pigment,
                leafy if i % 2 == 0 else d.maybe(0.5),
            )
        )
    glade = Outline(h + 0.3, d.key(), roll=0.03, roll_size=0.5, bowl=0.05)
    d.add(Ground(glade, MEADOW, 0.1, d.pick(3), near=0.9))
    d.name("broadleaf woods" if leafy else "pine woods", "a glade")
    if d.maybe(0.7):
        river = d.maybe(0.3)
        d.add(
            Ribbon(
                WATER if river else PATH,
                h + 0.3,
                d.between(-0.1, 0.1),
                d.between(-0.2, 0.2),
                d.between(0.1, 0.17),
                d.between(0.04, 0.12),
                0.12,
                d.pick(2),
                d.key(),
                d.between(0.5, 1.0),
            )
        )
        d.name("a stream" if river else "a path")
    if d.maybe(0.3):
        _village(d, glade, 1, 0.06, 0.1, d.between(-0.25, 0.25), 0.05)
    _frame(d, Outline(0.93, 3), ("round", "poplar") if leafy else ("fir",), 0.9)


def village(d: Draft) -> None:
    """Houses among hills and fields."""
    h = d.horizon = d.between(0.42, 0.54)
    if d.maybe(0.5):
        _range(d, h + 0.01, d.between(0.1, 0.25), 0.8, 0.5)
    level = _hills(d, h, 2 + d.pick(2), 0.6, 0.5, last=0.3)
    floor = Outline(min(level + 0.12, 0.74), d.key(), roll=0.03, roll_size=0.6)
    d.add(
        Ground(
            floor,
            MEADOW,
            0.2,
            d.pick(3),
            near=0.7,
            furrows=d.between(2, 5) if d.maybe(0.4) else 0.0,
        )
    )
    middle = d.between(-0.15, 0.15)
    _village(d, floor, 4 + d.pick(5), d.between(0.05, 0.075), 0.18, middle, 0.3)
    if d.maybe(0.6):
        d.add(
            Ribbon(
                PATH,
                floor.level + 0.1,
                middle,
                d.between(-0.3, 0.3),
                d.between(0.08, 0.16),
                d.between(0.03, 0.1),
                0.15,
                d.pick(2),
                d.key(),
            )
        )
        d.name("a path")
    _frame(d, Outline(0.92, 3), ("round", "poplar", "fir"), 0.5)


def winter(d: Draft) -> None:
    """Snowfields, firs, a cabin, perhaps a frozen-edged stream."""
    h = d.horizon = d.between(0.44, 0.56)
    _range(d, h, d.between(0.22, 0.4), 0.75, 1.0)
    pigment = d.pick(3)
    _forest_band(d, h + 0.02, 3, 0.06, 0.45, False, pigment, 0.016)
    for i in range(3):
        d.add(
            Ground(
                Outline(
                    h + 0.05 + 0.13 * i,
                    d.key(),
                    roll=0.035,
                    roll_size=0.5,
                    tilt=d.between(-0.15, 0.15),
                ),
                SNOW,
                0.35 - 0.13 * i,
                0,
                near=0.4 + 0.2 * i,
            )
        )
        if i < 2 and d.maybe(0.7):
            d.add(
                Trees(
                    Outline(h + 0.09 + 0.13 * i, d.key(), roll=0.03, roll_size=0.5),
                    0.07 + 0.03 * i,
                    0.008,
                    0.3 - 0.1 * i,
                    d.key(),
                    pigment,
                    False,
                    gap=0.5,
                )
            )
    d.name("snowfields", "pine woods")
    if d.maybe(0.6):
        river = d.maybe(0.5)
        d.add(
            Ribbon(
                WATER if river else PATH,
                h + 0.22,
                d.between(-0.1, 0.1),
                d.between(-0.25, 0.25),
                d.between(0.08, 0.16),
                d.between(0.05, 0.14),
                0.2,
                d.pick(2),
                d.key(),
            )
        )
        d.name("a stream" if river else "a path")
    if d.maybe(0.6):
        _village(
            d,
            Outline(h + 0.25, 3),
            1 + d.pick(3),
            d.between(0.055, 0.08),
            0.15,
            d.between(-0.25, 0.25),
            0.18,
        )
    _frame(d, Outline(0.94, 3), ("fir",), 0.8)


def plain(d: Draft) -> None:
    """An open plain under a great sky."""
    h = d.horizon = d.between(0.6, 0.72)
    if d.maybe(0.5):
        _range(d, h + 0.01, d.between(0.05, 0.12), 0.9, 0.3)
    d.add(Trees(Outline(h + 0.008, d.key()), 0.018, 0.01, 0.6, d.key(), d.pick(3), True))
    pigment = d.pick(3)
    d.add(
        Ground(
            Outline(h + 0.01, d.key(), roll=0.006),
            MEADOW,
            0.4,
            pigment,
            near=0.4,
            furrows=d.between(3, 7) if d.maybe(0.5) else 0.0,
        )
    )
    if d.maybe(0.5):
        _village(
            d,
            Outline(h + 0.04, 3),
            1 + d.pick(2),
            d.between(0.04, 0.055),
            0.28,
            d.between(-0.3, 0.3),
            0.1,
        )
    d.add(
        Ground(
            Outline(h + 0.12, d.key(), roll=0.03, roll_size=0.7),
            MEADOW,
            0.12,
            d.pick(3),
            near=0.8,
            furrows=d.between(2, 5) if d.maybe(0.3) else 0.0,
        )
    )
    if d.maybe(0.6):
        d.add(
            Ribbon(
                PATH,
                h + 0.13,
                d.between(-0.2, 0.2),
                d.between(-0.2, 0.2),
                d.between(0.1, 0.18),
                d.between(0.02, 0.1),
                0.15,
                d.pick(2),
                d.key(),
                d.between(0.4, 1.0),
            )
        )
        d.name("a road")
    d.name("a wide plain")
    _frame(d, Outline(0.9, 3), ("round", "poplar"), 0.45)


def hills(d: Draft) -> None:
    """Rolling hills with fields and woods, and a path leading in."""
    h = d.horizon = d.between(0.4, 0.52)
    if d.maybe(0.4):
        _range(d, h + 0.02, d.between(0.1, 0.22), 0.85, 0.4)
    level = _hills(d, h + 0.02, 4 + d.pick(2), 0.7, 0.4, last=0.1)
    d.add(
        Ribbon(
            PATH,
            level + 0.05,
            d.between(-0.2, 0.2),
            d.between(-0.25, 0.25),
            d.between(0.09, 0.17),
            d.between(0.04, 0.13),
            0.12,
            d.pick(2),
            d.key(),
            d.between(0.5, 1.2),
        )
    )
    d.name("a path", "rolling hills")
    if d.maybe(0.5):
        _village(
            d,
            Outline(level + 0.03, 3),
            1 + d.pick(2),
            d.between(0.045, 0.06),
            0.15,
            d.between(-0.3, 0.3),
            0.12,
        )
    _frame(d, Outline(0.93, 3), ("round", "poplar", "fir"), 0.6)


KINDS: tuple[Callable[[Draft], None], ...] = (
    coast, lake, valley, cliffs, forest, dunes, village, winter, islands, mesas, plain, hills,
)  # fmt: skip


def _heavens(d: Draft, body: str, low: bool, side: float) -> tuple[list[Layer], int]:
    """Sky, sun or moon and clouds for a draft whose horizon is known (built first, completed last)."""
    layers: list[Layer] = []
    u = side * d.between(0.06, 0.36)
    v = d.horizon * (d.between(0.55, 0.86) if low else d.between(0.16, 0.5))
    layers.append(Sky(d.horizon + 0.04, (u, v), d.key(), d.maybe(0.4)))
    if body:
        radius = d.between(0.035, 0.075) * (1.25 if low else 1.0)
        bite = d.between(0.25, 0.75) if body == "moon" and d.maybe(0.5) else 0.0
        layers.append(Disc(SUN if body == "sun" else MOON, u, v, radius, bite))
    count = int(d.rng.choice([0, 1, 2, 3, 4, 5, 7], p=[0.1, 0.12, 0.16, 0.2, 0.18, 0.14, 0.1]))
    flat = d.maybe(0.5)
    for i in range(count):
        for spread in (0.0, 1.15, -1.15, 2.3, -2.3):
            v = d.horizon * d.between(0.1, 0.85)
            near = 1 - v / d.horizon
            wide = (0.2 + 0.45 * near) * d.between(0.6, 1.2)
            if flat or (i % 3 == 2 and d.maybe(0.6)):
                layers.append(
                    Cloud(
                        d.between(-0.55, 0.55) + spread,
                        v,
                        wide * 1.7,
                        0.025 + 0.06 * near,
                        d.key(),
                        True,
                        1 - near,
                    )
                )
            else:
                layers.append(
                    Cloud(
                        d.between(-0.55, 0.55) + spread,
                        v,
                        wide,
                        wide * d.between(0.3, 0.45),
                        d.key(),
                        False,
                        1 - near,
                    )
                )
    return layers, count


@lru_cache(maxsize=64)
def plan(seed: int) -> Plan:
    """The composition of a seed: independent of all attributes."""
    rng = generator(seed, 1)
    d = Draft(rng, horizon=float(rng.uniform(0.44, 0.62)))
    kind = KINDS[int(rng.integers(len(KINDS)))]
    body = ("sun", "moon", "")[int(rng.choice(3, p=[0.5, 0.27, 0.23]))]
    low = d.maybe(0.5)
    side = 1.0 if d.maybe(0.5) else -1.0
    u_draft = Draft(generator(seed, 2))
    kind_name = kind.__name__
    u_draft.horizon = d.horizon
    # the light's place must be known before the water glitters, the horizon before the sky: two passes
    probe = Draft(generator(seed, 3), horizon=d.horizon)
    kind(probe)
    u_draft.horizon = probe.horizon
    sky, clouds = _heavens(u_draft, body, low, side)
    first = sky[0]
    assert isinstance(first, Sky)
    land = Draft(generator(seed, 3), horizon=d.horizon, glitter=first.sun[0] if body else None)
    kind(land)
    palette = PALETTES[int(rng.integers(len(PALETTES)))]
    return Plan(
        kind_name, (*sky, *land.layers), palette, side, body, low, clouds, tuple(land.things)
    )
