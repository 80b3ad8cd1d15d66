"""Pieces of a layer moved, scaled, turned, flipped: nearest for ids, filtered for pictures."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines.ports import UNPAINTED, Size
from studio.document.raster import Area, Bools, Point, Room, pixelwise

Pixels = npt.NDArray[np.uint8]
Channel = npt.NDArray[np.float32]
_BAND = 1 << 20  # pixels that are looked up at once
RIM = 2
LEAST = 1e-3  # of the size that a piece may shrink to


@dataclass(frozen=True)
class Placement:
    """Where a piece goes, seen from its own centre: scaled (negative: flipped), then turned
    clockwise by `angle` degrees, then moved by (dx, dy) pixels.
    """

    dx: float = 0.0
    dy: float = 0.0
    sx: float = 1.0
    sy: float = 1.0
    angle: float = 0.0

    @property
    def moves_only(self) -> bool:
        """Whether every pixel goes to a pixel."""
        return (self.sx, self.sy, self.angle % 360) == (1, 1, 0)

    def settled(self) -> "Placement":
        """It moving by whole pixels where it does nothing else: so pixels stay as they are."""
        if not self.moves_only:
            return self
        return replace(self, dx=float(round(self.dx)), dy=float(round(self.dy)))

    def flipped(self, across: bool) -> "Placement":
        """It mirrored as it is seen: left and right, or else up and down."""
        sx, sy = (-self.sx, self.sy) if across else (self.sx, -self.sy)
        return replace(self, sx=sx, sy=sy, angle=-self.angle)

    def turned(self, degrees: float) -> "Placement":
        """It turned further."""
        return replace(self, angle=(self.angle + degrees + 180) % 360 - 180)

    def point(self, area: Area, x: float, y: float) -> Point:
        """Where a point of the piece goes; x and y from -1 to 1 across the area."""
        height, width = area.size
        u, v = x * width / 2 * self.sx, y * height / 2 * self.sy
        cos, sin = _cos_sin(self.angle)
        cx, cy = centre(area)
        return cx + self.dx + u * cos - v * sin, cy + self.dy + u * sin + v * cos

    def dragged(self, area: Area, x: int, y: int, to: Point, even: bool = False) -> "Placement":
        """It with the handle (x, y), each -1, 0 or 1, pulled to a point; the opposite one stays.

        `even` keeps the proportions.
        """
        fixed = self.point(area, -x, -y)
        cos, sin = _cos_sin(self.angle)
        dx, dy = to[0] - fixed[0], to[1] - fixed[1]
        u, v = dx * cos + dy * sin, dy * cos - dx * sin
        height, width = area.size
        sx = _kept(u / (x * width)) if x else self.sx
        sy = _kept(v / (y * height)) if y else self.sy
        if even and x and y:
            # The nearest point of the diagonal.
            a, b = x * width * self.sx, y * height * self.sy
            share = (u * a + v * b) / (a * a + b * b)
            sx, sy = _kept(self.sx * share), _kept(self.sy * share)
        scaled = replace(self, sx=sx, sy=sy)
        now = scaled.point(area, -x, -y)
        return replace(scaled, dx=self.dx + fixed[0] - now[0], dy=self.dy + fixed[1] - now[1])

    def bounds(self, area: Area) -> Area:
        """The least area that holds the piece where it goes."""
        corners = [self.point(area, x, y) for x in (-1, 1) for y in (-1, 1)]
        xs, ys = zip(*corners, strict=True)
        hair = 1e-6
        return Area(
            math.floor(min(ys) + hair),
            math.floor(min(xs) + hair),
            math.ceil(max(ys) - hair),
            math.ceil(max(xs) - hair),
        )


def centre(area: Area) -> Point:
    """Its middle."""
    return (area.left + area.right) / 2, (area.top + area.bottom) / 2


def placed(piece: Pixels, area: Area, placement: Placement, room: Room) -> tuple[Area, Pixels]:
    """Ids (H, W) or RGBA (H, W, 4) of an area where they go, cut to `room`.

    Unpainted or transparent where the piece is not.
    """
    placement = placement.settled()
    if piece.ndim == 2:
        return nearest(piece, area, placement, room, UNPAINTED)
    turned = placement.angle % 90 != 0
    if not turned and (abs(placement.sx), abs(placement.sy)) == (1, 1) and _whole(placement, area):
        return nearest(piece, area, placement, room, 0)
    return _filtered(piece, area, placement, room)


def placed_mask(mask: Bools, area: Area, placement: Placement, room: Room) -> tuple[Area, Bools]:
    """A mask of an area where it goes."""
    where, found = nearest(mask.view(np.uint8), area, placement.settled(), room, 0)
    return where, found.view(np.bool_)


def nearest(
    piece: Pixels, area: Area, placement: Placement, room: Room, outside: int
) -> tuple[Area, Pixels]:
    """Each pixel takes the one of the piece under its centre; hard edges stay hard."""
    where = placement.bounds(area).within(room)
    height, width = where.size
    made = np.full((height, width, *piece.shape[2:]), outside, np.uint8)
    if where.empty:
        return where, made
    source, result = pixelwise(np.ascontiguousarray(piece)), pixelwise(made)
    cos, sin = _cos_sin(placement.angle)
    cx, cy = placement.point(area, 0, 0)
    h, w = area.size
    x = np.arange(where.left, where.right) + 0.5 - cx
    y = np.arange(where.top, where.bottom) + 0.5 - cy
    if cos == 0 or sin == 0:  # By quarter turns: rows and columns are looked up once.
        columns = (x * cos if sin == 0 else y * sin) / placement.sx + w / 2
        rows = (y * cos if sin == 0 else -x * sin) / placement.sy + h / 2
        column, row = np.floor(columns).astype(np.intp), np.floor(rows).astype(np.intp)
        hit_x, hit_y = (column >= 0) & (column < w), (row >= 0) & (row < h)
        found = source[row[hit_y]].take(column[hit_x], 1)
        if sin == 0:
            result[np.ix_(hit_y, hit_x)] = found
        else:
            result[np.ix_(hit_x, hit_y)] = found.T
        return where, made
    step = max(_BAND // width, 1)
    for top in range(0, height, step):
        v = y[top : top + step, None]
        column = np.floor((x * cos + v * sin) / placement.sx + w / 2).astype(np.int32)
        row = np.floor((v * cos - x * sin) / placement.sy + h / 2).astype(np.int32)
        hit = (column >= 0) & (column < w) & (row >= 0) & (row < h)
        result[top : top + step][hit] = source[row[hit], column[hit]]
    return where, made


def _filtered(piece: Pixels, area: Area, placement: Placement, room: Room) -> tuple[Area, Pixels]:
    """RGBA: sized with a Lanczos filter as wide as it shrinks, then turned by a cubic one."""
    h, w = area.size
    size = max(round(h * abs(placement.sy)), 1), max(round(w * abs(placement.sx)), 1)
    cx, cy = placement.point(area, 0, 0)
    flips = np.s_[:: -1 if placement.sy < 0 else 1, :: -1 if placement.sx < 0 else 1]
    if placement.angle % 90 == 0:
        quarters = round(placement.angle / 90) % 4
        height, width = size if quarters % 2 == 0 else size[::-1]
        top, left = round(cy - height / 2), round(cx - width / 2)
        here = Area(top, left, top + height, left + width)
        where = here.within(room)
        part = where.inside(here)
        sized = [np.rot90(_sized(c, size)[flips], -quarters)[part] for c in _weighed(piece)]
        return where, _straight(sized)
    where = placement.bounds(area).within(room)
    if where.empty:
        return where, np.zeros((*where.size, 4), np.uint8)
    cos, sin = _cos_sin(placement.angle)
    x, y = where.left - cx, where.top - cy
    matrix = (
        *(cos, sin, x * cos + y * sin + size[1] / 2 + RIM),
        *(-sin, cos, y * cos - x * sin + size[0] / 2 + RIM),
    )
    turned = [_turned(_sized(c, size)[flips], matrix, where.size) for c in _weighed(piece)]
    return where, _straight(turned)


def _weighed(piece: Pixels) -> Iterator[Channel]:
    """The channels of RGBA, colours times opacity: what is transparent has no say. One at a time,
    for memory's sake.
    """
    alpha = piece[..., 3].astype(np.float32)
    for channel in range(3):
        yield piece[..., channel] * alpha / np.float32(255)
    yield alpha


def _straight(channels: list[Channel]) -> Pixels:
    """RGBA of weighed channels. Where a filter overshoots, colour and opacity do so alike."""
    alpha = channels[3]
    result = np.empty((*alpha.shape, 4), np.uint8)
    share = np.where(alpha > 0.5, 255 / np.maximum(alpha, 0.5), 0)
    for channel in range(3):
        result[..., channel] = np.clip(np.rint(channels[channel] * share), 0, 255)
    result[..., 3] = np.clip(np.rint(alpha), 0, 255)
    return result


def _sized(channel: Channel, size: Size) -> Channel:
    from PIL import Image

    if channel.shape == size:
        return channel
    image = Image.fromarray(np.ascontiguousarray(channel))
    return np.asarray(image.resize(size[::-1], Image.Resampling.LANCZOS))


def _turned(channel: Channel, matrix: tuple[float, ...], size: Size) -> Channel:
    """A clear rim is put around it, so that the edges are filtered too."""
    from PIL import Image

    image = Image.fromarray(np.pad(channel, RIM))
    kinds = Image.Transform.AFFINE, Image.Resampling.BICUBIC
    return np.asarray(image.transform(size[::-1], kinds[0], matrix, kinds[1]))


def over(below: Pixels, above: Pixels) -> Pixels:
    """Straight RGBA (H, W, 4) laid over another."""
    result = above.copy()
    alpha = above[..., 3]
    np.copyto(pixelwise(result), pixelwise(below), where=alpha == 0)
    mixed = (alpha > 0) & (alpha < 255) & (below[..., 3] > 0)  # The rest is one or the other.
    if mixed.any():
        front, back = above[mixed].astype(np.float32), below[mixed].astype(np.float32)
        top = front[:, 3:] / 255
        under = back[:, 3:] / 255 * (1 - top)
        color = (front[:, :3] * top + back[:, :3] * under) / (top + under)
        result[mixed] = np.rint(np.concatenate([color, (top + under) * 255], 1))
    return result


def _whole(placement: Placement, area: Area) -> bool:
    """Whether the piece's corner comes to lie between pixels."""
    x, y = placement.point(area, -1, -1)
    return abs(x - round(x)) < 1e-6 and abs(y - round(y)) < 1e-6


def _kept(scale: float) -> float:
    return math.copysign(max(abs(scale), LEAST), scale)


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Exact for quarter turns."""
    quarter = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}
    if degrees % 90 == 0:
        return quarter[round(degrees % 360)]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
