"""The tool that moves, scales, turns and flips the selection or the whole layer."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engines.ports import UNPAINTED
from studio.document.document import Pixels
from studio.document.edit import Edit
from studio.document.filling import cut
from studio.document.raster import Area, Bools, Point, Shape, pixelwise
from studio.document.transform import Placement, nearest, over, placed, placed_mask
from studio.models.drawing import NEAR, straight
from studio.models.hand import Hand
from studio.models.pen import Pen, Sketch

if TYPE_CHECKING:
    from studio.models.tools import Tools

ARM = 26.0  # screen pixels from the box to the handle that turns it
SNAP = 15.0  # degrees
HANDLES = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))
SMOOTH = 300_000  # pixels of a piece above which a picture is filtered only when the pen is up


@dataclass(eq=False)
class Piece:
    """What is lifted off a layer: `mask` of its area; outside of it `pixels` are blank."""

    area: Area
    pixels: Pixels
    mask: Bools
    selected: bool
    edit: Edit
    placement: Placement
    copied: bool = False


@dataclass(frozen=True)
class Grip:
    """Where the pen took hold: a handle of the box, "turn", or None for the piece itself."""

    handle: tuple[int, int] | str | None
    start: Point
    placement: Placement
    first: bool  # Nothing was lifted before.


class Mover(Hand):
    """Nothing is changed until the piece is moved; it stays in hand until `finish` or `cancel`."""

    takes_alt = True

    def __init__(self, tools: "Tools") -> None:
        super().__init__(tools)
        self.piece: Piece | None = None
        self._grip: Grip | None = None
        self._copy = False
        self._bounds: Area | None = None
        session = tools.session
        for signal in (session.stepped, session.active_changed, tools.selection.changed):
            signal.connect(self._look_again)

    @property
    def busy(self) -> bool:
        return self.piece is not None

    @property
    def area(self) -> Area | None:
        """What would be moved, or is, where it was taken from."""
        if self.piece is not None:
            return self.piece.area
        return self._bounds

    @property
    def placement(self) -> Placement:
        """Where the piece is put."""
        return Placement() if self.piece is None else self.piece.placement

    def taken(self) -> None:
        self._look_again()

    def look(self) -> bool:
        """Whether there is something to move; says so where there is not."""
        if self.piece is None:
            area = self._content().area
            self._bounds = None if area.empty else area
        if self.area is None:
            self._refuse()
        return self.area is not None

    def _refuse(self) -> None:
        why = self.tools.session.may_paint() or self.tools.tr("There is nothing here to move.")
        self.tools.session.problem.emit(why)

    # The pen ------------------------------------------------------------------------------------

    def press(self, pen: Pen) -> bool:
        if self.area is None or self.tools.session.may_paint():
            self._refuse()
            return False
        self._copy = pen.alt and self.piece is None
        self._grip = Grip(self._hit(pen.point), pen.point, self.placement, self.piece is None)
        return True

    def move(self, pen: Pen) -> None:
        grip, area = self._grip, self.area
        if grip is None or area is None or pen.point == grip.start:
            return
        handle, start, was = grip.handle, grip.start, grip.placement
        if handle is None:
            x, y = straight(start, pen.point) if pen.shift else pen.point
            dx, dy = was.dx + x - start[0], was.dy + y - start[1]
            self.place(Placement(dx, dy, was.sx, was.sy, was.angle), draft=True)
        elif isinstance(handle, str):
            cx, cy = was.point(area, 0, 0)
            before = math.atan2(start[1] - cy, start[0] - cx)
            turn = math.degrees(math.atan2(pen.point[1] - cy, pen.point[0] - cx) - before)
            if pen.shift:
                turn = round((was.angle + turn) / SNAP) * SNAP - was.angle
            self.place(was.turned(turn), draft=True)
        else:
            x, y = was.point(area, *handle)
            to = x + pen.point[0] - start[0], y + pen.point[1] - start[1]
            self.place(was.dragged(area, *handle, to, even=pen.shift), draft=True)

    def release(self) -> None:
        self._grip = None
        if self.piece is not None:
            self._show(draft=False)

    def _hit(self, point: Point) -> tuple[int, int] | str | None:
        area = self.area
        assert area is not None
        near = NEAR / self.tools.scale
        if math.dist(point, self._knob(area)) <= near:
            return "turn"
        spots = {handle: self.placement.point(area, *handle) for handle in HANDLES}
        handle = min(spots, key=lambda h: math.dist(point, spots[h]))
        return handle if math.dist(point, spots[handle]) <= near else None

    def _knob(self, area: Area) -> Point:
        """The handle that turns the box, beyond its upper edge."""
        (cx, cy), (x, y) = (self.placement.point(area, 0, v) for v in (0, -1))
        far = math.dist((cx, cy), (x, y))
        share = 1 + ARM / self.tools.scale / max(far, 1e-6)
        return cx + (x - cx) * share, cy + (y - cy) * share

    # The piece ----------------------------------------------------------------------------------

    def place(self, placement: Placement, draft: bool = False) -> None:
        """Put the piece somewhere, lifting it off first; `draft` is quick."""
        if self.piece is None and not self._lift():
            return
        assert self.piece is not None
        self.piece.placement = placement
        self._show(draft)

    def finish(self) -> None:
        piece, self.piece = self.piece, None
        if piece is None:
            return
        session, selection = self.tools.session, self.tools.selection
        session.commit(piece.edit)
        if piece.selected:
            size = session.document.size
            where, found = placed_mask(piece.mask, piece.area, piece.placement, size)
            mask = Shape(where, found).over(size)
            selection.take(mask if mask.any() else None, joined=True)
        self._look_again()

    def cancel(self) -> None:
        piece, self.piece, self._grip = self.piece, None, None
        if piece is not None:
            self.tools.session.touched(piece.edit.cancel())
            self._look_again()

    def abort(self) -> None:
        grip, self._grip = self._grip, None
        if grip is None or grip.first:
            self.cancel()
        else:
            self.place(grip.placement)

    def forget(self) -> None:
        self.piece = self._grip = self._bounds = None

    def _lift(self) -> bool:
        shape = self._content()
        tools, size = self.tools, self.tools.session.document.size
        edit = tools.begin(tools.tr("Transform"), confined=False)
        if edit is None or shape.area.empty:
            return False
        part = edit.plane[shape.area.slices]
        mask = np.ones(shape.area.size, np.bool_) if shape.mask is None else shape.mask
        pixels = np.full_like(part, UNPAINTED if part.ndim == 2 else 0)
        np.copyto(pixelwise(pixels), pixelwise(part), where=mask)
        assert shape.area == shape.area.within(size)
        selected = tools.selection.mask is not None
        self.piece = Piece(shape.area, pixels, mask, selected, edit, Placement(), self._copy)
        return True

    def _content(self) -> Shape:
        """What the layer has painted, in the selection if there is one."""
        session = self.tools.session
        if session.may_paint():
            return cut(np.zeros((1, 1), np.bool_))
        plane = session.document.plane(session.active)
        mask = plane != UNPAINTED if plane.ndim == 2 else plane[..., 3] > 0
        if self.tools.selection.mask is not None:
            mask &= self.tools.selection.mask
        return cut(mask)

    def _show(self, draft: bool) -> None:
        """Paint the piece where it is put, and the hole that it leaves."""
        piece, size = self.piece, self.tools.session.document.size
        assert piece is not None
        edit = piece.edit
        touched = edit.cancel()
        if not piece.copied:
            hole = UNPAINTED if piece.pixels.ndim == 2 else (0, 0, 0, 0)
            touched = touched.union(edit.paint(Shape(piece.area, piece.mask), hole))
        if piece.pixels.ndim == 2:
            where, found = placed(piece.pixels, piece.area, piece.placement, size)
            shape = Shape(where, found != UNPAINTED)
        else:
            if draft and piece.mask.size > SMOOTH:
                settled = piece.placement.settled()
                where, found = nearest(piece.pixels, piece.area, settled, size, 0)
            else:
                where, found = placed(piece.pixels, piece.area, piece.placement, size)
            found = over(edit.plane[where.slices], found)
            shape = Shape(where)
        touched = touched.union(edit.paint(shape, found))
        self.tools.session.touched(touched)

    def _look_again(self) -> None:
        """Find what there is to move, while this tool is in hand."""
        if self.piece is None and self.tools.holds(self):
            area = self._content().area
            self._bounds = None if area.empty else area
            self.tools.show_sketch()

    def sketch(self) -> Sketch:
        area = self.area
        if area is None:
            return Sketch()
        placement = self.placement
        corners = [placement.point(area, x, y) for x, y in HANDLES[::2]]
        knob = self._knob(area)
        handles = (*(placement.point(area, *handle) for handle in HANDLES), knob)
        lines = (*corners, corners[0]), (placement.point(area, 0, -1), knob)
        marks = (placement.point(area, 0, 0),) if self.piece is not None else ()
        return Sketch(lines=lines, handles=handles, marks=marks)
