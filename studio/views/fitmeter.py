"""The layout-fit meter: words, a bar, the odd place on the canvas, layouts to start from."""

from functools import partial

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QBrush,
    QColor,
    QIcon,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QTransform,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from engines.layoutfit import smooth
from studio.document.scene import Pixels
from studio.models.fitmeter import RARE, UNUSUAL, Fit, FitMeter
from studio.models.images import to_image
from studio.views import theme
from studio.views.canvas import Canvas
from studio.views.control import worded
from studio.views.icons import picture

BAR = 3  # pixels high
THUMB = 72


class OddPlace:
    """Outlines on a canvas what is odd in the layout, while it is `shown`."""

    def __init__(self, meter: FitMeter, canvas: Canvas) -> None:
        self.meter, self.canvas, self.shown = meter, canvas, False
        canvas.overlays.append(self)
        meter.changed.connect(canvas.update)

    def show(self, shown: bool) -> None:
        """Show it or not."""
        self.shown = shown
        self.canvas.update()

    def paint(self, painter: QPainter, transform: QTransform) -> None:
        """Draw the outline, in screen pixels."""
        fit = self.meter.fit
        if not self.shown or fit is None:
            return
        height, width = self.meter.session.document.size
        rows, columns = fit.region.shape
        down, across = height / rows, width / columns
        path = QPainterPath()
        for row, column in np.argwhere(fit.region).tolist():
            cell = QPainterPath()
            cell.addRect(QRectF(column * across, row * down, across, down))
            path = path.united(cell)
        shape = transform.map(path.simplified())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(shape, QBrush(QColor(255, 255, 255, 60)))
        for color, wide in ((QColor(0, 0, 0, 170), 5.0), (QColor(theme.current().accent), 2.5)):
            painter.strokePath(shape, QPen(color, wide))


class FitButton(QToolButton):
    """Says how well the model knows such layouts; its menu shows where not, and real ones."""

    def __init__(self, meter: FitMeter, place: OddPlace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.meter, self.place = meter, place
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        meter.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what is known now, or go where nothing is."""
        fit = self.meter.fit
        self.setVisible(fit is not None)
        if fit is None:
            return
        brief = self.tr("Familiar layout")
        if fit.score < RARE:
            brief = self.tr("Unlike what the model has seen")
        elif fit.score < UNUSUAL:
            brief = self.tr("Unusual layout")
        self.setText(brief)
        self.setAccessibleName(self.tr("How well the model knows such layouts"))
        self.setAccessibleDescription(self.sentence(fit))
        self.setToolTip(self.sentence(fit))
        self.update()

    def sentence(self, fit: Fit) -> str:
        """What is to be known of a layout, in plain words."""
        odd, around = worded(fit.odd).lower(), worded(fit.around).lower()
        if fit.score >= UNUSUAL:
            text = self.tr("The model has seen layouts like this: {0} in a hundred were odder.")
            return text.format(round(100 * fit.score))
        seldom = fit.score < RARE
        if not fit.around:
            few = self.tr("The model has seen few layouts like this: all of it is {0}.")
            unusual = self.tr("This layout is unusual: all of it is {0}.")
            return (few if seldom else unusual).format(odd)
        few = self.tr("The model has seen few layouts like this: {0} amid {1}.")
        unusual = self.tr("This layout is unusual for the model: {0} amid {1}.")
        return (few if seldom else unusual).format(odd, around)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if self.meter.fit is None:
            return
        painter, look = QPainter(self), theme.current()
        room = self.rect().adjusted(6, 0, -6, -2)
        bar = QRectF(room.x(), room.bottom() - BAR, room.width(), BAR)
        painter.fillRect(bar, QColor(look.outline))
        bar.setWidth(bar.width() * max(self.meter.fit.score, 0.02))
        painter.fillRect(bar, QColor(look.accent))

    def _fill(self) -> None:
        menu, fit = self._menu, self.meter.fit
        menu.clear()
        if fit is None:
            return
        menu.addAction(self.sentence(fit)).setEnabled(False)
        where: QAction = menu.addAction(self.tr("Show the oddest place"))
        where.setCheckable(True)
        where.setChecked(self.place.shown)
        where.triggered.connect(self.place.show)
        menu.addSeparator()
        menu.addAction(self.tr("Start from a layout that it has seen:")).setEnabled(False)
        for number, ids in enumerate(fit.nearest, 1):
            action = menu.addAction(self._thumb(ids), self.tr("Layout {0}").format(number))
            action.triggered.connect(partial(self._start, ids))

    def _start(self, ids: Pixels, on: bool = False) -> None:
        self.meter.start_from(ids)

    def _thumb(self, ids: Pixels) -> QIcon:
        port = self.meter.session.layout_port
        colors = np.zeros((256, 3), np.uint8)
        for number, color in enumerate(port.colors if port else ()):
            colors[number] = list(bytes.fromhex(color[1:]))
        pixmap = QPixmap.fromImage(to_image(colors[smooth(ids, (THUMB, THUMB))]))
        return picture(pixmap.scaled(QSize(THUMB, THUMB)))
