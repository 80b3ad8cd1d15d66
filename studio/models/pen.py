"""What a tool is handed and what it shows: the pen, the options of the tools, and the sketch."""

from dataclasses import dataclass, field
from enum import Enum

from studio.document.brush import Tip
from studio.document.mirror import Mirror
from studio.document.raster import Point
from studio.document.selecting import How


class Tool(Enum):
    """What the pen does. The value names its icon and its command."""

    BRUSH = "brush"
    ERASER = "eraser"
    FILL = "fill"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    LASSO = "lasso"
    CLONE = "clone"
    PICKER = "picker"
    SELECT = "select"
    SELECT_LASSO = "select-lasso"
    WAND = "wand"
    MOVE = "move"


DRAWN = (Tool.BRUSH, Tool.ERASER, Tool.CLONE)  # with a brush of some size
SHAPED = (Tool.LINE, Tool.RECTANGLE, Tool.ELLIPSE, Tool.POLYGON, Tool.LASSO)
SELECTING = (Tool.SELECT, Tool.SELECT_LASSO, Tool.WAND)


@dataclass(frozen=True)
class Pen:
    """A pen that goes down or moves, in layout pixels. `shift` and `alt` are the keys held."""

    point: Point
    pressure: float = 1.0
    shift: bool = False
    alt: bool = False
    erase: bool = False


@dataclass(frozen=True)
class Options:
    """How the tools work, whichever is in hand.

    `angle` of the tip in degrees; `steady` 0 to 1; `gap` the widest opening in pixels that a fill
    does not run through; `tolerance` 0 to 255 of colours that a fill or the wand takes as alike;
    `margin` the pixels that a selection grows or shrinks by.
    """

    pressure: bool = True
    tip: Tip = Tip.ROUND
    angle: float = 0.0
    follow: bool = False
    steady: float = 0.0
    mirror: Mirror = field(default_factory=Mirror)
    contiguous: bool = True
    gap: int = 0
    tolerance: int = 24
    how: How = How.REPLACE
    margin: int = 4
    color: tuple[int, int, int] = (30, 30, 30)


@dataclass(frozen=True)
class Sketch:
    """What a tool shows over the page and does not paint, in layout pixels.

    `lines` are dashed, `axes` too and longer; `handles` are to be dragged; `marks` are crosses.
    """

    lines: tuple[tuple[Point, ...], ...] = ()
    axes: tuple[tuple[Point, Point], ...] = ()
    handles: tuple[Point, ...] = ()
    marks: tuple[Point, ...] = ()


NO_SKETCH = Sketch()
