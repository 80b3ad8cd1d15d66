"""Tools that select: a rectangle, a free outline, and the wand that takes what is alike."""

import math
from typing import TYPE_CHECKING

from studio.document import raster
from studio.document.raster import Bools, Point, Shape
from studio.document.selecting import How, shifted
from studio.models.drawing import FINE, square, straight
from studio.models.hand import Hand
from studio.models.pen import Pen, Sketch

if TYPE_CHECKING:
    from studio.models.tools import Tools

CLICK = 3.0  # screen pixels that a click may drag


class Choosing(Hand):
    """Shift adds to what is selected, Alt takes away from it, both leave what is in both. Without
    them what begins inside the selection drags its outline, and no pixel.
    """

    takes_alt = True
    _drags = True

    def __init__(self, tools: "Tools") -> None:
        super().__init__(tools)
        self._how: How | None = None
        self._points: list[Point] = []
        self._gripped: Bools | None = None  # the selection that is dragged, as it was
        self._by: tuple[int, int] | None = None  # how far, once it is

    def press(self, pen: Pen) -> bool:
        keys = {(True, False): How.ADD, (False, True): How.SUBTRACT, (True, True): How.INTERSECT}
        self._how = keys.get((pen.shift, pen.alt), self.tools.options.how)
        self._points = [pen.point]
        if self._drags and self._how is How.REPLACE and self._inside(pen.point):
            self._gripped = self.tools.selection.mask
        return True

    def _inside(self, point: Point) -> bool:
        mask, (x, y) = self.tools.selection.mask, point
        if mask is None or not (0 <= y < mask.shape[0] and 0 <= x < mask.shape[1]):
            return False
        return bool(mask[int(y), int(x)])

    def move(self, pen: Pen) -> None:
        if self._gripped is None:
            self._draw(pen)
            return
        start = self._points[0]
        if self._by is None and math.dist(start, pen.point) * self.tools.scale <= CLICK:
            return
        x, y = straight(start, pen.point) if pen.shift else pen.point
        by = round(x - start[0]), round(y - start[1])
        if by != self._by:
            self._by = by
            self.tools.selection.show_draft(shifted(self._gripped, *by))

    def _draw(self, pen: Pen) -> None:
        """The pen draws the outline of what is to be selected."""

    def release(self) -> None:
        how, points, by = self._how, self._points, self._by
        dragged = self.tools.selection.mask
        self.cancel()
        if by is not None:
            if by != (0, 0):
                self.tools.selection.take(dragged)
            return
        if how is None:
            return
        (x0, y0), far = points[0], CLICK / self.tools.scale
        if all(math.dist((x0, y0), point) <= far for point in points):
            if how is How.REPLACE:
                self.tools.selection.none()
            return
        self.tools.selection.combine(self._shape(points), how)

    def cancel(self) -> None:
        if self._by is not None:
            self.tools.selection.show_draft(self._gripped)
        self.forget()

    def forget(self) -> None:
        self._how, self._points, self._gripped, self._by = None, [], None, None

    def _shape(self, points: list[Point]) -> Shape:
        raise NotImplementedError


class SelectBox(Choosing):
    """A rectangle from corner to corner, a square with Shift pressed on the way."""

    _plain = True  # Shift was not held when it began, so it may still mean a square.

    def press(self, pen: Pen) -> bool:
        self._plain = not pen.shift
        return super().press(pen)

    def _draw(self, pen: Pen) -> None:
        end = square(self._points[0], pen.point) if pen.shift and self._plain else pen.point
        self._points = [self._points[0], end]

    def sketch(self) -> Sketch:
        if len(self._points) < 2:
            return Sketch()
        area = self._shape(self._points).area
        top, left, bottom, right = area.top, area.left, area.bottom, area.right
        ring = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
        return Sketch(lines=(ring,))

    def _shape(self, points: list[Point]) -> Shape:
        """Between the corners, to the nearest edges of pixels."""
        (x0, y0), (x1, y1) = points[0], points[-1]
        rows, columns = sorted((round(y0), round(y1))), sorted((round(x0), round(x1)))
        area = raster.Area(rows[0], columns[0], rows[1], columns[1])
        return Shape(area.within(self.tools.session.document.size))


class SelectLasso(Choosing):
    """What a free outline goes round."""

    def _draw(self, pen: Pen) -> None:
        if math.dist(pen.point, self._points[-1]) * self.tools.scale >= FINE:
            self._points.append(pen.point)

    def sketch(self) -> Sketch:
        if not self._points or self._gripped is not None:
            return Sketch()
        return Sketch(lines=((*self._points, self._points[0]),))

    def _shape(self, points: list[Point]) -> Shape:
        return raster.polygon(points, self.tools.session.document.size)


class Wand(Choosing):
    """What is alike: of one class, or on a picture layer of nearly one colour."""

    _drags = False

    def release(self) -> None:
        how, points = self._how, self._points
        self.cancel()
        if how is not None:
            shape = self.tools.alike(points[0], confined=False)
            if not shape.area.empty:
                self.tools.selection.combine(shape, how)
