"""Pictures too large for one go: painted in tiles that overlap by what the proof has measured.

What a model must know of the whole picture travels as ports (a style, a picture's moments), so a
tile is painted as it would be in one go. Statistics that a graph takes of the picture itself are
taken tile by tile, each with what lies around it, and averaged by their pixels.
"""

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engines.errors import UserError
from engines.ports import Mask, Moments, Noise, Port, Regional, Size, Spatial
from engines.request import Request
from engines.runtime.bundle import Bundle, GraphFile
from engines.runtime.fit import fit, nearest_size
from engines.runtime.render import Array, Cache, Frame, render, unmixed, wired
from engines.runtime.sessions import Sessions, Stop

TILE = 512  # pixels a side of a tile's input, without what overlaps
LARGEST_TILE = 1024  # pixels a side of what is made of it
WHOLE = 1_500_000  # pixels of a result that is painted in one go
MOST_WHOLE = 6_000_000  # of one whose model cannot be tiled
LONGEST = 32_768  # pixels a side of any result
_LEAST_TILE = 64
Area = tuple[int, int, int, int]  # top, left, bottom, right


def halo_of(bundle: Bundle) -> int | None:
    """What tiles of the model's pictures must overlap by, in pixels of its input; None where it
    cannot be tiled or nothing was measured.
    """
    for entry in bundle.about.get("proof", ()):
        if isinstance(entry, dict) and entry.get("graph") == bundle.target.name:
            halo = entry.get("halo")
            return halo if isinstance(halo, int) and halo >= 0 else None
    return None


def why_not(bundle: Bundle) -> str:
    """Why the model cannot paint in tiles, in a sentence; "" where it can."""
    if bundle.picture is None or not bundle.picture.free:
        return f"The model {bundle.name} makes nothing that could be painted in parts."
    if bundle.target.level is not None:
        return f"The model {bundle.name} paints step by step over the whole picture, not in parts."
    if halo_of(bundle) is None:
        return (
            f"The model {bundle.name} sees the whole picture at once, or nobody has measured how "
            "far it sees, so it cannot paint in parts."
        )
    if any(isinstance(p, Spatial) and bundle.maker(p) for p in bundle.target.inputs):
        return f"The model {bundle.name} paints what itself has painted, which has no parts yet."
    if _tile(bundle, TILE) < _LEAST_TILE:
        return f"The model {bundle.name} sees too far for the sizes it takes to paint in parts."
    return ""


def check(bundle: Bundle, size: Size) -> None:
    """Refuse a size (height, width) that cannot be painted; UserError. In tiles a picture may be
    larger than what the model takes in one go.
    """
    free = [p for p in _ports(bundle) if isinstance(p, Spatial) and p.free]
    scale = bundle.picture.scale if bundle.picture is not None else 1
    reason = why_not(bundle)
    if reason and size[0] * size[1] * scale**2 > MOST_WHOLE:
        raise UserError(
            f"{reason[:-1]}; {size[1]} x {size[0]} pixels are too many for one go: choose at most "
            f"{MOST_WHOLE // 1_000_000 / scale**2:g} million."
        )
    if not reason and max(size) * scale > LONGEST:
        raise UserError(
            f"{size[1] * scale} x {size[0] * scale} pixels are more than the {LONGEST} a side that "
            "a picture may have; choose a smaller size."
        )
    for port in free:
        (port if reason else replace(port, maximum=LONGEST)).check(size)


def paint(
    bundle: Bundle,
    request: Request,
    sessions: Sessions,
    cache: Cache | None = None,
    stop: Stop | None = None,
    *,
    tile: int = TILE,
    whole: int = WHOLE,
) -> Iterator[Frame]:
    """Frames of a request of any size, a frame a tile, of which the last is final; what is made
    of up to `whole` pixels is rendered in one go. Memory is a few tiles and the picture itself.

    UserError where the model cannot paint so large; Stale when stopped, between two tiles or in
    one.
    """
    height, width = request.size
    check(bundle, request.size)
    picture = bundle.picture
    scale = picture.scale if picture is not None else 1
    large = any(max(request.size) > _most(p) for p in _ports(bundle))
    if why_not(bundle) or (height * width * scale**2 <= whole and not large):
        yield from render(bundle, request, sessions, cache, stop)
        return
    assert picture is not None
    start = time.perf_counter()
    asked = _Whole(bundle, unmixed(bundle, request, sessions, cache, stop), tile)
    known = asked.known(sessions, cache, stop)
    out = np.empty((height * scale, width * scale, picture.channels), np.uint8)
    tiles = list(asked.areas())
    for done, area in enumerate(tiles, 1):
        around = asked.around(area)
        part = asked.part(around, known)
        made = list(render(bundle, part, sessions, None, stop))[-1].values[picture.name]
        top, left, bottom, right = (side * scale for side in area)
        y, x = top - around[0] * scale, left - around[1] * scale
        out[top:bottom, left:right] = made[y : y + bottom - top, x : x + right - left]
        final, seconds = done == len(tiles), time.perf_counter() - start
        yield Frame(request, {picture.name: out}, done / len(tiles), seconds, final)


def known(
    bundle: Bundle,
    request: Request,
    sessions: Sessions,
    cache: Cache | None = None,
    stop: Stop | None = None,
) -> dict[str, Any]:
    """What other graphs make for the target of a request of any size, by input: statistics of the
    picture among it. UserError, Stale.
    """
    whole = _Whole(bundle, unmixed(bundle, request, sessions, cache, stop), TILE)
    return whole.known(sessions, cache, stop)


def cuts(bundle: Bundle, size: Size, tile: int = TILE) -> tuple[list[int], list[int]]:
    """The rows and the columns of the input before which tiles end. None is larger than wanted."""
    step = _step(bundle)
    side = max(_tile(bundle, tile) // step, 1) * step

    def between(length: int) -> list[int]:
        # A cut lies on the step below its even share.
        count, steps = -(-length // side), -(-length // step)
        places = [i * steps // count * step for i in range(1, count)]
        return [place for place in places if 0 < place < length]

    return between(size[0]), between(size[1])


def _ports(bundle: Bundle) -> tuple[Port, ...]:
    return (*bundle.target.inputs, *bundle.target.outputs)


def _most(port: Port) -> int:
    """The longest side that a port takes, a multiple of its step."""
    if not isinstance(port, Spatial) or not port.free:
        return LONGEST
    return port.maximum // port.multiple * port.multiple


def _step(bundle: Bundle) -> int:
    """What the places of tiles are multiples of."""
    ports = (*_ports(bundle), *bundle.ports)
    return math.lcm(
        *(p.multiple for p in ports if isinstance(p, Spatial | Noise)),
        *(p.scale for p in ports if isinstance(p, Noise) and p.scale),
    )


def _halo(bundle: Bundle) -> int:
    step = _step(bundle)
    return -(-(halo_of(bundle) or 0) // step) * step


def _tile(bundle: Bundle, wanted: int) -> int:
    """The side of a tile: as wanted, if what it makes is no larger than bearable, and it fits into
    the model with its surroundings.
    """
    scale = bundle.picture.scale if bundle.picture is not None else 1
    room = min(map(_most, _ports(bundle))) - 2 * _halo(bundle)
    return min(wanted, LARGEST_TILE // scale, room)


class _Whole:
    """A request that is asked for in parts."""

    def __init__(self, bundle: Bundle, request: Request, tile: int) -> None:
        self.bundle, self.request, self.tile = bundle, request, tile
        self.halo = _halo(bundle)
        self.ports = {p.name: p for p in bundle.ports}
        self.values = {
            name: fit(self.ports[name], value, request.size) if name in self.ports else value
            for name, value in request.values.items()
        }
        for port in bundle.target.inputs:
            if isinstance(port, Noise) and port.scale:
                # One field for all: noise drawn for each tile anew would end at its border.
                seed = self.values.get(port.name, request.seed)
                self.values[port.name] = port.encode(seed, request.size)[port.name][0]

    def areas(self) -> Iterator[Area]:
        """Tiles that cover the picture, all about as large."""
        pairs = zip(cuts(self.bundle, self.request.size, self.tile), self.request.size, strict=True)
        rows, columns = ([0, *places, side] for places, side in pairs)
        for top, bottom in itertools.pairwise(rows):
            for left, right in itertools.pairwise(columns):
                yield top, left, bottom, right

    def around(self, area: Area) -> Area:
        """An area with what the model must see beside it."""
        height, width = self.request.size
        top, left, bottom, right = area
        return (
            max(0, top - self.halo), max(0, left - self.halo),
            min(height, bottom + self.halo), min(width, right + self.halo),
        )  # fmt: skip

    def part(self, area: Area, known: dict[str, Any]) -> Request:
        """The request for an area, with what is `known` of the whole."""
        values = {n: _cut(self.ports.get(n), v, area) for n, v in self.values.items()}
        size = area[2] - area[0], area[3] - area[1]
        return replace(self.request, size=size, values={**values, **known})

    def known(self, sessions: Sessions, cache: Cache | None, stop: Stop | None) -> dict[str, Any]:
        """What other graphs make for the target of all that was given, once for all tiles."""
        found: dict[str, Any] = {}
        for port in self.bundle.target.inputs:
            maker = self.bundle.maker(port)
            if maker is None or port.name in self.values:
                continue
            if isinstance(port, Moments) and self._surveys(maker):
                found[port.name] = self._surveyed(port, maker, sessions, stop)
                continue
            height, width = self.request.size
            share = min(1.0, math.sqrt(WHOLE / (height * width)))
            size = nearest_size(self.bundle, (round(height * share), round(width * share)))
            values = {n: self.request.values[n] for n in self.request.values}
            small = replace(self.request, size=size, values=values)
            value = wired(self.bundle, small, port, sessions, cache, stop)
            if value is not None:
                found[port.name] = value
        return found

    def _surveys(self, graph: GraphFile) -> bool:
        """Whether a graph looks at what is as large as the picture, and all of that was given."""
        return all(
            isinstance(p, Spatial) and p.free and (p.name in self.values or p.default is not None)
            for p in graph.inputs
        )

    def _surveyed(
        self, port: Port, maker: GraphFile, sessions: Sessions, stop: Stop | None
    ) -> Array:
        """A picture's statistics: the mean of its tiles', by the pixels that are chosen of each.

        Where the graph takes a mask, a tile is read with its surroundings and alone chosen.
        """
        place = [p.name for p in maker.outputs].index(port.name)
        mask = next((p for p in maker.inputs if isinstance(p, Mask)), None)
        total, pixels = np.zeros(port.default.shape, np.float64), 0
        for area in self.areas():
            around = self.around(area) if mask is not None else area
            size = around[2] - around[0], around[3] - around[1]
            values = {p.name: _cut(p, self.values.get(p.name, p.default), around)
                      for p in maker.inputs}  # fmt: skip
            count = (area[2] - area[0]) * (area[3] - area[1])
            if mask is not None:
                chosen = np.zeros(size, bool)
                inner = np.s_[
                    area[0] - around[0] : area[2] - around[0],
                    area[1] - around[1] : area[3] - around[1],
                ]
                chosen[inner] = np.broadcast_to(values[mask.name], size)[inner] > 0
                values[mask.name], count = chosen, int(chosen.sum())
            if count:
                tensors = {
                    k: v for p in maker.inputs for k, v in p.encode(values[p.name], size).items()
                }
                made = sessions.run(maker.path, maker.sha256, tensors, stop)[place]
                total += port.decode(made) * np.float64(count)
                pixels += count
        return (total / max(pixels, 1)).astype(np.float32)


def _cut(port: Port | None, value: Any, area: Area) -> Any:
    top, left, bottom, right = area
    if isinstance(value, Regional):
        return Regional(value.table, value.regions[top:bottom, left:right])
    if isinstance(port, Noise) and port.scale:
        s = port.scale
        return value[:, top // s : bottom // s, left // s : right // s]
    if isinstance(port, Spatial) and port.free and value.shape[:2] != (1, 1):
        return value[top:bottom, left:right]
    return value
