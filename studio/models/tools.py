"""The tools: which one is in hand, how it works, what the pen does. Points in layout pixels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from engines.ports import UNPAINTED
from studio.document.brush import outline
from studio.document.edit import Edit
from studio.document.filling import cut, fill
from studio.document.layers import Kind, find
from studio.document.raster import NOTHING, Point, Shape, whole
from studio.document.transform import Placement
from studio.models.choosing import SelectBox, SelectLasso, Wand
from studio.models.drawing import Brush, Clone, Fill, Lasso, Picker, Polygon, Shaper
from studio.models.hand import Hand
from studio.models.moving import Mover
from studio.models.pen import DRAWN, SHAPED, Options, Pen, Sketch, Tool
from studio.models.selection import Selection
from studio.models.session import Session

__all__ = ["DRAWN", "LARGEST", "SHAPED", "SMALLEST", "Tool", "Tools"]

SMALLEST, LARGEST = 1.0, 2000.0
STEP = 1.2  # of `[` and `]`


class Tools(QObject):
    """The tool in hand, its class, its size and its options. `scale` is screen pixels a pixel."""

    changed = Signal()
    sketched = Signal()  # what the tool shows over the page is another
    pen = Signal(bool)  # the pen went down, or up

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.selection = Selection(session, self)
        self.tool = Tool.BRUSH
        self.class_id, self.other_id = 0, 0
        self.size = 40.0
        self.scale = 1.0
        self.options = Options()
        self.mover = Mover(self)
        self._eraser = Brush(self, erase=True)
        self._hands: dict[Tool, Hand] = {
            Tool.BRUSH: Brush(self, erase=False),
            Tool.ERASER: self._eraser,
            Tool.FILL: Fill(self),
            Tool.LINE: Shaper(self, Tool.LINE),
            Tool.RECTANGLE: Shaper(self, Tool.RECTANGLE),
            Tool.ELLIPSE: Shaper(self, Tool.ELLIPSE),
            Tool.POLYGON: Polygon(self),
            Tool.LASSO: Lasso(self),
            Tool.CLONE: Clone(self),
            Tool.PICKER: Picker(self),
            Tool.SELECT: SelectBox(self),
            Tool.SELECT_LASSO: SelectLasso(self),
            Tool.WAND: Wand(self),
            Tool.MOVE: self.mover,
        }
        self._held: Hand | None = None  # while the pen is down
        self._sketch = Sketch()
        self._placing = False  # the next press says where the mirror's axes go
        session.replaced.connect(self.drop)
        session.resized.connect(self.drop)
        session.active_changed.connect(self._layer_changed)
        self._centre_mirror()

    # What is in hand ----------------------------------------------------------------------------

    @property
    def hand(self) -> Hand:
        """The tool in hand."""
        return self._hands[self.tool]

    def holds(self, hand: Hand) -> bool:
        """Whether that tool is in hand."""
        return self.hand is hand

    def take(self, tool: Tool) -> None:
        """Take another tool; what the last one has in hand is done first."""
        self.finish()
        self.tool = tool
        self._placing = False
        self.hand.taken()
        self.changed.emit()
        self.show_sketch()

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

    def set(self, **changes: Any) -> None:
        """Change options by their names."""
        self.options = replace(self.options, **changes)
        self.changed.emit()
        self.show_sketch()

    @property
    def pressure(self) -> bool:
        """Whether the pen's pressure sets the size."""
        return self.options.pressure

    @pressure.setter
    def pressure(self, on: bool) -> None:
        self.set(pressure=on)

    def look_closer(self, scale: float) -> None:
        """The document is shown at another scale."""
        self.scale = scale
        self.show_sketch()

    # The pen ------------------------------------------------------------------------------------

    @property
    def down(self) -> bool:
        """Whether the pen is down."""
        return self._held is not None

    @property
    def busy(self) -> bool:
        """Whether something is in hand that can be finished or taken back."""
        return self.down or self.hand.busy

    @property
    def takes_alt(self) -> bool:
        """Whether the tool has a use for Alt; otherwise Alt picks what is under the pen."""
        return self.hand.takes_alt

    def press(
        self,
        point: Point,
        pressure: float = 1.0,
        erase: bool = False,
        shift: bool = False,
        alt: bool = False,
    ) -> None:
        """The pen goes down; `erase` is the pen's other end."""
        if self.down:
            self.cancel()
        if self._placing:
            self._place_mirror(point)
            return
        hand = self._eraser if erase else self.hand
        self._held = hand
        self.pen.emit(True)
        if not hand.press(Pen(point, pressure, shift, alt, erase)):
            self._held = None
            self.pen.emit(False)
        self.show_sketch()

    def move(
        self, point: Point, pressure: float = 1.0, constrain: bool = False, alt: bool = False
    ) -> None:
        """The pen moves while it is down; `constrain` asks for squares, circles, and 45 degrees."""
        if self._held is not None:
            self._held.move(Pen(point, pressure, constrain, alt))
            self.show_sketch()

    def hover(self, point: Point) -> None:
        """The pen moves while it is up."""
        self.hand.hover(point)
        self.show_sketch()

    def release(self) -> None:
        """The pen goes up: the stroke is a step of the history."""
        hand, self._held = self._held, None
        if hand is not None:
            hand.release()
            self.pen.emit(False)
            self.show_sketch()

    def finish(self) -> None:
        """End what is in hand as it is: a stroke, a polygon, a transform."""
        self.release()
        if self.hand.busy:
            self.hand.finish()
            self.show_sketch()

    def cancel(self) -> None:
        """Take back what is in hand; while the pen is down, only what it did since."""
        hand, self._held = self._held, None
        self._placing = False
        if hand is not None:
            hand.abort()
            self.pen.emit(False)
        else:
            self.hand.cancel()
        self.show_sketch()

    def back(self) -> None:
        """Take back the last part of what is in hand, such as a corner."""
        self.hand.back()
        self.show_sketch()

    @property
    def nudges(self) -> bool:
        """Whether the tool can be moved with arrow keys."""
        return self.tool is Tool.MOVE and not self.down

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is in hand by so many pixels."""
        if self.mover.area is not None:
            now = self.mover.placement
            self.mover.place(replace(now, dx=now.dx + dx, dy=now.dy + dy))
            self.show_sketch()

    def place(self, change: Callable[[Placement], Placement]) -> None:
        """Put the layer or the selection elsewhere: in hand with that tool, at once with others."""
        held = self.holds(self.mover)
        if not held:
            self.finish()
        if self.mover.look():
            self.mover.place(change(self.mover.placement))
            if not held:
                self.mover.finish()
        self.show_sketch()

    def drop(self) -> None:
        """Forget what is in hand, whose document is gone."""
        hand, self._held = self._held, None
        for each in self._hands.values():
            each.forget()
        if hand is not None:
            self.pen.emit(False)
        self._centre_mirror()
        self.hand.taken()
        self.show_sketch()

    def pick(self, point: Point) -> None:
        """Take the class under the pen, or on a picture layer its colour."""
        row, column = math.floor(point[1]), math.floor(point[0])
        height, width = self.session.document.size
        if not (0 <= row < height and 0 <= column < width):
            return
        if self.on_picture:
            red, green, blue, alpha = self.session.document.plane(self.session.active)[row, column]
            if alpha:
                self.set(color=(int(red), int(green), int(blue)))
            return
        found = int(self.session.document.ids[row, column])
        if found != UNPAINTED:
            self.choose(found)

    # For the tools ------------------------------------------------------------------------------

    @property
    def on_picture(self) -> bool:
        """Whether the active layer holds colours."""
        layer = find(self.session.scene.layers, self.session.active)
        return layer is not None and layer.kind is Kind.PICTURE

    def begin(self, label: str, confined: bool = True) -> Edit | None:
        """An edit of the active layer, `confined` to the selection; None where it may not be."""
        why = self.session.may_paint()
        if why:
            self.session.problem.emit(why)
            return None
        within = self.selection.mask if confined else None
        spared = self.session.scene.spared
        return Edit(self.session.document, label, within=within, spared=spared)

    def value(self, edit: Edit, erase: bool) -> Any:
        """What is painted with: a class id, or RGBA."""
        if edit.channels == 1:
            return UNPAINTED if erase else self.class_id
        return (0, 0, 0, 0) if erase else (*self.options.color, 255)

    def reach(self, pressure: float) -> float:
        """The radius in pixels at a pressure of 0 to 1; a tenth is left of it at the lightest."""
        light = self.options.pressure
        share = 0.1 + 0.9 * min(max(pressure, 0.0), 1.0) if light else 1.0
        return max(self.size / 2 * share, 0.5)

    def alike(self, point: Point, confined: bool = True) -> Shape:
        """What fill and wand take at a point: what is seen of classes, or the picture layer."""
        document, options = self.session.document, self.options
        plane = document.plane(self.session.active) if self.on_picture else document.ids
        within = self.selection.mask if confined else None
        return fill(plane, point, options.tolerance, options.contiguous, options.gap, within=within)

    def fill_shape(self, shape: Shape, label: str, value: Any = None) -> None:
        """Paint a shape and its mirror images as one step, with what is in hand unless told."""
        edit = self.begin(label)
        if edit is None:
            return
        value = self.value(edit, erase=False) if value is None else value
        touched = NOTHING
        for image in self.options.mirror.copies(shape):
            touched = touched.union(edit.paint(image.within(self.session.document.size), value))
        self.session.touched(touched)
        self.session.commit(edit)

    def flood(self, erase: bool) -> None:
        """Paint or erase all that is selected, or the whole layer."""
        clear: Any = (0, 0, 0, 0) if self.on_picture else UNPAINTED
        label = self.tr("Erase") if erase else self.tr("Fill")
        shape = Shape(whole(self.session.document.size))
        self.fill_shape(shape, label, clear if erase else None)

    def replace_class(self, old: int, new: int) -> None:
        """Make every pixel of one class another: on the layer, in the selection if there is one."""
        edit = self.begin(self.tr("Replace a class"))
        if edit is not None and edit.channels == 1:
            self.session.touched(edit.paint(self._of_class(old), new))
            self.session.commit(edit)

    def count(self, class_id: int) -> int:
        """How many pixels `replace_class` would look at."""
        found = self._of_class(class_id).mask
        return 0 if found is None else int(found.sum())

    def _of_class(self, class_id: int) -> Shape:
        layer = find(self.session.scene.layers, self.session.active)
        if layer is None or layer.kind is not Kind.LAYOUT:
            return Shape(NOTHING)
        found = self.session.document.plane(layer.id) == class_id
        if self.selection.mask is not None:
            found &= self.selection.mask
        return cut(found)

    def _layer_changed(self) -> None:
        """What was in hand was of another layer: it is done there."""
        self.finish()
        self.changed.emit()

    # What is shown ------------------------------------------------------------------------------

    def outline(self) -> Sequence[Point] | None:
        """The brush's outline around the pen, in layout pixels; None for the circle of `size`."""
        if self.tool not in DRAWN:
            return None
        return outline(self.options.tip, max(self.size / 2, 0.5), self.options.angle)

    def sketch(self) -> Sketch:
        """What is shown over the page besides: the tool's own, and the mirror's axes."""
        sketch, mirror = (self._held or self.hand).sketch(), self.options.mirror
        height, width = self.session.document.size
        axes = []
        if mirror.across:
            axes.append(((mirror.x, 0.0), (mirror.x, float(height))))
        if mirror.down:
            axes.append(((0.0, mirror.y), (float(width), mirror.y)))
        return replace(sketch, axes=tuple(axes))

    # Symmetry -----------------------------------------------------------------------------------

    @property
    def placing(self) -> bool:
        """Whether the next press says where the mirror's axes go."""
        return self._placing

    def place_mirror(self, on: bool = True) -> None:
        """Let the next press say where the mirror's axes go."""
        self._placing = on
        self.changed.emit()

    def _place_mirror(self, point: Point) -> None:
        self._placing = False
        self.set(mirror=self.options.mirror.at(point))

    def _centre_mirror(self) -> None:
        height, width = self.session.document.size
        self.set(mirror=self.options.mirror.at((width / 2, height / 2)))

    def show_sketch(self) -> None:
        """Say so if there is something else to show."""
        sketch = self.sketch()
        if sketch != self._sketch:
            self._sketch = sketch
            self.sketched.emit()
