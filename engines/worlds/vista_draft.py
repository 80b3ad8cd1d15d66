"""A draft of a composition, and the groups of shapes that places share."""

from dataclasses import dataclass, field

import numpy as np

from engines.worlds.vista_easel import MEADOW, Easel, Layer
from engines.worlds.vista_houses import House
from engines.worlds.vista_land import Cliff, Ground, Mountain, Outline
from engines.worlds.vista_noise import f32, generator
from engines.worlds.vista_things import Boulder
from engines.worlds.vista_trees import Tree, Trees
from engines.worlds.vista_water import Mirror, Ribbon

Span = tuple[float, float]
FAR_SIDES = (0.0, 1.15, -1.15, 2.3, -2.3)  # wide pictures go on to both sides


@dataclass
class Draft:
    """A plan in the making; `glitter` is the u of the sun or moon, if the sky has one."""

    rng: np.random.Generator
    horizon: float = 0.5
    glitter: float | None = None
    layers: list[Layer] = field(default_factory=list)
    things: list[str] = field(default_factory=list)

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

    def land(
        self, level: float, roll: float = 0.03, size: float = 0.5, tilt: float = 0.0
    ) -> Outline:
        """A rolling outline of its own; `tilt` is the greatest lean to either side."""
        lean = self.between(-tilt, tilt) if tilt else 0.0
        return Outline(level, self.key(), roll=roll, roll_size=size, tilt=lean)

    def ribbon(self, kind: int, top: float, width: Span, swing: Span, depth: float) -> None:
        """A path or a river from the middle distance to the foreground."""
        start, end = self.between(-0.18, 0.18), self.between(-0.25, 0.25)
        wide, sway = 1.25 * self.between(*width), self.between(*swing)
        turns, pigment = self.between(0.5, 1.25), self.pick(2)
        self.add(Ribbon(kind, top, start, end, wide, sway, depth, pigment, self.key(), turns))


def height_at(outline: Outline, u: float) -> float:
    """The outline's v at one u."""
    return float(outline(f32([u]))[0])


def ranges(d: Draft, level: float, height: float, depth: float, snowy: float) -> None:
    """A mountain range that rises `height` above `level`; `snowy` is the chance of a snow cap."""
    count = 2 + d.pick(3)
    start = d.between(-0.5, -0.2)
    broad = d.between(0.85, 1.5) * max(1.0, 0.28 / height) ** 0.7
    peaks = []
    for i in range(count):
        u = start + i * 0.85 / count + d.between(-0.09, 0.09)
        peaks.append((u, height * d.between(0.45, 1.0), height * broad * d.between(0.8, 1.35)))
    peaks.append((d.between(-0.3, 0.3), height * 1.05, height * broad * d.between(0.8, 1.25)))
    for i in range(9):
        for side in (-1, 1):
            u = side * (0.75 + i * 0.37 + d.between(-0.1, 0.1))
            peaks.append((u, height * d.between(0.4, 0.95), height * d.between(0.9, 1.4)))
    outline = Outline(
        level,
        d.key(),
        roll=height * 0.12,
        roll_size=0.3,
        jag=height * d.between(0.12, 0.26),
        jag_size=d.between(0.5, 0.9) * min(0.12, height * 0.5),
        peaks=tuple(peaks),
    )
    line = level - height * d.between(0.2, 0.62) if d.maybe(snowy) else 0.0
    d.add(Mountain(outline, depth, d.pick(4), line))
    d.name("snowy peaks" if line else "mountains")


def hillsides(
    d: Draft, level: float, count: int, depth: float, wooded: float, last: float
) -> float:
    """Hills one before the other from `level` downward; returns the level of the nearest."""
    pigment, tree, leafy = d.pick(3), d.pick(3), d.maybe(0.55)
    step = (0.97 - level) / (count + 1.5) * d.between(0.7, 1.0)
    for i in range(count):
        t = i / max(1, count - 1)
        far, y = depth + (last - depth) * t, level + i * step
        top = d.land(y, 0.025 + 0.05 * t * d.between(0.5, 1.2), d.between(0.3, 0.7), 0.1)
        if d.maybe(wooded):
            high = 0.02 + 0.05 * (1 - far) * d.between(0.8, 1.3)
            for row in range(2):
                d.add(Trees(top.lowered(row * 0.022), high, step * 0.6, far, d.key(), tree, leafy))
            d.name("broadleaf woods" if leafy else "pine woods")
        furrows = d.between(2, 6) if d.maybe(0.3) else 0.0
        near, bloom = 0.3 + 0.5 * t, 1 + d.pick(4) if d.maybe(0.25) else 0
        d.add(Ground(top.lowered(0.03), MEADOW, far, pigment, near, furrows, bloom))
    d.name("meadows")
    return level + (count - 1) * step


def woods(d: Draft, level: float, rows: int, height: float, depth: float, leafy: bool) -> None:
    """Rows of trees that hide one another, near ones taller."""
    bowl, pigment, span = d.between(-0.12, 0.2), d.pick(3), 0.3 * height
    for row in range(rows):
        t = row / rows
        base = Outline(level + row * span, d.key(), roll=0.025, roll_size=0.4, bowl=bowl * (1 - t))
        high, far = height * (0.7 + 0.5 * t), depth * (1 - 0.45 * t)
        d.add(Trees(base, high, span * 2.6, far, d.key(), pigment, leafy))
    d.name("broadleaf woods" if leafy else "pine woods")


def framing(
    d: Draft, level: float, kinds: tuple[str, ...], share: float, ground: Outline | None = None
) -> None:
    """Large trees at the sides of the foreground, from `level` down or on the `ground`."""
    if not d.maybe(share):
        return
    shape, pigment = kinds[d.pick(len(kinds))], d.pick(3)
    sides = (-1, 1) if d.maybe(0.3) else (-1,) if d.maybe(0.5) else (1,)
    trees = []
    for side in sides:
        for i in range(2 + d.pick(3)):
            u = side * (d.between(0.26, 0.5) + 0.04 * i)
            size = d.between(0.28, 0.66) * (0.75 if shape == "round" else 1.0)
            trees.append((level + d.between(0.0, 0.1), u, size))
    for i in range(14):
        for side in (-1, 1):
            if d.maybe(0.4):
                u = side * (0.62 + i * 0.25 + d.between(0, 0.2))
                trees.append((level + d.between(0.0, 0.06), u, d.between(0.15, 0.4)))
    for v, u, size in sorted(trees):
        foot = v if ground is None else max(v, height_at(ground, u) + 0.02)
        if ground is None or foot < 1.1:  # else there is no ground to stand on
            place = min(0.99, foot) if ground is None else foot
            d.add(Tree(u, place, size, 0.06, shape, d.key(), pigment))
    d.name({"fir": "tall firs", "round": "old trees", "poplar": "poplars"}[shape])


def houses(d: Draft, ground: Outline, count: int, size: float, depth: float, spread: float) -> None:
    """Houses with a few trees between them, far ones first."""
    middle = d.between(-0.28, 0.28) * (0.5 if count > 3 else 1.0)
    drop = 0.075 * size / 0.06
    spots = sorted((d.between(0.0, drop), d.between(-spread, spread)) for _ in range(count))
    base = d.pick(20)
    for down, off in spots:
        u = middle + off
        v = height_at(ground, u) + 0.012 + down
        if d.maybe(0.4):
            shape, high = "poplar" if d.maybe(0.4) else "round", size * d.between(1.4, 2.4)
            d.add(Tree(u + size * 1.9, v, high, depth, shape, d.key(), d.pick(3)))
        style = base if d.maybe(0.5) else d.pick(20)
        d.add(House(u, v + 0.004, size * d.between(0.85, 1.3), depth, style, d.between(-1, 1)))
    d.name("a cottage" if count == 1 else "a village" if count > 3 else "farmhouses")


def boulders(d: Draft, low: float, high: float, count: int, size: float, pigment: int) -> None:
    """Scattered rocks, far ones first."""
    for v in sorted(d.between(low, high) for _ in range(count)):
        near = (v - low) / max(1e-3, high - low)
        high_ = size * (0.35 + 0.65 * near) * d.between(0.6, 1.2)
        d.add(Boulder(d.between(-0.55, 0.55), v, high_, 0.15 * (1 - near), d.key(), pigment))
    d.name("boulders")


def peaked(
    d: Draft, level: float, spots: list[tuple[float, float, float]], flat: bool, jag: float
) -> Outline:
    """An outline of peaks (u, height, half-width) or, with `flat`, of tables."""
    return Outline(level, d.key(), jag=jag, jag_size=0.05, peaks=tuple(spots), flat_tops=flat)


def standing(d: Draft, cliff: Cliff, trees: float = 0.0) -> None:
    """A cliff that rises from water, and its mirror image; `trees` is their height on it."""
    d.add(cliff)
    d.add(Mirror(cliff.outline, cliff.foot, trees, d.key()))


@dataclass(frozen=True)
class Grove:
    """Firs on an island: trees between u - half and u + half only."""

    base: Outline
    u: float
    half: float
    height: float
    depth: float
    seed: int
    pigment: int

    def draw(self, easel: Easel) -> None:
        rng = generator(self.seed, 21)
        for x in sorted(rng.uniform(-1, 1, 9), key=abs, reverse=True):
            at = self.u + float(x) * self.half
            size = self.height * float(rng.uniform(0.6, 1.1)) * (1.2 - 0.5 * abs(float(x)))
            key, v = int(rng.integers(1 << 30)), height_at(self.base, at) + 0.006
            Tree(at, v, size, self.depth, "fir", key, self.pigment).draw(easel)
