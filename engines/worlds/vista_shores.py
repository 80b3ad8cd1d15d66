"""Places by the water: each lays its land on a draft, far shapes first."""

from engines.worlds.vista_draft import (
    FAR_SIDES,
    Draft,
    Grove,
    boulders,
    framing,
    height_at,
    houses,
    peaked,
    ranges,
    standing,
    woods,
)
from engines.worlds.vista_easel import MEADOW, ROCK, SAND
from engines.worlds.vista_houses import House, Lighthouse
from engines.worlds.vista_land import Cliff, Ground, Mountain, Outline
from engines.worlds.vista_trees import Trees
from engines.worlds.vista_water import Mirror, Water


def coast(d: Draft) -> None:
    """Sea, headlands, a beach in front."""
    h = d.horizon
    if d.maybe(0.6):
        side = 1 if d.maybe(0.5) else -1
        spots = [(side * d.between(0.3, 0.6), d.between(0.05, 0.13), d.between(0.2, 0.4))]
        spots.append((side * 0.95, d.between(0.1, 0.2), 0.5))
        d.add(Mountain(peaked(d, h + 0.003, spots, False, 0.02), 0.75, d.pick(4)))
        d.name("a far headland")
    d.add(Water(h, 0.8, d.pick(3), d.between(0.1, 0.5), d.key(), d.glitter))
    d.name("the sea")
    if d.maybe(0.65):
        side, high, wide = 1 if d.maybe(0.5) else -1, d.between(0.12, 0.3), d.between(0.14, 0.26)
        spots = [(side * (0.48 + 0.33 * i), high * d.between(0.85, 1.1), wide) for i in range(8)]
        foot = h + d.between(0.09, 0.12)
        top = peaked(d, foot + 0.02, spots, True, 0.02)
        cap = d.pick(3) if d.maybe(0.6) else -1
        standing(d, Cliff(top, foot, 0.3, d.pick(4), d.between(0.2, 0.8), cap))
        d.name("cliffs")
    level, tilt = d.between(0.76, 0.86), d.between(-0.25, 0.25)
    sand = Outline(level, d.key(), roll=0.03, roll_size=0.6, tilt=tilt)
    d.add(Ground(sand, SAND, 0.1, d.pick(3), 0.7))
    d.name("a beach")
    if d.maybe(0.55):
        grass = Outline(
            level + d.between(0.08, 0.13), d.key(), 0.04, 0.35, 0.014, 0.008, tilt=-0.8 * tilt
        )
        d.add(Ground(grass, MEADOW, 0.05, d.pick(3), 0.95, bloom=d.pick(5)))
        d.name("dune grass")
    if d.maybe(0.4):
        boulders(d, level + 0.03, 0.97, 3 + d.pick(5), 0.06, d.pick(4))
    if d.maybe(0.3):
        ground = Outline(level + 0.04, 5, tilt=tilt)
        houses(d, ground, 1 + d.pick(2), d.between(0.05, 0.07), 0.08, 0.15)


def cliffs(d: Draft) -> None:
    """High green cliffs above the sea, a lighthouse perhaps, sea stacks."""
    h = d.horizon = min(d.horizon, 0.52)
    side = 1 if d.maybe(0.5) else -1
    d.add(Water(h, 0.85, d.pick(3), d.between(0.1, 0.5), d.key(), d.glitter))
    d.name("the sea", "cliffs")
    rock, green = d.pick(4), d.pick(3)
    for i in range(1 + d.pick(3)):
        foot = h + d.between(0.03, 0.08) + 0.05 * i
        spot = (-side * d.between(0.05, 0.4), d.between(0.08, 0.22), d.between(0.03, 0.07))
        cap = green if d.maybe(0.4) else -1
        standing(
            d,
            Cliff(peaked(d, foot + 0.02, [spot], True, 0.02), foot, 0.45 - 0.1 * i, rock, 0.5, cap),
        )
        d.name("sea stacks")
    levels = (h + 0.11, h + 0.27) if d.maybe(0.6) else (h + 0.2,)
    for i, foot in enumerate(levels):
        rise = foot - h + d.between(0.06, 0.16) * (1.0 - 0.5 * i)
        spots = [
            (side * (0.42 - 0.06 * i + 0.3 * j), rise * d.between(0.92, 1.08), 0.26)
            for j in range(9)
        ]
        top = peaked(d, foot + 0.02, spots, True, 0.016)
        standing(d, Cliff(top, foot, 0.35 - 0.2 * i, rock, d.between(0.3, 0.8), green))
        if i == 0 and d.maybe(0.7):
            u = side * d.between(0.32, 0.45)
            d.add(Lighthouse(u, height_at(top, u) + 0.014, d.between(0.15, 0.2), 0.25, d.pick(4)))
            d.name("a lighthouse")
        elif d.maybe(0.4):
            u = side * d.between(0.36, 0.45)
            v, turn = height_at(top, u) + 0.014, d.between(-1, 1)
            d.add(House(u, v, 0.045, 0.15, d.pick(20), turn))
            d.name("a cottage")
    lean = -side * d.between(0.15, 0.3)
    grass = Outline(0.86, d.key(), 0.04, 0.5, 0.014, 0.008, tilt=lean)
    d.add(Ground(grass, MEADOW, 0.05, green, 0.95, bloom=d.pick(5)))
    d.name("meadows")
    if d.maybe(0.4):
        boulders(d, 0.88, 0.98, 3, 0.05, rock)


def islands(d: Draft) -> None:
    """An archipelago on calm water."""
    h = d.horizon
    tree, rock = d.pick(3), d.pick(4)
    if d.maybe(0.5):
        ranges(d, h + 0.004, d.between(0.08, 0.16), 0.85, 0.3)
    d.add(Water(h, 0.85, d.pick(3), d.between(0.5, 0.95), d.key(), d.glitter))
    count = 4 + d.pick(3)
    for i in range(count):
        t = i / count
        foot = h + 0.012 + 0.2 * t * t + 0.06 * t
        far = 0.75 * (1 - t) + 0.15
        for spread in FAR_SIDES:
            u = d.between(-0.5, 0.5) + spread
            wide = (0.09 + 0.2 * t) * d.between(0.7, 1.2)
            high = (0.05 + 0.13 * t) * d.between(0.6, 1.3)
            top = peaked(d, foot + 0.012, [(u, high, wide)], False, 0.018)
            d.add(Cliff(top, foot, far, rock, 0.3, tree if d.maybe(0.5) else -1))
            trees = (0.03 + 0.08 * t) * d.between(0.8, 1.3) if d.maybe(0.85) else 0.0
            if trees:
                base = peaked(d, foot + 0.02, [(u, high * 0.85, wide * 0.8)], False, 0.0)
                d.add(Grove(base, u, wide * 0.62, trees, far, d.key(), tree))
            d.add(Mirror(top, foot, trees, d.key()))
    d.name("islands", "calm water")
    if d.maybe(0.7):
        shore = Outline(0.9, d.key(), 0.04, 0.3, 0.012, tilt=d.between(-0.3, 0.3))
        d.add(Ground(shore, ROCK, 0.03, rock if rock != 1 else 3, 0.9))
        d.name("a rocky shore")
        framing(d, 0.92, ("fir",), 0.7, shore)


def lake(d: Draft) -> None:
    """A mountain lake with a wooded far shore."""
    h = d.horizon = d.between(0.48, 0.6)
    ranges(d, h, d.between(0.28, 0.42), 0.7, 0.75)
    if d.maybe(0.6):
        ranges(d, h, d.between(0.12, 0.2), 0.5, 0.1)
    woods(d, h - 0.03, 3, 0.055, 0.42, d.maybe(0.35))
    if d.maybe(0.35):
        d.add(Ground(Outline(h - 0.008, 3), MEADOW, 0.35, d.pick(3), 0.3))
        houses(d, Outline(h - 0.03, 3), 1 + d.pick(2), 0.03, 0.3, 0.12)
    d.add(Water(h, 0.45, d.pick(3), d.between(0.6, 1.0), d.key(), d.glitter))
    d.name("a lake")
    level, tilt = d.between(0.8, 0.92), d.between(-0.3, 0.3)
    rough = d.maybe(0.5)
    shore = Outline(level, d.key(), 0.05, 0.4, 0.012, 0.05 if rough else 0.008, tilt=tilt)
    if rough:
        d.add(Ground(shore, ROCK, 0.06, (0, 2, 2)[d.pick(3)], 0.9))
    else:
        d.add(Ground(shore, MEADOW, 0.06, d.pick(3), 0.9, bloom=d.pick(5)))
    d.name("a stony shore" if rough else "a grassy shore")
    if d.maybe(0.5):
        boulders(d, level - 0.02, 0.97, 3 + d.pick(4), 0.07, d.pick(4))
    framing(d, min(0.95, level + 0.06), ("fir", "fir", "round"), 0.75, shore)


def fjord(d: Draft) -> None:
    """Steep mountains that fall into the water on both sides."""
    h = d.horizon = d.between(0.54, 0.64)
    ranges(d, h, d.between(0.16, 0.28), 0.85, 0.8)
    pigment = d.pick(4)
    for i, far in enumerate((0.62, 0.42)):
        for side in (-1, 1):
            u, high = side * (0.34 + 0.16 * i), d.between(0.3, 0.46) * (1 + 0.12 * i)
            spots = [(u, high, high * d.between(0.7, 0.95))]
            spots += [(u + side * 0.3 * j, high * d.between(0.8, 1.2), 0.4) for j in range(1, 9)]
            top = Outline(h + 0.01, d.key(), jag=0.05, jag_size=0.07, peaks=tuple(spots))
            line = h - high * d.between(0.55, 0.75) if d.maybe(0.6) else 0.0
            d.add(Mountain(top, far, pigment, line))
    d.add(Trees(Outline(h + 0.004, d.key()), 0.03, 0.01, 0.45, d.key(), d.pick(3), False, 0.35))
    d.add(Water(h, 0.6, d.pick(3), d.between(0.6, 1.0), d.key(), d.glitter))
    d.name("steep mountains", "a fjord")
    if d.maybe(0.7):
        level = d.between(0.84, 0.92)
        shore = Outline(level, d.key(), 0.04, 0.4, 0.014, 0.008, tilt=d.between(-0.3, 0.3))
        d.add(Ground(shore, MEADOW, 0.06, d.pick(3), 0.9, bloom=d.pick(5)))
        d.name("a grassy shore")
        if d.maybe(0.5):
            houses(d, Outline(level + 0.02, 3), 1 + d.pick(2), 0.06, 0.08, 0.12)
        framing(d, level + 0.04, ("fir", "round"), 0.5, shore)
