"""Pictures too large for one go: painted in tiles that overlap by what the proof has measured.

What a model must know of the whole picture travels as ports (a style, a picture's moments), so a
tile is painted as it would be in one go. A graph that sums the picture up, such as one that gives
its moments, is asked tile by tile, and its answers are averaged by their pixels.
"""

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from engines.errors import UserError
from engines.ports import Image, Noise, Port, Regional, Size, Spatial
from engines.request import Request
from engines.runtime.bundle import Bundle, GraphFile
from engines.runtime.fit import fit
from engines.runtime.render import Array, Cache, Frame, render
from engines.runtime.sessions import Sessions, Stop

TILE = 512  # pixels a side, without what overlaps
WHOLE = 1_500_000  # pixels that are painted in one go


def halo_of(bundle: Bundle) -> int | None:
    """What tiles of the model's pictures must overlap by, in pixels of its input; None where it
    cannot be tiled or nothing was measured.
    """
    for entry in bundle.about.get("proof", ()):
        if entry.get("graph") == bundle.target.name:
            return None if entry.get("halo") is None else int(entry["halo"])
    return None


def paint(
    bundle: Bundle,
    request: Request,
    sessions: Sessions,
    cache: Cache | None = None,
    stop: Stop | None = None,
    *,
    tile: int = TILE,
) -> Iterator[Frame]:
    """Frames of a request of any size, a frame a tile, of which the last is final; small requests
    are rendered in one go.

    Memory is a few tiles and the picture itself. UserError where the model cannot be tiled.
    """
    height, width = request.size
    if height * width <= WHOLE or bundle.target.level is not None:
        yield from render(bundle, request, sessions, cache, stop)
        return
    halo = halo_of(bundle)
    picture = bundle.picture
    if halo is None or picture is None:
        raise UserError(
            f"The model {bundle.name} sees the whole picture at once and cannot paint "
            f"{width} x {height} pixels in parts; choose a smaller size."
        )
    start = time.perf_counter()
    step = _step(bundle)
    halo = -(-halo // step) * step
    whole = _Whole(bundle, request, step)
    known = whole.summed(sessions, cache, stop, tile)
    out = np.empty((height * picture.scale, width * picture.scale, picture.channels), np.uint8)
    tiles = list(_tiles(request.size, tile, step))
    for done, (top, left, bottom, right) in enumerate(tiles, 1):
        around = (
            max(0, top - halo), max(0, left - halo),
            min(height, bottom + halo), min(width, right + halo),
        )  # fmt: skip
        part = whole.part(around, known)
        made = list(render(bundle, part, sessions, None, stop))[-1].picture
        y, x = (top - around[0]) * picture.scale, (left - around[1]) * picture.scale
        area = np.s_[
            top * picture.scale : bottom * picture.scale,
            left * picture.scale : right * picture.scale,
        ]
        high, wide = out[area].shape[:2]
        out[area] = made[y : y + high, x : x + wide]
        final = done == len(tiles)
        values = {picture.name: out}
        yield Frame(request, values, done / len(tiles), time.perf_counter() - start, final)


def _step(bundle: Bundle) -> int:
    ports = (*bundle.target.inputs, *bundle.target.outputs)
    return math.lcm(*(p.multiple for p in ports if isinstance(p, Spatial | Noise)))


def _tiles(size: Size, tile: int, step: int) -> Iterator[tuple[int, int, int, int]]:
    """(top, left, bottom, right) of tiles that cover a picture, all about as large."""

    def cuts(side: int) -> list[int]:
        count = -(-side // tile)
        return [*(round(i * side / count / step) * step for i in range(count)), side]

    rows, columns = cuts(size[0]), cuts(size[1])
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            yield top, left, bottom, right


class _Whole:
    """A request that is asked for in parts."""

    def __init__(self, bundle: Bundle, request: Request, step: int) -> None:
        self.bundle, self.request, self.step = bundle, request, step
        ports = {p.name: p for p in bundle.ports}
        self.values = {
            name: fit(ports[name], value, request.size) for name, value in request.values.items()
        }
        for port in bundle.target.inputs:
            if isinstance(port, Noise) and port.scale:
                # One field for all: noise drawn for each tile anew would end at its border.
                seed = self.values.get(port.name, request.seed)
                self.values[port.name] = port.encode(seed, request.size)[port.name][0]
        self.ports = ports

    def part(self, area: tuple[int, int, int, int], known: dict[str, Array]) -> Request:
        """The request for an area (top, left, bottom, right), with what is `known` of the whole."""
        values = {n: _cut(self.ports[n], v, area) for n, v in self.values.items()}
        size = area[2] - area[0], area[3] - area[1]
        return replace(self.request, size=size, values={**values, **known})

    def summed(
        self, sessions: Sessions, cache: Cache | None, stop: Stop | None, tile: int
    ) -> dict[str, Array]:
        """Vectors that graphs make of the picture itself, averaged over its tiles."""
        found: dict[str, Array] = {}
        for port in self.bundle.target.inputs:
            maker = self.bundle.maker(port)
            if maker is None or port.name in self.values or not self._sums(maker):
                continue
            total, pixels = None, 0
            for area in _tiles(self.request.size, tile, self.step):
                values = {p.name: _cut(p, self.values[p.name], area) for p in maker.inputs}
                size = area[2] - area[0], area[3] - area[1]
                tensors = {
                    k: v for p in maker.inputs for k, v in p.encode(values[p.name], size).items()
                }
                vector = sessions.run(maker.path, maker.sha256, tensors, stop)[0][0]
                count = size[0] * size[1]
                total = vector * count if total is None else total + vector * count
                pixels += count
            assert total is not None
            found[port.name] = (total / pixels).astype(np.float32)
        return found

    def _sums(self, graph: GraphFile) -> bool:
        """Whether a graph makes its result of spatial inputs that the request gives."""
        spatial = all(isinstance(p, Spatial) and p.free for p in graph.inputs)
        return spatial and all(p.name in self.values for p in graph.inputs)


def _cut(port: Port, value: Any, area: tuple[int, int, int, int]) -> Any:
    top, left, bottom, right = area
    if isinstance(value, Regional):
        return Regional(value.table, value.regions[top:bottom, left:right])
    if isinstance(port, Noise) and port.scale:
        s = port.scale
        return value[:, top // s : bottom // s, left // s : right // s]
    if isinstance(port, Spatial) and port.free and not (isinstance(port, Image) and port.fixed):
        return value[top:bottom, left:right]
    return value
