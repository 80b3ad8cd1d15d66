"""What a canvas shows: the page with layout, picture or both, as its view has it turned."""

import math
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from engines.ports import Size
from studio.document.raster import Area, Bools, Point
from studio.models.tools import DRAWN, Tools
from studio.models.view import Shown, View
from studio.views import overlays, theme
from studio.views.paper import Paper
from studio.views.stack import draw_part

BLEND = 0.5  # of the layout over the picture
SHARP_WHEN_TURNED = 2.0  # the same for a layout that does not lie along the screen's pixels


class Overlay(Protocol):
    """Something that a tool shows above the page, such as handles; see `Sheet.overlays`."""

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """Draw in screen pixels; `transform` maps layout pixels to them."""


class Sheet(QWidget):
    """One view of the document. `hint` is shown where there is nothing yet.

    `overlays` are drawn last, in their order; whoever changes one calls `update`.
    """

    pointed = Signal(object)  # the layout point under the pen, None when it left
    resized = Signal()

    def __init__(
        self, paper: Paper, tools: Tools, view: View, shown: Shown, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.paper, self.tools, self.view, self.shown = paper, tools, view, shown
        self.hint = ""
        self.divider = 0.5
        self.grid = True
        self.overlays: list[Overlay] = []
        self._lines = overlays.PixelGrid()
        self._selection = overlays.SelectionEdge()
        self._pen: QPointF | None = None
        self._outlined = QRect()  # where the brush's outline was drawn
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        paper.layout_changed.connect(self._layout_changed)
        paper.picture_changed.connect(self._picture_changed)
        paper.picture_painted.connect(self._picture_painted)
        view.changed.connect(self.update)

    def look_through(self, view: View) -> None:
        """Follow another view."""
        self.view.changed.disconnect(self.update)
        self.view = view
        view.changed.connect(self.update)
        self.update()

    def show_as(self, shown: Shown) -> None:
        """Show something else."""
        self.shown = shown
        self.update()

    def show_grid(self, on: bool) -> None:
        """Show the pixel grid where pixels are large enough, or never."""
        self.grid = on
        self.update()

    def show_selection(self, mask: Bools | None) -> None:
        """Show the edge of a selection, (H, W); None shows none."""
        self._selection.set_mask(mask)
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

    @property
    def transform(self) -> QTransform:
        """From layout to screen pixels."""
        return QTransform(*self.view.matrix(self.room))

    def point(self, place: QPointF) -> Point:
        """The layout point under a place of the canvas."""
        return self.view.to_document(place.x(), place.y(), self.room)

    @property
    def divider_x(self) -> float:
        """Where the divider of a split canvas is."""
        return self.divider * self.width()

    def at_divider(self, place: QPointF, reach: float) -> bool:
        """Whether a place is so near the divider that it takes hold of it."""
        return self.shown is Shown.SPLIT and abs(place.x() - self.divider_x) <= reach

    def move_divider(self, x: float) -> None:
        """Move the divider there."""
        self.divider = min(max(x / max(self.width(), 1), 0.0), 1.0)
        self.update()

    # Painting -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        look = theme.current()
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.fillRect(event.rect(), QColor(look.surround))
        transform = self.transform
        part = QRectF(event.rect()).adjusted(-1, -1, 1, 1)
        self._paint_page(painter, transform, part)
        self._paint_edges(painter, transform, part)
        if self.hint:
            overlays.paint_hint(painter, QRectF(self.rect()), self.hint)
        if self.shown is Shown.SPLIT:
            overlays.paint_divider(painter, self.divider_x, self.height())
        for overlay in self.overlays:
            painter.save()
            overlay.paint(painter, transform)
            painter.restore()
        outline = self._outline()
        if outline is not None and self._pen is not None:
            overlays.paint_outline(painter, self._pen, outline)

    def _paint_page(self, painter: QPainter, transform: QTransform, part: QRectF) -> None:
        if self.shown is Shown.LAYOUT:
            self._paint_layout(painter, transform, part)
        elif self.shown is Shown.PICTURE:
            self._paint_picture(painter, transform, part)
        elif self.shown is Shown.OVERLAY:
            self._paint_picture(painter, transform, part)
            painter.setOpacity(BLEND)
            draw_part(painter, self.paper.layout, self._size, transform, part, self._sharp)
            painter.setOpacity(1)
        else:
            x = self.divider_x
            left = part.intersected(QRectF(-1, -1, x + 1, self.height() + 2))
            right = part.intersected(QRectF(x, -1, self.width() - x + 1, self.height() + 2))
            halves: tuple[tuple[QRectF, Callable[[QPainter, QTransform, QRectF], None]], ...] = (
                (left, self._paint_layout),
                (right, self._paint_picture),
            )
            for rect, paint in halves:
                if not rect.isEmpty():
                    painter.save()
                    painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
                    paint(painter, transform, rect)
                    painter.restore()

    def _paint_layout(self, painter: QPainter, transform: QTransform, part: QRectF) -> None:
        look = theme.current()
        self._fill(painter, transform, part, QBrush(QColor(look.page)))
        self._fill(painter, transform, part, QBrush(QColor(look.hatch), Qt.BrushStyle.BDiagPattern))
        draw_part(painter, self.paper.layout, self._size, transform, part, self._sharp)
        scene = self.paper.session.scene
        if self.paper.underlay is not None and scene.underlay_opacity > 0:
            painter.setOpacity(scene.underlay_opacity)
            draw_part(painter, self.paper.underlay, self._size, transform, part, sharp=False)
            painter.setOpacity(1)

    def _paint_picture(self, painter: QPainter, transform: QTransform, part: QRectF) -> None:
        paper = self.paper
        if paper.compared is None and (paper.picture is None or not paper.stack.plain):
            self._fill(painter, transform, part, QBrush(QColor(theme.current().page)))
        if paper.compared is not None:
            draw_part(painter, paper.compared, self._size, transform, part, sharp=False)
        else:
            paper.stack.paint(painter, transform, part)

    def _paint_edges(self, painter: QPainter, transform: QTransform, part: QRectF) -> None:
        """Pixel grid, selection, and the outline of the page."""
        over: list[overlays.ScreenImage] = [self._selection]
        if self.grid and self.view.scale >= overlays.GRID_FROM:
            self._lines.set_document(self._size)
            over.insert(0, self._lines)
        for each in over:
            image = each.image(transform, self.size(), self.devicePixelRatioF())
            if image is not None:
                painter.drawImage(0, 0, image)
        turned = not self._along
        painter.setPen(QPen(QColor(theme.current().edge), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        page = self._page(transform)
        if turned:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawPolygon(page)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        else:
            painter.drawRect(page.boundingRect().adjusted(-0.5, -0.5, 0.5, 0.5))

    @property
    def _size(self) -> Size:
        return self.paper.session.document.size

    @property
    def _along(self) -> bool:
        """Whether the page lies along the screen's rows and columns."""
        return self.view.angle % 90 == 0

    @property
    def _sharp(self) -> bool:
        return self.view.scale >= (1 if self._along else SHARP_WHEN_TURNED)

    def _page(self, transform: QTransform) -> QPolygonF:
        """Where the document lies on the canvas."""
        height, width = self._size
        return transform.map(QPolygonF(QRectF(0, 0, width, height)))

    def _fill(self, painter: QPainter, transform: QTransform, part: QRectF, brush: QBrush) -> None:
        """Fill the part of the page; patterns keep to the screen."""
        page = self._page(transform)
        if self._along:
            painter.fillRect(page.boundingRect().intersected(part), brush)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawPolygon(page)

    # What changed -------------------------------------------------------------------------------

    def _layout_changed(self, area: Area) -> None:
        if self.shown is not Shown.PICTURE:
            self._update_area(area)

    def _picture_painted(self, area: Area) -> None:
        if self.shown is not Shown.LAYOUT:
            self._update_area(area)

    def _update_area(self, area: Area) -> None:
        left, top, right, bottom = self.view.bounds_on_screen(area, self.room)
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

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self.resized.emit()

    # The pen ------------------------------------------------------------------------------------

    def move_pen(self, place: QPointF | None) -> None:
        """The pen is elsewhere over the canvas, or nowhere."""
        self._pen = place
        self.update_pen()
        self.pointed.emit(None if place is None else self.point(place))

    def update_pen(self) -> None:
        """Draw the brush's outline anew, where it was and where it is."""
        self.update(self._outlined)
        outline = self._outline()
        self._outlined = QRect()
        if outline is not None and self._pen is not None:
            bounds = overlays.outline_bounds(outline, self._pen).toAlignedRect()
            self._outlined = bounds.intersected(self.rect())
            self.update(self._outlined)

    def _outline(self) -> QPolygonF | None:
        """The outline of what the pen would paint, where there is one."""
        if self._pen is None:
            return None
        outline = self.tools.outline()
        if outline is None and self.tools.tool not in DRAWN:
            return None
        return overlays.outline_on_screen(self._pen, outline, self.tools.size / 2, self.transform)
