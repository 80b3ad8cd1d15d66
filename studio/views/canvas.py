"""The canvas: it turns pen, mouse, wheel, keys and fingers into moves of tools and of the view."""

import math

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.models.tools import Tool, Tools
from studio.models.view import TURN_STEP, Shown, View
from studio.views.paper import Paper
from studio.views.sheet import Sheet
from studio.views.touch import Touch

GRIP = 6  # pixels beside the divider that take hold of it
CURSORS = {
    Tool.PICKER: Qt.CursorShape.PointingHandCursor,
    Tool.MOVE: Qt.CursorShape.SizeAllCursor,
}
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
TOUCHES = (
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
    QEvent.Type.TouchCancel,
)


class Canvas(Sheet):
    """A view of the document that is painted on. `used`: the artist turned to this one."""

    used = Signal()

    def __init__(
        self, paper: Paper, tools: Tools, view: View, shown: Shown, parent: QWidget | None = None
    ) -> None:
        super().__init__(paper, tools, view, shown, parent)
        self._pan: QPointF | None = None
        self._turn: float | None = None  # the view's angle less the pen's about the middle
        self._holding_divider = self._space = self._quick_pick = self._tablet = False
        self._touch = Touch(self, tools)
        self._touch.used.connect(self.used)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        tools.changed.connect(self._tools_changed)
        self._tools_changed()

    def _tools_changed(self) -> None:
        self.setCursor(CURSORS.get(self.tools.tool, Qt.CursorShape.CrossCursor))
        self.update_pen()

    @property
    def _held(self) -> bool:
        """Whether the mouse holds something else than a tool."""
        moving = self._pan is not None or self._turn is not None
        return moving or self._holding_divider or self._quick_pick

    # The mouse ----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus()
        place, button, keys = event.position(), event.button(), event.modifiers()
        if button == Qt.MouseButton.MiddleButton or (
            self._space and button == Qt.MouseButton.LeftButton
        ):
            self._take_hold(place, turn=bool(keys & Qt.KeyboardModifier.ShiftModifier))
        elif button == Qt.MouseButton.RightButton:
            self.tools.pick(self.point(place))
        elif button == Qt.MouseButton.LeftButton:
            if self.at_divider(place, GRIP):
                self._holding_divider = True
            elif _alt(keys) and not self.tools.takes_alt:
                self._quick_pick = True
                self.tools.pick(self.point(place))
            else:
                self._press(place, keys)
        else:
            event.ignore()

    def _press(
        self,
        place: QPointF,
        keys: Qt.KeyboardModifier,
        pressure: float = 1.0,
        erase: bool = False,
    ) -> None:
        self.tools.press(self.point(place), pressure, erase, _constrained(keys), _alt(keys))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place = event.position()
        if self._pan is not None:
            self.view.pan(place.x() - self._pan.x(), place.y() - self._pan.y())
            self._pan = place
        elif self._turn is not None:
            angle = self._turn + self._bearing(place)
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                angle = round(angle / TURN_STEP) * TURN_STEP
            self.view.turn_to(angle)
        elif self._holding_divider:
            self.move_divider(place.x())
        elif self._quick_pick:
            self.tools.pick(self.point(place))
        elif self.tools.down:
            self.tools.move(self.point(place), 1.0, _constrained(event.modifiers()))
        else:
            self.tools.hover(self.point(place))
            self._shape_cursor(place)
        self.move_pen(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pan is not None or self._turn is not None:
            self._pan = self._turn = None
            self._tools_changed()
        elif self._holding_divider or self._quick_pick:
            self._holding_divider = self._quick_pick = False
        elif event.button() == Qt.MouseButton.LeftButton:
            self.tools.release()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        steps = event.angleDelta().y() / 120
        if steps:
            self.view.zoom(steps, self.point(event.position()))
        event.accept()

    def _take_hold(self, place: QPointF, turn: bool) -> None:
        """Move the view with the pen, or turn it about the middle."""
        if turn:
            self._turn = self.view.angle - self._bearing(place)
        else:
            self._pan = place
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _bearing(self, place: QPointF) -> float:
        """The direction of a place from the middle, in degrees clockwise."""
        dx, dy = place.x() - self.width() / 2, place.y() - self.height() / 2
        return math.degrees(math.atan2(dy, dx))

    def _shape_cursor(self, place: QPointF) -> None:
        if self.at_divider(place, GRIP):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif not self._space:
            self._tools_changed()

    # The pen of a tablet ------------------------------------------------------------------------

    def tabletEvent(self, event: QTabletEvent) -> None:  # noqa: N802
        """Place and pressure count; tilt, turn and the barrel's wheel are no part of a stroke."""
        place, kind = event.position(), event.type()
        tip = event.button() == Qt.MouseButton.LeftButton
        alt = _alt(event.modifiers()) and not self.tools.takes_alt
        free = not (self._space or alt or self.at_divider(place, GRIP))
        event.accept()
        if kind == QEvent.Type.TabletPress and tip and free:
            self.setFocus()
            self._tablet = True
            erase = event.pointerType() == QPointingDevice.PointerType.Eraser
            self._press(place, event.modifiers(), event.pressure(), erase)
        elif kind == QEvent.Type.TabletMove and self._tablet:
            constrain = _constrained(event.modifiers())
            self.tools.move(self.point(place), event.pressure(), constrain)
        elif kind == QEvent.Type.TabletRelease and self._tablet and tip:
            self._tablet = False
            self.tools.release()
        elif not self._tablet and (kind != QEvent.Type.TabletMove or self._held):
            event.ignore()  # A button of the barrel, Space, Alt: Qt makes it one of the mouse.
            return
        elif not self._tablet:
            self.tools.hover(self.point(place))
        self.move_pen(place)

    # Fingers, keys, and coming and going --------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.type() in TOUCHES:
            if event.device().type() != QInputDevice.DeviceType.TouchScreen:
                return False  # A touch pad moves the mouse, and tells gestures.
            self._touch.touch(event, self._tablet)
            return True
        if isinstance(event, QNativeGestureEvent):
            self._touch.gesture(event)
            return event.isAccepted()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() == Qt.Key.Key_Escape and (self.tools.busy or self.tools.placing):
            self.tools.cancel()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.tools.busy:
            self.tools.finish()
        elif event.key() == Qt.Key.Key_Backspace and self.tools.busy:
            self.tools.back()
        elif event.key() in ARROWS and self.tools.nudges:
            far = 10 if _constrained(event.modifiers()) else 1
            dx, dy = ARROWS[Qt.Key(event.key())]
            self.tools.nudge(dx * far, dy * far)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = False
                self._tools_changed()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.used.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        if self._space:  # Its release goes elsewhere.
            self._space = False
            self._tools_changed()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        self.used.emit()
        self.move_pen(event.position())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self.move_pen(None)


def _constrained(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & Qt.KeyboardModifier.ShiftModifier)


def _alt(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & Qt.KeyboardModifier.AltModifier)
