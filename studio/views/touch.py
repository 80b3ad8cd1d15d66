"""Fingers on a canvas: one paints, two move, zoom and turn the view."""

import math

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QEventPoint, QNativeGestureEvent, QTouchEvent

from studio.document.raster import Point
from studio.models.tools import Tools
from studio.views.sheet import Sheet

LOOSE = 8.0  # degrees that two fingers turn before the view turns with them
UPRIGHT = 3.0  # degrees within which a view that is let go stands up
GRIP = 20.0  # pixels beside the divider that a finger takes hold of
NEAREST = 8.0  # pixels between two fingers below which their direction means nothing


class Touch(QObject):
    """Turns touches and the gestures of touch pads into tool moves and moves of the view."""

    used = Signal()

    def __init__(self, sheet: Sheet, tools: Tools) -> None:
        super().__init__(sheet)
        self.sheet, self.tools = sheet, tools
        self._painting = self._dividing = self._moving = self._spent = False
        self._last: tuple[QPointF, QPointF] | None = None
        self._turned = 0.0
        self._turning = False

    def touch(self, event: QTouchEvent, pen_down: bool) -> None:
        """A touch began, moved or ended. While the `pen` is down a hand on the screen is none."""
        event.accept()
        kind = event.type()
        if kind == QEvent.Type.TouchCancel:
            self._stop(cancel=True)
            return
        if pen_down:
            self._spent = True
        points = [p for p in event.points() if p.state() != QEventPoint.State.Released]
        if len(points) >= 2 and not self._spent:
            self._move_view(points[0].position(), points[1].position())
        elif len(points) == 1 and not self._moving and not self._spent:
            self._paint(points[0])
        else:
            self._last = None
        if kind == QEvent.Type.TouchEnd or not points:
            self._stop(cancel=False)

    def _paint(self, finger: QEventPoint) -> None:
        place = finger.position()
        point: Point = self.sheet.point(place)
        if self._dividing or (not self._painting and self.sheet.at_divider(place, GRIP)):
            self._dividing = True
            self.sheet.move_divider(place.x())
        elif not self._painting:
            self._painting = True
            self.used.emit()
            self.tools.press(point)
        else:
            self.tools.move(point)

    def _move_view(self, one: QPointF, other: QPointF) -> None:
        if self._painting:  # The first finger was no stroke after all.
            self._painting = False
            self.tools.cancel()
        if not self._moving:
            self._moving = True
            self.used.emit()
        if self._last is not None:
            before, now = self._last[1] - self._last[0], other - one
            middle, was = (one + other) / 2, (self._last[0] + self._last[1]) / 2
            spread, old = _length(now), _length(before)
            factor, turned = 1.0, 0.0
            if min(spread, old) > NEAREST:
                factor = spread / old
                turned = self._loosened(math.degrees(_angle(now) - _angle(before)))
            keep, drift = self.sheet.point(was), middle - was
            self.sheet.view.pinch(keep, factor, turned, drift.x(), drift.y())
        self._last = (one, other)

    def _loosened(self, turn: float) -> float:
        """What of a turn of the fingers is meant: nothing, until it is clearly a turn."""
        turn = (turn + 180) % 360 - 180
        self._turned += turn
        if not self._turning and abs(self._turned) > LOOSE:
            self._turning = True
            return self._turned - math.copysign(LOOSE, self._turned)
        return turn if self._turning else 0.0

    def _stop(self, cancel: bool) -> None:
        view = self.sheet.view
        if self._painting:
            self.tools.cancel() if cancel else self.tools.release()
        if self._turning and 0 < abs(view.angle) < UPRIGHT:
            view.straighten()
        self._painting = self._dividing = self._moving = False
        self._spent = self._turning = False
        self._last, self._turned = None, 0.0

    def gesture(self, event: QNativeGestureEvent) -> None:
        """A touch pad says what two fingers on it mean."""
        kind, view = event.gestureType(), self.sheet.view
        keep = self.sheet.point(event.position())
        event.accept()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            view.zoom_to(view.scale * max(1 + event.value(), 0.1), keep)
        elif kind == Qt.NativeGestureType.RotateNativeGesture:
            view.turn_to(view.angle + self._loosened(event.value()), keep)
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            view.pan(event.delta().x(), event.delta().y())
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            view.fit()
        elif kind == Qt.NativeGestureType.EndNativeGesture:
            self._stop(cancel=False)
        elif kind != Qt.NativeGestureType.BeginNativeGesture:
            event.ignore()


def _length(vector: QPointF) -> float:
    return math.hypot(vector.x(), vector.y())


def _angle(vector: QPointF) -> float:
    return math.atan2(vector.y(), vector.x())
