"""Compositions: from a seed, what stands where. A plan is a list of shapes from the sky forward."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from engines.worlds import vista_inland as inland
from engines.worlds import vista_shores as shores
from engines.worlds.vista_draft import FAR_SIDES, Draft
from engines.worlds.vista_easel import MOON, SUN, Layer
from engines.worlds.vista_light import PALETTES
from engines.worlds.vista_noise import generator
from engines.worlds.vista_sky import Cloud, Disc, Sky


@dataclass(frozen=True)
class Plan:
    """A composed scene: shapes from back to front, its light, and what a caption may name."""

    kind: str
    layers: tuple[Layer, ...]
    palette: str
    side: float
    body: str  # 'sun', 'moon' or ''
    low: bool  # the sun stands near the horizon
    clouds: int
    things: tuple[str, ...]


KINDS: tuple[Callable[[Draft], None], ...] = (
    shores.coast,
    shores.cliffs,
    shores.islands,
    shores.lake,
    shores.fjord,
    inland.valley,
    inland.canyon,
    inland.dunes,
    inland.mesas,
    inland.forest,
    inland.grove,
    inland.village,
    inland.winter,
    inland.plain,
    inland.hills,
)


def _heavens(d: Draft, body: str, low: bool, side: float) -> tuple[Sky, list[Layer], int]:
    """Sky, then sun or moon and clouds, and how many clouds, above the horizon of the draft."""
    u = side * d.between(0.06, 0.36)
    v = d.horizon * (d.between(0.55, 0.86) if low else d.between(0.16, 0.5))
    sky = Sky(d.horizon + 0.04, (u, v), d.key(), d.maybe(0.4))
    layers: list[Layer] = []
    if body:
        radius = d.between(0.042, 0.085) * (1.25 if low else 1.0)
        bite = d.between(0.25, 0.75) if body == "moon" and d.maybe(0.5) else 0.0
        layers.append(Disc(SUN if body == "sun" else MOON, u, v, radius, bite))
    count = int(d.rng.choice([0, 1, 2, 3, 4, 5, 7], p=[0.1, 0.12, 0.16, 0.2, 0.18, 0.14, 0.1]))
    flat = d.maybe(0.5)
    for i in range(count):
        for spread in FAR_SIDES:
            v = d.horizon * d.between(0.1, 0.85)
            u = d.between(-0.55, 0.55) + spread
            near = 1 - v / d.horizon
            wide = (0.2 + 0.45 * near) * d.between(0.6, 1.2)
            if flat or (i % 3 == 2 and d.maybe(0.6)):
                lens = 0.025 + 0.06 * near
                layers.append(Cloud(u, v, wide * 1.7, lens, d.key(), True, 1 - near))
            else:
                tall = wide * d.between(0.3, 0.45)
                layers.append(Cloud(u, v, wide, tall, d.key(), False, 1 - near))
    return sky, layers, count


@lru_cache(maxsize=64)
def plan(seed: int) -> Plan:
    """The composition of a seed: independent of all attributes."""
    rng = generator(seed, 1)
    horizon = float(rng.uniform(0.44, 0.62))
    kind = KINDS[int(rng.integers(len(KINDS)))]
    body = ("sun", "moon", "")[int(rng.choice(3, p=[0.48, 0.32, 0.2]))]
    low, side = bool(rng.random() < 0.5), 1.0 if rng.random() < 0.5 else -1.0
    palette = PALETTES[int(rng.integers(len(PALETTES)))]
    # the land sets the horizon, the sky above it the light, and the water glitters below the light
    land = Draft(generator(seed, 3), horizon)
    kind(land)
    sky, heavens, clouds = _heavens(Draft(generator(seed, 2), land.horizon), body, low, side)
    land = Draft(generator(seed, 3), horizon, sky.sun[0] if body else None)
    kind(land)
    layers = (sky, *heavens, *land.layers)
    return Plan(kind.__name__, layers, palette, side, body, low, clouds, tuple(land.things))
