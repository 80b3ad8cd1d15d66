"""The canvas: it shows layout, picture or both, and turns pen, mouse and wheel into tool moves."""

import math

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPointingDevice,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from engines.ports import Size
from studio.document.raster import Area, Point
from studio.models.tools import DRAWN, Tool, Tools
from studio.models.view import Shown, View
from studio.views import theme
from studio.views.paper import Paper

BLEND = 0.5  # of the layout over the picture
GRIP = 6  # pixels beside the divider that take hold of it
SHARPEST = 6.0  # above so many screen pixels a picture's pixel, its pixels are shown as they are


class Canvas(QWidget):
    """One view of the document. `hint` is shown where there is nothing yet."""

    pointed = Signal(object)  # the layout point under the pen, None when it left
    resized = Signal()

    def __init__(
        self,
        paper: Paper,
        tools: Tools,
        view: View,
        shown: Shown,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.paper, self.tools, self.view, self.shown = paper, tools, view, shown
        self.hint = ""
        self.divider = 0.5
        self._pen: QPointF | None = None
        self._pan: QPointF | None = None
        self._holding_divider = self._space = self._quick_pick = self._tablet = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        paper.layout_changed.connect(self._layout_changed)
        paper.picture_changed.connect(self._picture_changed)
        view.changed.connect(self.update)
        tools.changed.connect(self._tools_changed)
        self._tools_changed()

    def show_as(self, shown: Shown) -> None:
        """Show something else."""
        self.shown = shown
        self.update()

    def set_hint(self, hint: str) -> None:
        """What to do where there is nothing to see; empty for nothing."""
        if hint != self.hint:
            self.hint = hint
            self.update()

    @property
    def room(self) -> Size:
        """(height, width) on the screen."""
        return self.height(), self.width()

    # Showing ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look = theme.current()
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.fillRect(event.rect(), QColor(look.surround))
        page = self._page()
        part = page.intersected(QRectF(event.rect()).adjusted(-1, -1, 1, 1))
        if not part.isEmpty():
            self._paint_page(painter, page, part)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(page.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self.hint:
            self._paint_hint(painter)
        if self.shown is Shown.SPLIT:
            self._paint_divider(painter)
        self._paint_pen(painter)

    def _paint_page(self, painter: QPainter, page: QRectF, part: QRectF) -> None:
        if self.shown is Shown.LAYOUT:
            self._paint_layout(painter, page, part)
        elif self.shown is Shown.PICTURE:
            self._paint_picture(painter, page, part)
        elif self.shown is Shown.OVERLAY:
            self._paint_picture(painter, page, part)
            painter.setOpacity(BLEND)
            self._draw(painter, self.paper.layout, page, part, sharp=self.view.scale >= 1)
            painter.setOpacity(1)
        else:
            x = self._divider_x()
            left = part.intersected(QRectF(0, 0, x, self.height()))
            right = part.intersected(QRectF(x, 0, self.width() - x, self.height()))
            for rect, paint in ((left, self._paint_layout), (right, self._paint_picture)):
                if not rect.isEmpty():
                    painter.save()
                    painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
                    paint(painter, page, rect)
                    painter.restore()

    def _paint_layout(self, painter: QPainter, page: QRectF, part: QRectF) -> None:
        look = theme.current()
        painter.fillRect(part, QColor(look.page))
        painter.fillRect(part, QBrush(QColor(look.hatch), Qt.BrushStyle.BDiagPattern))
        self._draw(painter, self.paper.layout, page, part, sharp=self.view.scale >= 1)
        scene = self.paper.session.scene
        if self.paper.underlay is not None and scene.underlay_opacity > 0:
            painter.setOpacity(scene.underlay_opacity)
            self._draw(painter, self.paper.underlay, page, part)
            painter.setOpacity(1)

    def _paint_picture(self, painter: QPainter, page: QRectF, part: QRectF) -> None:
        picture = self.paper.compared or self.paper.picture
        if picture is None:
            painter.fillRect(part, QColor(theme.current().page))
            return
        self._draw(painter, picture, page, part)

    def _draw(
        self, painter: QPainter, image: QImage, page: QRectF, part: QRectF, sharp: bool = False
    ) -> None:
        """The part of an image that is stretched over the page. Only what is seen is scaled."""
        x, y = page.width() / image.width(), page.height() / image.height()
        left = max(math.floor((part.left() - page.left()) / x) - 2, 0)
        top = max(math.floor((part.top() - page.top()) / y) - 2, 0)
        right = min(math.ceil((part.right() - page.left()) / x) + 2, image.width())
        bottom = min(math.ceil((part.bottom() - page.top()) / y) + 2, image.height())
        if left >= right or top >= bottom:
            return
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, not sharp and max(x, y) < SHARPEST
        )
        target = QRectF(
            page.left() + left * x, page.top() + top * y, (right - left) * x, (bottom - top) * y
        )
        painter.drawImage(target, image, QRectF(left, top, right - left, bottom - top))

    def _paint_hint(self, painter: QPainter) -> None:
        look = theme.current()
        room = QRectF(self.rect()).adjusted(24, 24, -24, -24)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        text = painter.boundingRect(room, int(flags), self.hint).adjusted(-16, -12, 16, 12)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.setBrush(QColor(look.overlay))
        painter.drawRoundedRect(text, 8, 8)
        painter.setPen(QColor(look.text))
        painter.drawText(text, int(flags), self.hint)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_divider(self, painter: QPainter) -> None:
        look = theme.current()
        x = self._divider_x()
        painter.fillRect(QRectF(x - 1, 0, 2, self.height()), QColor(look.accent))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.accent))
        painter.drawRoundedRect(QRectF(x - 4, self.height() / 2 - 18, 8, 36), 4, 4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_pen(self, painter: QPainter) -> None:
        if self._pen is None or self._pan is not None or self.tools.tool not in DRAWN:
            return
        radius = self.tools.size / 2 * self.view.scale
        if radius < 2:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in ((QColor(0, 0, 0, 150), 2.5), (QColor(255, 255, 255, 220), 1.0)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(self._pen, radius, radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    # What changed -------------------------------------------------------------------------------

    def _page(self) -> QRectF:
        """Where the document lies on the canvas."""
        height, width = self.tools.session.document.size
        x, y = self.view.to_screen((0, 0), self.room)
        return QRectF(x, y, width * self.view.scale, height * self.view.scale)

    def _layout_changed(self, area: Area) -> None:
        if self.shown is Shown.PICTURE:
            return
        left, top = self.view.to_screen((area.left, area.top), self.room)
        right, bottom = self.view.to_screen((area.right, area.bottom), self.room)
        rect = QRect(
            math.floor(left) - 2,
            math.floor(top) - 2,
            math.ceil(right - left) + 5,
            math.ceil(bottom - top) + 5,
        )
        self.update(rect.intersected(self.rect()))

    def _picture_changed(self) -> None:
        if self.shown is not Shown.LAYOUT:
            self.update()

    def _tools_changed(self) -> None:
        picker = self.tools.tool is Tool.PICKER
        self.setCursor(Qt.CursorShape.PointingHandCursor if picker else Qt.CursorShape.CrossCursor)
        self._update_pen()

    def _update_pen(self) -> None:
        if self._pen is not None:
            reach = self.tools.size / 2 * self.view.scale + 4
            ring = QRectF(self._pen.x() - reach, self._pen.y() - reach, 2 * reach, 2 * reach)
            self.update(ring.toAlignedRect().intersected(self.rect()))

    def _move_pen(self, place: QPointF | None) -> None:
        self._update_pen()
        self._pen = place
        self._update_pen()
        self.pointed.emit(None if place is None else self._point(place))

    # Pen and mouse ------------------------------------------------------------------------------

    def _point(self, place: QPointF) -> Point:
        return self.view.to_document(place.x(), place.y(), self.room)

    def _divider_x(self) -> float:
        return self.divider * self.width()

    def _at_divider(self, place: QPointF) -> bool:
        return self.shown is Shown.SPLIT and abs(place.x() - self._divider_x()) <= GRIP

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus()
        place = event.position()
        button = event.button()
        if button == Qt.MouseButton.MiddleButton or (
            self._space and button == Qt.MouseButton.LeftButton
        ):
            self._start_pan(place)
        elif button == Qt.MouseButton.RightButton:
            self.tools.pick(self._point(place))
        elif button == Qt.MouseButton.LeftButton:
            if self._at_divider(place):
                self._holding_divider = True
            elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self._quick_pick = True
                self.tools.pick(self._point(place))
            else:
                self.tools.press(self._point(place))
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place = event.position()
        if self._pan is not None:
            self.view.pan(place.x() - self._pan.x(), place.y() - self._pan.y())
            self._pan = place
        elif self._holding_divider:
            self.divider = min(max(place.x() / max(self.width(), 1), 0.0), 1.0)
            self.update()
        elif self._quick_pick:
            self.tools.pick(self._point(place))
        elif self.tools.down:
            self.tools.move(self._point(place), 1.0, _constrained(event.modifiers()))
        else:
            self._shape_cursor(place)
        self._move_pen(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pan is not None:
            self._pan = None
            self._tools_changed()
        elif self._holding_divider or self._quick_pick:
            self._holding_divider = self._quick_pick = False
        elif event.button() == Qt.MouseButton.LeftButton:
            self.tools.release()

    def tabletEvent(self, event: QTabletEvent) -> None:  # noqa: N802
        place = event.position()
        erase = event.pointerType() == QPointingDevice.PointerType.Eraser
        kind = event.type()
        if kind == QEvent.Type.TabletPress:
            if event.button() != Qt.MouseButton.LeftButton or self._space:
                event.ignore()
                return
            self.setFocus()
            self._tablet = True
            self.tools.press(self._point(place), event.pressure(), erase)
        elif kind == QEvent.Type.TabletMove and self._tablet:
            constrain = _constrained(event.modifiers())
            self.tools.move(self._point(place), event.pressure(), constrain)
        elif kind == QEvent.Type.TabletRelease and self._tablet:
            self._tablet = False
            self.tools.release()
        elif kind != QEvent.Type.TabletMove:
            event.ignore()
            return
        self._move_pen(place)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        steps = event.angleDelta().y() / 120
        if steps:
            self.view.zoom(steps, self._point(event.position()))
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        self._move_pen(event.position())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._move_pen(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif event.key() == Qt.Key.Key_Escape and self.tools.down:
            self.tools.cancel()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._tools_changed()
        else:
            super().keyReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self.resized.emit()

    def _start_pan(self, place: QPointF) -> None:
        self._pan = place
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _shape_cursor(self, place: QPointF) -> None:
        if self._at_divider(place):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif not self._space:
            self._tools_changed()


def _constrained(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
