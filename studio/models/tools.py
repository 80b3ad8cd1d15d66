"""The tools: what a press, a drag and a release do to the layout. Points are in layout pixels."""

import math
from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QObject, Signal

from engines.ports import UNPAINTED
from studio.document import raster
from studio.document.document import Edit
from studio.document.raster import NOTHING, Point, Shape
from studio.models.session import Session

SMALLEST, LARGEST = 1.0, 2000.0
STEP = 1.2  # of `[` and `]`


class Tool(Enum):
    """What the pen does."""

    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PICKER = "picker"


DRAWN = (Tool.BRUSH, Tool.ERASER)
SHAPED = (Tool.LINE, Tool.RECTANGLE, Tool.ELLIPSE)


class Tools(QObject):
    """The tool in hand, its class and its size, and the edit in progress."""

    changed = Signal()
    pen = Signal(bool)  # the pen went down, or up

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.tool = Tool.BRUSH
        self.class_id, self.other_id = 0, 0
        self.size = 40.0
        self.pressure = True
        self._edit: Edit | None = None
        self._start: Point = (0.0, 0.0)
        self._last: Point = (0.0, 0.0)
        self._radius = 0.0
        self._erasing = False
        self._picking = False
        session.replaced.connect(self.drop)

    # What is in hand ----------------------------------------------------------------------------

    def take(self, tool: Tool) -> None:
        """Take another tool."""
        self.cancel()
        self.tool = tool
        self.changed.emit()

    def choose(self, class_id: int) -> None:
        """Paint with another class; the last one stays at hand for `exchange`."""
        if class_id != self.class_id:
            self.class_id, self.other_id = class_id, self.class_id
        self.changed.emit()

    def exchange(self) -> None:
        """Swap the class with the one before."""
        self.choose(self.other_id)

    def reset(self) -> None:
        """The first two classes, as at the start."""
        shown = self.session.shown_classes()
        self.class_id, self.other_id = (*shown, 0, 0)[:2]
        self.changed.emit()

    def resize(self, size: float) -> None:
        """Another brush size, the diameter in layout pixels."""
        self.size = min(max(size, SMALLEST), LARGEST)
        self.changed.emit()

    def grow(self) -> None:
        """A larger brush."""
        self.resize(max(self.size * STEP, self.size + 1))

    def shrink(self) -> None:
        """A smaller brush."""
        self.resize(min(self.size / STEP, self.size - 1))

    # The pen ------------------------------------------------------------------------------------

    def outline(self) -> Sequence[Point] | None:
        """The brush's outline around the pen, in layout pixels; None for the circle of `size`."""
        return None

    @property
    def down(self) -> bool:
        """Whether the pen is down."""
        return self._edit is not None or self._picking

    def press(self, point: Point, pressure: float = 1.0, erase: bool = False) -> None:
        """The pen goes down; `erase` is the pen's other end."""
        self.cancel()
        self._start = self._last = point
        self._erasing = erase or self.tool is Tool.ERASER
        self._radius = self._reach(pressure)
        if self.tool is Tool.PICKER:
            self._picking = True
            self.pick(point)
            return
        edit = self._edit = Edit(self.session.document, self._label())
        self.pen.emit(True)
        if self.tool is Tool.FILL and not erase:
            shape = raster.flood(self.session.document.ids, point)
            self.session.touched(edit.paint(shape, self._value))
        else:
            self._draw(point, self._radius, constrain=False)

    def move(self, point: Point, pressure: float = 1.0, constrain: bool = False) -> None:
        """The pen moves while it is down; `constrain` asks for squares, circles, and 45 degrees."""
        if self._picking:
            self.pick(point)
        elif self._edit is not None and (self.tool is not Tool.FILL or self._erasing):
            self._draw(point, self._reach(pressure), constrain)

    def release(self) -> None:
        """The pen goes up: the stroke is a step of the history."""
        self._picking = False
        if self._edit is None:
            return
        edit, self._edit = self._edit, None
        self.session.commit(edit)
        self.pen.emit(False)

    def cancel(self) -> None:
        """Take back the stroke in hand."""
        self._picking = False
        if self._edit is None:
            return
        edit, self._edit = self._edit, None
        self.session.touched(edit.cancel())
        self.pen.emit(False)

    def drop(self) -> None:
        """Forget the stroke in hand, whose document is gone."""
        self._picking = False
        if self._edit is not None:
            self._edit = None
            self.pen.emit(False)

    def pick(self, point: Point) -> None:
        """Take the class under the pen."""
        ids = self.session.document.ids
        row, column = math.floor(point[1]), math.floor(point[0])
        if 0 <= row < ids.shape[0] and 0 <= column < ids.shape[1]:
            found = int(ids[row, column])
            if found != UNPAINTED:
                self.choose(found)

    # Drawing ------------------------------------------------------------------------------------

    @property
    def _value(self) -> int:
        return UNPAINTED if self._erasing else self.class_id

    def _reach(self, pressure: float) -> float:
        """The radius in pixels at a pressure of 0 to 1; a tenth is left of it at the lightest."""
        share = 0.1 + 0.9 * min(max(pressure, 0.0), 1.0) if self.pressure else 1.0
        return max(self.size / 2 * share, 0.5)

    def _draw(self, point: Point, radius: float, constrain: bool) -> None:
        edit = self._edit
        assert edit is not None
        touched = NOTHING
        if self.tool in SHAPED and not self._erasing:
            if constrain:
                point = self._constrained(point)
            touched = edit.cancel()
            shape = self._shape(point)
        else:
            size = self.session.document.size
            shape = raster.segment(self._last, point, self._radius, radius, size)
        touched = touched.union(edit.paint(shape, self._value))
        self._last, self._radius = point, radius
        self.session.touched(touched)

    def _shape(self, point: Point) -> Shape:
        size = self.session.document.size
        if self.tool is Tool.RECTANGLE:
            return raster.box(self._start, point, size)
        if self.tool is Tool.ELLIPSE:
            return raster.ellipse(self._start, point, size)
        return raster.segment(self._start, point, self.size / 2, self.size / 2, size)

    def _constrained(self, point: Point) -> Point:
        dx, dy = point[0] - self._start[0], point[1] - self._start[1]
        if self.tool is Tool.LINE:
            length = math.hypot(dx, dy)
            angle = round(math.atan2(dy, dx) / (math.pi / 4)) * (math.pi / 4)
            dx, dy = length * math.cos(angle), length * math.sin(angle)
        else:
            side = max(abs(dx), abs(dy))
            dx, dy = math.copysign(side, dx), math.copysign(side, dy)
        return self._start[0] + dx, self._start[1] + dy

    def _label(self) -> str:
        if self._erasing:
            return self.tr("Erase")
        return {
            Tool.BRUSH: self.tr("Brush stroke"),
            Tool.ERASER: self.tr("Erase"),
            Tool.FILL: self.tr("Fill"),
            Tool.LINE: self.tr("Line"),
            Tool.RECTANGLE: self.tr("Rectangle"),
            Tool.ELLIPSE: self.tr("Ellipse"),
            Tool.PICKER: self.tr("Pick"),
        }[self.tool]
