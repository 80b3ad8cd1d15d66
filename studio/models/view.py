"""How the document is looked at: scale, centre, turn and mirror, as one exact affine map.

A screen point is turn * mirror * scale * (point - centre) + the middle of the room. The angle is
what is seen on the screen, clockwise; so mirroring the view also negates the angle.
"""

import math
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, Signal

from engines.ports import Size
from studio.document.raster import Area, Point

LEAST, MOST = 1 / 256, 256.0
ZOOM_STEP = 1.25
TURN_STEP = 15.0  # degrees
MARGIN = 0.96  # of the room that a fitted document takes


class Shown(Enum):
    """What a canvas shows."""

    LAYOUT = "layout"
    PICTURE = "picture"
    OVERLAY = "overlay"
    SPLIT = "split"


@dataclass(frozen=True)
class Look:
    """A place of the view, to come back to. `angle` in degrees, in (-180, 180]."""

    scale: float
    centre: Point
    angle: float = 0.0
    mirrored: bool = False
    fitted: bool = False


class View(QObject):
    """`scale`: logical screen pixels a layout pixel; `centre`: the layout point in the middle."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scale = 1.0
        self.centre: Point = (256.0, 256.0)
        self.angle = 0.0
        self.mirrored = False
        self.fitted = True
        self._document: Size = (512, 512)
        self._room: Size = (400, 400)

    # Where the document is ----------------------------------------------------------------------

    @property
    def document(self) -> Size:
        """(height, width) of what is looked at."""
        return self._document

    @property
    def room(self) -> Size:
        """(height, width) of the screen for it."""
        return self._room

    @property
    def upright(self) -> bool:
        """Whether it is neither turned nor mirrored."""
        return not self.angle and not self.mirrored

    def look(self) -> Look:
        """How it is looked at now."""
        return Look(self.scale, self.centre, self.angle, self.mirrored, self.fitted)

    def take(self, look: Look) -> None:
        """Look at it so again."""
        self.scale, self.centre = _bounded(look.scale), look.centre
        self.angle, self.mirrored, self.fitted = _wrapped(look.angle), look.mirrored, look.fitted
        if self.fitted:
            self.fit()
        else:
            self.changed.emit()

    def set_document(self, size: Size) -> None:
        """Another document: show all of it, upright."""
        self._document = size
        self.angle, self.mirrored = 0.0, False
        self.fit()

    def set_room(self, size: Size) -> None:
        """The (height, width) that a canvas has on the screen; what was fitted stays so."""
        if size != self._room:
            self._room = size
            if self.fitted:
                self.fit()
            else:
                self.changed.emit()

    # Moving -------------------------------------------------------------------------------------

    def fit(self) -> None:
        """All of the document, as large as there is room for it as it is turned."""
        height, width = self._document
        cosine, sine = (abs(part) for part in _parts(self.angle))
        across, down = width * cosine + height * sine, width * sine + height * cosine
        fits = min(self._room[0] * MARGIN / down, self._room[1] * MARGIN / across)
        self.scale = _bounded(fits)
        self.centre = (width / 2, height / 2)
        self.fitted = True
        self.changed.emit()

    def centre_on(self, point: Point) -> None:
        """Bring a layout point to the middle."""
        self.centre, self.fitted = point, False
        self.changed.emit()

    def zoom_to(self, scale: float, keep: Point | None = None) -> None:
        """Another scale, with the layout point `keep` where it is on the screen."""
        self._scale_about(scale, keep or self.centre)
        self.changed.emit()

    def zoom(self, steps: float, keep: Point | None = None) -> None:
        """Closer by so many steps, or farther where negative."""
        self.zoom_to(self.scale * ZOOM_STEP**steps, keep)

    def turn_to(self, angle: float, keep: Point | None = None) -> None:
        """Another angle in degrees clockwise, with the layout point `keep` where it is."""
        self._turn_about(angle, keep or self.centre)
        self.changed.emit()

    def turn(self, steps: float) -> None:
        """On to the next multiple of 15 degrees: clockwise, or the other way where negative."""
        place = self.angle / TURN_STEP
        start = math.floor(place + 1e-6) if steps > 0 else math.ceil(place - 1e-6)
        self.turn_to((start + steps) * TURN_STEP)

    def mirror(self) -> None:
        """Swap left and right on the screen, about its middle."""
        self.mirrored, self.angle = not self.mirrored, _wrapped(-self.angle)
        self.changed.emit()

    def straighten(self) -> None:
        """Upright again, the middle where it is; a mirrored view stays mirrored."""
        self.turn_to(0.0)

    def pan(self, dx: float, dy: float) -> None:
        """Move what is shown by screen pixels."""
        x, y = self._shrunk(dx, dy)
        self.centre = (self.centre[0] - x, self.centre[1] - y)
        self.fitted = False
        self.changed.emit()

    def pinch(self, keep: Point, factor: float, turned: float, dx: float, dy: float) -> None:
        """Two fingers: scale by `factor` and turn by degrees about `keep`, then move by pixels."""
        self._scale_about(self.scale * factor, keep)
        self._turn_about(self.angle + turned, keep)
        self.pan(dx, dy)

    def _scale_about(self, scale: float, keep: Point) -> None:
        scale = _bounded(scale)
        share = self.scale / scale
        self.centre = (
            keep[0] + (self.centre[0] - keep[0]) * share,
            keep[1] + (self.centre[1] - keep[1]) * share,
        )
        self.scale, self.fitted = scale, False

    def _turn_about(self, angle: float, keep: Point) -> None:
        dx, dy = self._grown(keep[0] - self.centre[0], keep[1] - self.centre[1])
        self.angle = _wrapped(angle)
        x, y = self._shrunk(dx, dy)
        self.centre = (keep[0] - x, keep[1] - y)

    # The map ------------------------------------------------------------------------------------

    def matrix(self, room: Size) -> tuple[float, float, float, float, float, float]:
        """m11, m12, m21, m22, dx, dy of the map from layout to screen, in the order of Qt."""
        cosine, sine = _parts(self.angle)
        flip = -1.0 if self.mirrored else 1.0
        return (
            self.scale * cosine * flip,
            self.scale * sine * flip,
            -self.scale * sine,
            self.scale * cosine,
            *self.to_screen((0.0, 0.0), room),
        )

    def to_document(self, x: float, y: float, room: Size) -> Point:
        """The layout point under a point of a canvas of that (height, width)."""
        dx, dy = self._shrunk(x - room[1] / 2, y - room[0] / 2)
        return self.centre[0] + dx, self.centre[1] + dy

    def to_screen(self, point: Point, room: Size) -> Point:
        """Where a layout point is on a canvas of that (height, width)."""
        dx, dy = self._grown(point[0] - self.centre[0], point[1] - self.centre[1])
        return dx + room[1] / 2, dy + room[0] / 2

    def bounds_on_screen(self, area: Area, room: Size) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what an area of the layout covers."""
        corners = [
            self.to_screen((x, y), room)
            for x in (area.left, area.right)
            for y in (area.top, area.bottom)
        ]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def _grown(self, dx: float, dy: float) -> Point:
        """A vector of the layout as one of the screen."""
        cosine, sine = _parts(self.angle)
        dx = (-dx if self.mirrored else dx) * self.scale
        dy = dy * self.scale
        return dx * cosine - dy * sine, dx * sine + dy * cosine

    def _shrunk(self, dx: float, dy: float) -> Point:
        """A vector of the screen as one of the layout."""
        cosine, sine = _parts(self.angle)
        dx, dy = dx / self.scale, dy / self.scale
        x, y = dx * cosine + dy * sine, dy * cosine - dx * sine
        return -x if self.mirrored else x, y


def _parts(angle: float) -> tuple[float, float]:
    """Cosine and sine, exact at quarter turns, so that these stay crisp."""
    if angle % 90 == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(angle / 90) % 4]
    return math.cos(math.radians(angle)), math.sin(math.radians(angle))


def _wrapped(angle: float) -> float:
    """The same angle in (-180, 180]."""
    return angle if -180.0 < angle <= 180.0 else 180.0 - (180.0 - angle) % 360.0


def _bounded(scale: float) -> float:
    return min(max(scale, LEAST), MOST)
