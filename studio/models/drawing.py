"""Tools that paint: brush and eraser, clone, shapes, polygon, lasso, fill; and the picker."""

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from studio.document import raster
from studio.document.brush import Way
from studio.document.document import Pixels
from studio.document.edit import Edit
from studio.document.raster import NOTHING, Point, Shape
from studio.document.steady import Steady
from studio.models.hand import Hand
from studio.models.pen import Pen, Sketch, Tool

if TYPE_CHECKING:
    from studio.models.tools import Tools

STRING = 120.0  # screen pixels of the steady hand's string at its longest
NEAR = 9.0  # screen pixels within which a point counts as hit
FINE = 0.75  # screen pixels between two points of a free outline
DIAGONAL = math.pi / 4


class Painting(Hand):
    """A tool with an edit in hand while the pen is down."""

    def __init__(self, tools: "Tools") -> None:
        super().__init__(tools)
        self.edit: Edit | None = None

    def begin(self, label: str) -> bool:
        """Start to paint, if the layer may be painted on."""
        self.edit = self.tools.begin(label)
        return self.edit is not None

    def paint(self, shapes: Iterable[Shape], erase: bool = False, anew: bool = False) -> None:
        """Paint shapes and their mirror images; `anew` in place of what was painted before."""
        edit, session = self.edit, self.tools.session
        assert edit is not None
        touched = edit.cancel() if anew else NOTHING
        value = self.tools.value(edit, erase)
        for shape in shapes:
            for image in self.tools.options.mirror.copies(shape):
                touched = touched.union(edit.paint(image.within(session.document.size), value))
        session.touched(touched)

    def release(self) -> None:
        edit, self.edit = self.edit, None
        if edit is not None:
            self.tools.session.commit(edit)

    def cancel(self) -> None:
        edit, self.edit = self.edit, None
        if edit is not None:
            self.tools.session.touched(edit.cancel())

    def forget(self) -> None:
        self.edit = None

    @property
    def room(self) -> raster.Area:
        """All where a shape or its images may be seen."""
        return self.tools.options.mirror.room(self.tools.session.document.size)


class Brush(Painting):
    """Brush and eraser: a stroke under the pen, or behind it on a string."""

    def __init__(self, tools: "Tools", erase: bool) -> None:
        super().__init__(tools)
        self._erase = erase
        self._pen = Pen((0.0, 0.0))
        self._steady = Steady(0.0, (0.0, 0.0))
        self._way: Way | None = None

    def press(self, pen: Pen) -> bool:
        tools, options = self.tools, self.tools.options
        if not self.begin(tools.tr("Erase") if self._erase else tools.tr("Brush stroke")):
            return False
        self._pen = pen
        self._steady = Steady(options.steady * STRING / tools.scale, pen.point)
        radius = tools.reach(pen.pressure)
        self._way = Way(options.tip, pen.point, radius, self.room, options.angle, options.follow)
        self._paint(self._way.begin())
        return True

    def move(self, pen: Pen) -> None:
        self._pen = pen
        if self._way is not None and self._steady.pull(pen.point):
            self._paint(self._way.to(self._steady.brush, self.tools.reach(pen.pressure)))

    def release(self) -> None:
        way, self._way = self._way, None
        if way is not None and self.edit is not None:
            if self._steady.length:  # The stroke ends under the pen.
                self._paint(way.to(self._pen.point, self.tools.reach(self._pen.pressure)))
            self._paint(way.end())
        super().release()

    def cancel(self) -> None:
        self._way = None
        super().cancel()

    def sketch(self) -> Sketch:
        if self._way is None or not self._steady.length:
            return Sketch()
        return Sketch(lines=((self._steady.brush, self._pen.point),), marks=(self._steady.brush,))

    def _paint(self, shapes: Iterable[Shape]) -> None:
        self.paint(shapes, self._erase)


class Clone(Painting):
    """A brush that paints with another place of the same picture."""

    takes_alt = True

    def __init__(self, tools: "Tools") -> None:
        super().__init__(tools)
        self._source: Point | None = None
        self._apart: tuple[int, int] | None = None  # rows and columns from pen to source
        self._from: Pixels | None = None
        self._way: Way | None = None
        self._here: Point = (0.0, 0.0)

    def press(self, pen: Pen) -> bool:
        tools, point = self.tools, pen.point
        self._here = point
        if not tools.on_picture:
            tools.session.problem.emit(
                tools.tr("Only picture layers can be cloned from; choose one among the layers.")
            )
            return False
        if pen.alt:
            self._source, self._apart = point, None
            return True
        if self._source is None:
            tools.session.problem.emit(
                tools.tr("Hold Alt and click where to copy from, then paint elsewhere.")
            )
            return False
        if not self.begin(tools.tr("Clone")):
            return False
        assert self.edit is not None
        if self._apart is None:
            dx, dy = self._source[0] - point[0], self._source[1] - point[1]
            self._apart = round(dy), round(dx)
        self._from = self.edit.plane.copy()  # What this stroke paints is not copied again.
        options, size = tools.options, tools.session.document.size
        radius = tools.reach(pen.pressure)
        self._way = Way(options.tip, point, radius, size, options.angle, options.follow)
        self._copy(self._way.begin())
        return True

    def move(self, pen: Pen) -> None:
        self._here = pen.point
        if self._way is not None:
            self._copy(self._way.to(pen.point, self.tools.reach(pen.pressure)))

    def release(self) -> None:
        if self._way is not None and self.edit is not None:
            self._copy(self._way.end())
        self._way = self._from = None
        super().release()

    def cancel(self) -> None:
        self._way = self._from = None
        super().cancel()

    def forget(self) -> None:
        self._way = self._from = self._source = self._apart = None
        super().forget()

    def hover(self, point: Point) -> None:
        self._here = point

    def sketch(self) -> Sketch:
        if self._source is None:
            return Sketch()
        if self._apart is None:
            return Sketch(marks=(self._source,))
        down, right = self._apart
        return Sketch(marks=((self._here[0] + right, self._here[1] + down),))

    def _copy(self, shapes: Iterable[Shape]) -> None:
        edit, source, apart = self.edit, self._from, self._apart
        assert edit is not None
        assert source is not None
        assert apart is not None
        size = self.tools.session.document.size
        for shape in shapes:
            there = shape.area.moved(*apart).within(size)
            part = shape.within(there.moved(-apart[0], -apart[1]))
            if not part.area.empty:
                touched = edit.paint(part, source[part.area.moved(*apart).slices])
                self.tools.session.touched(touched)


class Shaper(Painting):
    """Line, rectangle and ellipse, from corner to corner."""

    def __init__(self, tools: "Tools", tool: Tool) -> None:
        super().__init__(tools)
        self._tool = tool
        self._start: Point = (0.0, 0.0)

    def press(self, pen: Pen) -> bool:
        tr = self.tools.tr
        labels = {
            Tool.LINE: tr("Line"),
            Tool.RECTANGLE: tr("Rectangle"),
            Tool.ELLIPSE: tr("Ellipse"),
        }
        if not self.begin(labels[self._tool]):
            return False
        self._start = pen.point
        self.paint(self._shapes(pen.point))
        return True

    def move(self, pen: Pen) -> None:
        if self.edit is not None:
            end = pen.point
            if pen.shift:
                end = (straight if self._tool is Tool.LINE else square)(self._start, end)
            self.paint(self._shapes(end), anew=True)

    def _shapes(self, end: Point) -> Iterator[Shape]:
        if self._tool is Tool.RECTANGLE:
            yield raster.box(self._start, end, self.room)
        elif self._tool is Tool.ELLIPSE:
            yield raster.ellipse(self._start, end, self.room)
        else:
            radius, options = self.tools.reach(1.0), self.tools.options
            start, room = self._start, self.room
            way = Way(options.tip, start, radius, room, options.angle, options.follow)
            yield from (*way.begin(), *way.to(end, radius), *way.end())


class Lasso(Painting):
    """A free outline that is filled when the pen goes up."""

    def __init__(self, tools: "Tools") -> None:
        super().__init__(tools)
        self._points: list[Point] = []

    def press(self, pen: Pen) -> bool:
        self._points = [pen.point]
        return self.begin(self.tools.tr("Lasso"))

    def move(self, pen: Pen) -> None:
        if math.dist(pen.point, self._points[-1]) * self.tools.scale >= FINE:
            self._points.append(pen.point)

    def release(self) -> None:
        if self.edit is not None:
            self.paint([raster.polygon(self._points, self.room)])
        self._points = []
        super().release()

    def cancel(self) -> None:
        self._points = []
        super().cancel()

    def sketch(self) -> Sketch:
        return Sketch(lines=(tuple(self._points),)) if self._points else Sketch()


class Polygon(Hand):
    """Corners set one by one; a click on the first or last of them, or Enter, fills it."""

    def __init__(self, tools: "Tools") -> None:
        super().__init__(tools)
        self._points: list[Point] = []
        self._here: Point | None = None
        self._added = False

    @property
    def busy(self) -> bool:
        return bool(self._points)

    def press(self, pen: Pen) -> bool:
        point, near = pen.point, NEAR / self.tools.scale
        points = self._points
        if not points and (why := self.tools.session.may_paint()):
            self.tools.session.problem.emit(why)
            return False
        self._added = False
        closing = len(points) > 2 and math.dist(point, points[0]) <= near
        if closing or (len(points) > 1 and math.dist(point, points[-1]) <= near):
            self.finish()
            return True
        if points and pen.shift:
            point = straight(points[-1], point)
        points.append(point)
        self._here, self._added = point, True
        return True

    def move(self, pen: Pen) -> None:
        """The corner that was just set may still be dragged."""
        if self._added:
            before = self._points[-2] if len(self._points) > 1 and pen.shift else None
            self._points[-1] = pen.point if before is None else straight(before, pen.point)

    def hover(self, point: Point) -> None:
        self._here = point

    def finish(self) -> None:
        points, self._points = self._points, []
        if len(points) > 2:
            tools = self.tools
            room = tools.options.mirror.room(tools.session.document.size)
            tools.fill_shape(raster.polygon(points, room), tools.tr("Polygon"))

    def abort(self) -> None:
        if self._added:
            self.back()

    def cancel(self) -> None:
        self._points = []

    def forget(self) -> None:
        self._points = []

    def back(self) -> None:
        if self._points:
            self._points.pop()

    def sketch(self) -> Sketch:
        if not self._points:
            return Sketch()
        ends = () if self._here is None else (self._here,)
        return Sketch(lines=((*self._points, *ends),), handles=tuple(self._points))


class Fill(Painting):
    """All that hangs together with the pixel under the pen and is alike. It is not mirrored: on
    the other side something else may hang together.
    """

    def press(self, pen: Pen) -> bool:
        if not self.begin(self.tools.tr("Fill")):
            return False
        session, shape = self.tools.session, self.tools.alike(pen.point)
        assert self.edit is not None
        session.touched(self.edit.paint(shape, self.tools.value(self.edit, erase=False)))
        return True


class Picker(Hand):
    """The class or the colour under the pen."""

    def press(self, pen: Pen) -> bool:
        self.tools.pick(pen.point)
        return True

    def move(self, pen: Pen) -> None:
        self.tools.pick(pen.point)


def straight(start: Point, end: Point) -> Point:
    """The end turned to the next of eight directions."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length, angle = math.hypot(dx, dy), round(math.atan2(dy, dx) / DIAGONAL) * DIAGONAL
    return start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)


def square(start: Point, end: Point) -> Point:
    """The end as far across as down."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    side = max(abs(dx), abs(dy))
    return start[0] + math.copysign(side, dx), start[1] + math.copysign(side, dy)
