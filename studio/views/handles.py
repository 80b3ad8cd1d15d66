"""What the tool in hand shows over the page: outlines, handles, crosses, axes; the selection."""

import math

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from studio.document.raster import Point
from studio.models.pen import Sketch
from studio.models.tools import Tools
from studio.views import theme
from studio.views.sheet import Sheet

HANDLE = 4.0  # pixels from a handle's middle to its edge
CROSS = 6.0
RIM = 4.0  # pixels of a line's breadth and more


class Handles(QObject):
    """An overlay of one sheet."""

    def __init__(self, tools: Tools, sheet: Sheet) -> None:
        super().__init__(sheet)
        self.tools, self.sheet = tools, sheet
        self._shown = QRect()
        self._moving = False
        sheet.overlays.append(self)
        tools.sketched.connect(self._sketched)
        tools.selection.changed.connect(self._selected)

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """Draw in screen pixels; dark under light, to be seen on any colour."""
        sketch = self.tools.sketch()
        if sketch == Sketch():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        lines = [_mapped(transform, line) for line in (*sketch.lines, *sketch.axes)]
        plain = len(sketch.lines)
        accent = QColor(theme.current().accent)
        for number, line in enumerate(lines):
            color = QColor(255, 255, 255) if number < plain else accent
            painter.setPen(QPen(QColor(0, 0, 0, 170), 2.5))
            painter.drawPolyline(line)
            pen = QPen(color, 1.25)
            pen.setDashPattern([4, 3] if number < plain else [9, 4])
            painter.setPen(pen)
            painter.drawPolyline(line)
        painter.setPen(QPen(QColor(0, 0, 0), 1))
        painter.setBrush(QColor(255, 255, 255))
        for spot in _mapped(transform, sketch.handles):
            painter.drawRect(QRectF(spot.x() - HANDLE, spot.y() - HANDLE, 2 * HANDLE, 2 * HANDLE))
        for spot in _mapped(transform, sketch.marks):
            for color, width in ((QColor(0, 0, 0, 170), 3.0), (QColor(255, 255, 255), 1.25)):
                painter.setPen(QPen(color, width))
                painter.drawLine(spot - QPointF(CROSS, 0), spot + QPointF(CROSS, 0))
                painter.drawLine(spot - QPointF(0, CROSS), spot + QPointF(0, CROSS))

    def _sketched(self) -> None:
        """Draw anew where it was and where it is."""
        if self._moving != self.tools.mover.busy:
            self._selected()
        sketch, transform = self.tools.sketch(), self.sheet.transform
        parts = (*sketch.lines, *sketch.axes, sketch.handles, sketch.marks)
        points = [spot for part in parts for spot in _mapped(transform, part)]
        before, self._shown = self._shown, QRect()
        if points:
            left, right = min(p.x() for p in points), max(p.x() for p in points)
            top, bottom = min(p.y() for p in points), max(p.y() for p in points)
            reach = CROSS + RIM
            corner = math.floor(left - reach), math.floor(top - reach)
            size = math.ceil(right - left + 2 * reach + 1), math.ceil(bottom - top + 2 * reach + 1)
            self._shown = QRect(*corner, *size).intersected(self.sheet.rect())
        self.sheet.update(before)
        self.sheet.update(self._shown)

    def _selected(self) -> None:
        """A selection that is being moved is shown by its handles alone."""
        self._moving = self.tools.mover.busy
        self.sheet.show_selection(None if self._moving else self.tools.selection.mask)


def _mapped(transform: QTransform, points: tuple[Point, ...]) -> list[QPointF]:
    return [transform.map(QPointF(x, y)) for x, y in points]
