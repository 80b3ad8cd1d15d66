"""Places inland: each lays its land on a draft, far shapes first."""

from engines.worlds.vista_draft import (
    FAR_SIDES,
    Draft,
    boulders,
    framing,
    hillsides,
    houses,
    peaked,
    ranges,
    woods,
)
from engines.worlds.vista_easel import MEADOW, PATH, SAND, SNOW, WATER
from engines.worlds.vista_land import Cliff, Dune, Ground, Outline
from engines.worlds.vista_trees import Canopy, Trees, Trunk

_LEAFY_FRAME = ("round", "poplar", "fir")


def _grass(d: Draft, level: float, pigment: int, bloom: float = 0.5) -> None:
    """A strip of tall foreground grass, perhaps with flowers."""
    edge = Outline(level, d.key(), 0.03, 0.3, 0.016, 0.008, tilt=d.between(-0.15, 0.15))
    flowers = 1 + d.pick(4) if d.maybe(bloom) else 0
    d.add(Ground(edge, MEADOW, 0.03, pigment, 1.0, bloom=flowers))
    if flowers:
        d.name("wildflowers")


def valley(d: Draft) -> None:
    """An alpine valley: ranges, wooded slopes, meadow floor, a path or a river."""
    h = d.horizon = d.between(0.46, 0.58)
    ranges(d, h, d.between(0.3, 0.42), 0.8, 0.8)
    ranges(d, h + 0.04, d.between(0.14, 0.24), 0.58, 0.2)
    woods(d, h + 0.06, 3, 0.06, 0.42, False)
    green = d.pick(3)
    floor = Outline(h + 0.1, d.key(), roll=0.02, roll_size=0.8, bowl=-0.06)
    d.add(Ground(floor, MEADOW, 0.22, green, 0.75, bloom=d.pick(5)))
    d.name("a valley", "meadows")
    if d.maybe(0.85):
        river = d.maybe(0.35)
        d.ribbon(WATER if river else PATH, h + 0.105, (0.1, 0.2), (0.06, 0.16), 0.2)
        d.name("a winding river" if river else "a path")
    if d.maybe(0.45):
        houses(d, Outline(h + 0.13, 3), 1 + d.pick(5), d.between(0.035, 0.055), 0.2, 0.2)
    if d.maybe(0.5):
        _grass(d, 0.93, green)
    framing(d, 0.92, ("fir", "fir", "round"), 0.7)


def canyon(d: Draft) -> None:
    """Rock walls on both sides of a river."""
    h = d.horizon = d.between(0.5, 0.58)
    rock, cap = d.pick(4), d.pick(3) if d.maybe(0.5) else -1
    for i in range(4):
        foot = h + 0.015 + 0.085 * i
        for side in (-1, 1):
            gap = d.between(0.16, 0.26) + 0.07 * i
            high = (0.16 + 0.1 * i) * d.between(0.75, 1.2)
            spots = [
                (side * (gap + 0.26 + 0.3 * j), high * d.between(0.9, 1.15), 0.24) for j in range(8)
            ]
            top = peaked(d, foot + 0.01, spots, True, 0.025)
            d.add(Cliff(top, foot + 0.02, 0.75 - 0.2 * i, rock, d.between(0.5, 0.9), cap))
        sand = d.land(foot, 0.006)
        d.add(Ground(sand, SAND if cap < 0 else MEADOW, 0.7 - 0.2 * i, max(cap, 1), 0.2 + 0.2 * i))
    d.ribbon(WATER, h + 0.02, (0.16, 0.28), (0.05, 0.12), 0.5)
    d.name("canyon walls", "a river")
    if d.maybe(0.5):
        boulders(d, 0.86, 0.98, 3 + d.pick(4), 0.07, rock)
    framing(d, 0.95, ("fir",), 0.35)


def dunes(d: Draft) -> None:
    """Dunes, perhaps with shrubs or far mountains."""
    h = d.horizon = d.between(0.42, 0.56)
    pigment = d.pick(3)
    if d.maybe(0.5):
        ranges(d, h + 0.02, d.between(0.08, 0.18), 0.85, 0.0)
    count = 4 + d.pick(3)
    for i in range(count):
        t = i / (count - 1)
        peaks = []
        for k in (-2, -1, 0, 1, 2):
            u, high = d.between(-0.6, 0.6) + k * 1.3, (0.05 + 0.13 * t) * d.between(0.6, 1.2)
            peaks.append((u, high, d.between(0.25, 0.5) + 0.15 * t))
        level, lean = h + 0.03 + 0.4 * t**1.2, d.between(-0.12, 0.12)
        roll = 0.012 + 0.02 * t
        top = Outline(level, d.key(), roll, 0.5, tilt=lean, peaks=tuple(peaks))
        d.add(Dune(top, 0.7 * (1 - t) + 0.05, pigment))
        if i == count // 2 and d.maybe(0.5):
            base = Outline(level + 0.07, d.key(), roll=0.02)
            d.add(Trees(base, 0.03, 0.01, 0.35, d.key(), 2, True, 0.5))
            d.name("scattered shrubs")
    d.name("dunes")
    if d.maybe(0.35):
        boulders(d, 0.86, 0.98, 3 + d.pick(3), 0.06, 1)


def mesas(d: Draft) -> None:
    """Table mountains above a red plain."""
    h = d.horizon = d.between(0.52, 0.64)
    rock = (1, 3, 1)[d.pick(3)]
    for i in range(3):
        far, foot = 0.72 - 0.26 * i, h + 0.025 * (i + 1)
        spots = []
        for k in FAR_SIDES:
            for _ in range((3, 1, 1)[i]):
                high = (0.1 + 0.09 * i) * d.between(0.7, 1.25)
                spots.append((d.between(-0.6, 0.6) + k, high, d.between(0.05, 0.1) + 0.045 * i))
        d.add(Cliff(peaked(d, h + 0.02 * i, spots, True, 0.012), foot, far, rock, 0.9))
        d.add(Ground(d.land(foot - 0.003, 0.008), SAND, far * 0.9, 1, 0.2))
    d.add(Ground(d.land(h + 0.1, 0.03, 0.6), SAND, 0.15, 1, 0.6))
    d.name("mesas", "red sand")
    if d.maybe(0.8):
        d.ribbon(PATH, h + 0.07, (0.1, 0.16), (0.03, 0.12), 0.25)
        d.name("a road")
    for i in range(3):
        base = d.land(h + 0.13 + 0.1 * i, 0.02)
        d.add(Trees(base, 0.02 + 0.014 * i, 0.004, 0.2 - 0.05 * i, d.key(), 2, True, 0.55))
    d.name("scattered shrubs")
    if d.maybe(0.6):
        boulders(d, 0.86, 0.98, 4 + d.pick(4), 0.07, rock)


def forest(d: Draft) -> None:
    """Before a great forest: rows of trees, a glade, a path."""
    h = d.horizon = d.between(0.4, 0.55)
    leafy, pigment, green = d.maybe(0.5), d.pick(3), d.pick(3)
    if d.maybe(0.6):
        ranges(d, h, d.between(0.15, 0.3), 0.75, 0.5)
    rows = 4 + d.pick(2)
    for i in range(rows):
        t = i / rows
        base = Outline(h + 0.04 + 0.22 * t, d.key(), roll=0.03, roll_size=0.4, bowl=0.16 * t)
        kind = leafy if i % 2 == 0 else d.maybe(0.5)
        d.add(Trees(base, 0.07 + 0.13 * t, 0.14, 0.68 * (1 - t) + 0.12, d.key(), pigment, kind))
    d.add(Ground(d.land(h + 0.3), MEADOW, 0.1, green, 0.9, bloom=d.pick(5)))
    d.name("broadleaf woods" if leafy else "pine woods", "a glade")
    if d.maybe(0.85):
        river = d.maybe(0.3)
        d.ribbon(WATER if river else PATH, h + 0.3, (0.1, 0.17), (0.04, 0.12), 0.12)
        d.name("a stream" if river else "a path")
    if d.maybe(0.3):
        houses(d, Outline(h + 0.31, 3), 1, 0.06, 0.1, 0.05)
    if d.maybe(0.5):
        _grass(d, 0.95, green)
    framing(d, 0.95, ("round", "poplar") if leafy else ("fir",), 0.8)


def grove(d: Draft) -> None:
    """Inside a wood: tall trunks, a canopy above, light between them."""
    h = d.horizon = d.between(0.5, 0.6)
    leafy, pigment, path = d.maybe(0.65), d.pick(3), d.maybe(0.75)
    if d.maybe(0.5):
        ranges(d, h, d.between(0.12, 0.25), 0.8, 0.4)
    woods(d, h + 0.0, 4, 0.09, 0.6, leafy)
    d.add(Ground(d.land(h + 0.08), MEADOW, 0.25, d.pick(3), 0.7, bloom=d.pick(5)))
    d.name("tall trunks", "broadleaf woods" if leafy else "pine woods", "a glade")
    bark = d.pick(3)
    for i in range(3):
        far, level = (0.42, 0.24, 0.05)[i], h + (0.1, 0.18, 0.32)[i]
        free, step = (0.03, 0.06, 0.13)[i], (0.12, 0.17, 0.27)[i]
        for k in range(-20, 21):
            u = (k + d.between(-0.35, 0.35)) * step
            if abs(u) > free and d.maybe(0.7):
                thick = (0.012, 0.02, 0.04)[i] * d.between(0.7, 1.3)
                d.add(Trunk(u, level + d.between(0.0, 0.05), thick, far, d.key(), bark))
        edge = Outline((0.26, 0.19, 0.1)[i], d.key(), 0.07, 0.3, bowl=-0.25)
        d.add(Canopy(edge, far, d.key(), pigment, leafy))
        if i == 1 and path:
            d.ribbon(PATH, h + 0.12, (0.12, 0.2), (0.02, 0.08), 0.2)
            d.name("a path")
    _grass(d, 0.95, pigment, 0.5)


def village(d: Draft) -> None:
    """Houses among hills and fields."""
    h = d.horizon = d.between(0.42, 0.54)
    if d.maybe(0.5):
        ranges(d, h + 0.01, d.between(0.1, 0.25), 0.8, 0.5)
    level = hillsides(d, h, 2 + d.pick(2), 0.6, 0.5, 0.3)
    floor = d.land(min(level + 0.12, 0.74), 0.03, 0.6)
    green, furrows = d.pick(3), d.between(2, 5) if d.maybe(0.4) else 0.0
    d.add(Ground(floor, MEADOW, 0.2, green, 0.7, furrows, d.pick(5)))
    if d.maybe(0.8):
        d.ribbon(PATH, floor.level + 0.04, (0.08, 0.16), (0.03, 0.1), 0.15)
        d.name("a path")
    houses(d, floor, 4 + d.pick(5), d.between(0.05, 0.075), 0.18, 0.3)
    if d.maybe(0.4):
        _grass(d, 0.94, green)
    framing(d, 0.94, _LEAFY_FRAME, 0.5)


def winter(d: Draft) -> None:
    """Snowfields, firs, a cabin, perhaps a stream."""
    h = d.horizon = d.between(0.44, 0.56)
    ranges(d, h, d.between(0.22, 0.4), 0.75, 1.0)
    pigment = d.pick(3)
    woods(d, h + 0.02, 3, 0.06, 0.45, False)
    for i in range(3):
        level, near = h + 0.05 + 0.13 * i, 0.4 + 0.2 * i
        d.add(Ground(d.land(level, 0.035, 0.5, 0.15), SNOW, 0.35 - 0.13 * i, 0, near))
        if i < 2 and d.maybe(0.7):
            high = 0.07 + 0.04 * i
            base = d.land(level + 0.06)
            d.add(Trees(base, high, 0.004, 0.3 - 0.1 * i, d.key(), pigment, False, 0.5))
    d.name("snowfields", "pine woods")
    if d.maybe(0.8):
        river = d.maybe(0.35)
        d.ribbon(WATER if river else PATH, h + 0.22, (0.08, 0.16), (0.05, 0.14), 0.2)
        d.name("a stream" if river else "a path")
    if d.maybe(0.6):
        houses(d, Outline(h + 0.25, 3), 1 + d.pick(3), d.between(0.055, 0.08), 0.15, 0.18)
    framing(d, 0.94, ("fir",), 0.8)


def plain(d: Draft) -> None:
    """An open plain under a great sky."""
    h = d.horizon = d.between(0.6, 0.72)
    if d.maybe(0.6):
        ranges(d, h + 0.01, d.between(0.06, 0.14), 0.9, 0.3)
    d.add(Trees(Outline(h + 0.008, d.key()), 0.018, 0.01, 0.6, d.key(), d.pick(3), True))
    pigment = d.pick(3)
    furrows = d.between(3, 7) if d.maybe(0.6) else 0.0
    d.add(Ground(d.land(h + 0.01, 0.006), MEADOW, 0.4, pigment, 0.4, furrows, d.pick(5)))
    d.add(Trees(d.land(h + 0.035, 0.01), 0.035, 0.004, 0.4, d.key(), d.pick(3), True, 0.62))
    if d.maybe(0.5):
        houses(d, Outline(h + 0.04, 3), 1 + d.pick(2), d.between(0.04, 0.055), 0.28, 0.1)
    furrows = d.between(2, 5) if d.maybe(0.4) else 0.0
    d.add(Ground(d.land(h + 0.12, 0.03, 0.7), MEADOW, 0.12, d.pick(3), 0.8, furrows, d.pick(5)))
    if d.maybe(0.8):
        d.ribbon(PATH, h + 0.13, (0.1, 0.18), (0.02, 0.1), 0.15)
        d.name("a road")
    d.name("a wide plain")
    if d.maybe(0.5):
        _grass(d, 0.94, pigment, 0.7)
    framing(d, 0.93, ("round", "poplar"), 0.45)


def hills(d: Draft) -> None:
    """Rolling hills with fields and woods, and a path leading in."""
    h = d.horizon = d.between(0.4, 0.52)
    if d.maybe(0.4):
        ranges(d, h + 0.02, d.between(0.1, 0.22), 0.85, 0.4)
    level = hillsides(d, h + 0.02, 4 + d.pick(2), 0.7, 0.4, 0.1)
    d.ribbon(PATH, level + 0.05, (0.09, 0.17), (0.04, 0.13), 0.12)
    d.name("a path", "rolling hills")
    if d.maybe(0.5):
        houses(d, Outline(level + 0.03, 3), 1 + d.pick(2), d.between(0.045, 0.06), 0.15, 0.12)
    if d.maybe(0.5):
        _grass(d, 0.95, d.pick(3), 0.6)
    framing(d, 0.94, _LEAFY_FRAME, 0.6)
