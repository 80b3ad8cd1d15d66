"""Curves as small plots, each on its own scale: raw faint, smoothed bold, bands where known.

A figure `x` with `x_low` and `x_high` beside it is drawn with that band, and with its floor and its
ceiling as lines.
"""

import math
from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSettings, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from studio.lanes.curve import Curve
from studio.lanes.events import Bounds
from studio.models.gallery_runs import is_band
from studio.models.lines import MEMORY, Floats, Line, Scale, reduce
from studio.views import theme
from studio.views.words import figure_text, series_text

PLOT = 96  # logical pixels high, with its title
WIDE_PLOT = 124
WIDE = 560
GAP = 10
NARROWEST = 150
LOG, SMOOTHING = "training/log-scale", "training/smoothing"  # what is remembered


def clear(wanted: QRectF, taken: list[QRectF], plot: QRectF) -> QRectF:
    """A place for words beside others: away from the nearer edge of the plot, where it must."""
    down = wanted.center().y() < plot.center().y()
    spot = QRectF(wanted)
    for _ in taken:
        if any(spot.intersects(other) for other in taken):
            spot.translate(0, spot.height() if down else -spot.height())
    return spot


class Curves(QWidget):
    """Small plots of all series; hovering tells the value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Curves"))
        self.setMouseTracking(True)
        self.log = QSettings().value(LOG, "false") == "true"
        self.memory = _share(QSettings().value(SMOOTHING, MEMORY))
        self._losses: Mapping[str, Curve] = {}
        self._figures: Mapping[str, Curve] = {}
        self._bounds: Mapping[str, Bounds] = {}
        self._end = 1.0
        self._marked: float | None = None
        self._lines: dict[int, tuple[tuple[int, int], Line | None]] = {}

    def show_curves(
        self,
        figures: Mapping[str, Curve],
        losses: Mapping[str, Curve],
        bounds: Mapping[str, Bounds] | None = None,
    ) -> None:
        """Draw these as they are now, all from step 0 to the last step that any of them has."""
        if losses is not self._losses:
            self._lines.clear()
        self._figures, self._losses, self._bounds = figures, losses, bounds or {}
        self._end = max([1.0, *(curve.steps[-1] for _, curve in self.charts if curve.steps)])
        said = [
            self.tr("{0}: {1} at step {2}").format(
                series_text(name), _number(c.values[-1]), int(c.steps[-1])
            )
            for name, c in self.charts
            if c.values
        ]
        self.setAccessibleDescription("; ".join(said) or self.tr("Nothing was measured yet"))
        self._settle()
        self.update()

    def set_log(self, on: bool) -> None:
        """Draw on logarithmic scales, where the values allow it."""
        self.log = on
        QSettings().setValue(LOG, "true" if on else "false")
        self.update()

    def set_memory(self, share: float) -> None:
        """Smooth over this share of the whole width; 0 not at all."""
        self.memory = share
        QSettings().setValue(SMOOTHING, share)
        self._lines.clear()
        self.update()

    def mark(self, step: float | None) -> None:
        """Draw a line at this step in all plots: what is looked back at."""
        if step != self._marked:
            self._marked = step
            self.update()

    @property
    def charts(self) -> list[tuple[str, Curve]]:
        """What gets a plot: figures first; bands have none of their own."""
        figures = [(n, c) for n, c in self._figures.items() if not is_band(n, self._figures)]
        return [*figures, *self._losses.items()]

    # Arrangement ------------------------------------------------------------------------------

    @property
    def _sections(self) -> list[tuple[str, int]]:
        """Headings, each with the number of plots below it."""
        figures = len(self.charts) - len(self._losses)
        named = (
            (self.tr("Measured on pictures that it does not learn from"), figures),
            (self.tr("What it makes smaller, step by step"), len(self._losses)),
        )
        return [(text, count) for text, count in named if count]

    def _settle(self) -> None:
        bottom = max((area.bottom() for area in self._areas()), default=PLOT)
        self.setFixedHeight(round(bottom))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._settle()

    def _areas(self) -> list[QRectF]:
        """Where the plots are; the first figure has a row of its own."""
        return [area for area in self._places() if isinstance(area, QRectF)]

    def _places(self) -> list[QRectF | tuple[str, QRectF]]:
        """Headings with their places, and the places of the plots, from top to bottom."""
        width, heading = self.width(), self.fontMetrics().height() + 6
        columns = max(1, min(3, (width + GAP) // (NARROWEST + GAP)))
        height = WIDE_PLOT if width >= WIDE else PLOT
        wide = (width - GAP * (columns - 1)) / columns
        places: list[QRectF | tuple[str, QRectF]] = []
        top = 0.0
        lone = len(self.charts) > len(self._losses)  # the first figure
        for text, number in self._sections:
            places.append((text, QRectF(0, top, width, heading)))
            top += heading
            if lone:
                places.append(QRectF(0, top, width, height))
                top += height + GAP
            count = number - 1 if lone else number
            lone = False
            for i in range(count):
                x, y = (i % columns) * (wide + GAP), (i // columns) * (height + GAP)
                places.append(QRectF(x, top + y, wide, height))
            top += -(-count // columns) * (height + GAP)
        return places

    # Painting ---------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme.current()
        if not self.charts:
            painter.setPen(QColor(look.muted))
            painter.drawText(
                self.rect(),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                self.tr("Curves appear with the first steps."),
            )
        painter.setPen(QColor(look.muted))
        for place in self._places():
            if isinstance(place, tuple):
                painter.drawText(place[1], Qt.AlignmentFlag.AlignVCenter, place[0])
        for area, (name, curve) in zip(self._areas(), self.charts, strict=True):
            self._chart(painter, area, name, curve)
        painter.end()

    def _chart(self, painter: QPainter, area: QRectF, name: str, curve: Curve) -> None:
        look = theme.current()
        line = self._reduced(curve, max(16, int(area.width() / 2)))
        title = QRectF(area.left(), area.top(), area.width(), painter.fontMetrics().height() + 3)
        plot = QRectF(area.left(), title.bottom(), area.width(), area.bottom() - title.bottom())
        painter.fillRect(plot, QColor(look.field))
        figure = name in self._figures
        bands = self._bands(name, len(line.steps)) if figure and line is not None else None
        self._title(painter, title, name, line, figure)
        if line is None:
            return
        low, high = line.range
        if bands is not None:
            low = min(low, float(bands[0].mean.min()))
            high = max(high, float(np.quantile(bands[1].mean, 0.9)))
        scale = Scale.of(low, high, self.log)
        bound = self._bounds[name] if figure and name in self._bounds else Bounds()
        for value in (bound.floor, bound.ceiling):
            if value is not None:
                scale = scale.with_bound(value)

        def points(steps: Floats, values: Floats) -> list[QPointF]:
            x = plot.left() + steps / self._end * plot.width()
            y = plot.bottom() - scale.heights(values) * plot.height()
            y = np.clip(y, plot.top() - 1000, plot.bottom() + 1000)
            return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

        painter.save()
        painter.setClipRect(plot)
        accent = QColor(look.accent)
        if bands is not None:
            _band(painter, points(bands[0].steps, bands[0].mean),
                  points(bands[1].steps, bands[1].mean), accent)  # fmt: skip
        elif line.low is not line.high:
            _band(painter, points(line.steps, line.low), points(line.steps, line.high), accent)
        if self._marked is not None:
            x = plot.left() + min(1.0, self._marked / self._end) * plot.width()
            painter.setPen(QPen(QColor(look.outline), 1))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        sides = Qt.AlignmentFlag
        words: list[QRectF] = []
        for value, word, side in (
            (bound.floor, self.tr("real pictures"), sides.AlignRight),
            (bound.ceiling, self.tr("flat colours"), sides.AlignLeft),
        ):
            if value is not None:
                words.append(self._bound(painter, plot, scale, value, word, side, words))
        shown = points(line.steps, line.mean if figure else line.smooth)
        painter.setPen(QPen(accent, 1.8))
        if len(shown) > 1:
            painter.drawPolyline(QPolygonF(shown))
        if figure or len(shown) == 1:
            painter.setBrush(accent)
            for point in shown if len(shown) < 40 else shown[-1:]:
                painter.drawEllipse(point, 2.0, 2.0)
        painter.restore()

    def _title(
        self, painter: QPainter, title: QRectF, name: str, line: Line | None, figure: bool
    ) -> None:
        """The name and the newest value, with its interval where there is one."""
        look, metrics = theme.current(), painter.fontMetrics()
        latest = "–"
        if line is not None:
            latest = _number(line.mean[-1] if figure else line.smooth[-1])
            ends = [self._figures.get(f"{name}{end}") for end in ("_low", "_high")]
            if figure and all(end is not None and end.values for end in ends):
                numbers = [_number(end.values[-1]) for end in ends if end is not None]
                whole = f"{latest} ({numbers[0]} – {numbers[1]})"
                if metrics.horizontalAdvance(whole + figure_text(name)) + 8 < title.width():
                    latest = whole
        room = title.width() - metrics.horizontalAdvance(latest) - 8
        names = (series_text(name), figure_text(name))
        label = next((n for n in names if metrics.horizontalAdvance(n) <= room), names[1])
        label = metrics.elidedText(label, Qt.TextElideMode.ElideRight, max(0, int(room)))
        painter.setPen(QColor(look.text))
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft, label)
        painter.setPen(QColor(look.text))
        painter.drawText(title, Qt.AlignmentFlag.AlignRight, latest)

    def _bound(
        self,
        painter: QPainter,
        plot: QRectF,
        scale: Scale,
        value: float,
        word: str,
        side: Qt.AlignmentFlag,
        taken: list[QRectF],
    ) -> QRectF:
        """A dashed line with its word, or an arrow to where it would be; where the word stands,
        clear of those that are there.
        """
        look, metrics = theme.current(), painter.fontMetrics()
        share = float(scale.heights(np.array([value]))[0])
        y = plot.bottom() - min(max(share, 0.0), 1.0) * plot.height()
        painter.setPen(QPen(QColor(look.muted), 1, Qt.PenStyle.DashLine))
        if 0 <= share <= 1:
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            text = word
        else:
            text = f"{word} {_number(value)} {'↑' if share > 1 else '↓'}"
        below = y - plot.top() < metrics.height() + 2
        top = y + 1 if below else y - metrics.height() - 1
        room = QRectF(plot.left() + 4, top, plot.width() - 8, metrics.height())
        spot = clear(painter.boundingRect(room, side, text), taken, plot)
        painter.setPen(QColor(look.muted))
        painter.drawText(spot, side, text)
        return spot

    def _bands(self, name: str, points: int) -> tuple[Line, Line] | None:
        """The ends of a figure's interval."""
        ends = [self._figures.get(f"{name}{end}") for end in ("_low", "_high")]
        low, high = (reduce(end, points) if end is not None else None for end in ends)
        return (low, high) if low is not None and high is not None else None

    def _reduced(self, curve: Curve, points: int) -> Line | None:
        """As `reduce`, but anew only when the curve is half a per cent longer than it was."""
        length = len(curve.steps)
        key = (points, round(200 * math.log(length)) if length else 0)
        if id(curve) not in self._lines or self._lines[id(curve)][0] != key:
            self._lines[id(curve)] = (key, reduce(curve, points, self.memory))
        return self._lines[id(curve)][1]

    # Telling values ---------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def told(self, place: QPointF) -> str:
        """What the plot at a place says there."""
        for area, (name, curve) in zip(self._areas(), self.charts, strict=True):
            if area.contains(place) and curve.steps:
                step = (place.x() - area.left()) / area.width() * self._end
                i = int(np.abs(np.array(curve.steps) - step).argmin())
                text = self.tr("{0}: {1} at step {2}").format(
                    series_text(name), _number(curve.values[i]), f"{int(curve.steps[i]):,}"
                )
                return "\n".join([text, *self._told_bounds(name)])
        return ""

    def _told_bounds(self, name: str) -> list[str]:
        if name not in self._figures or name not in self._bounds:
            return []
        bound, said = self._bounds[name], []
        if bound.floor is not None:
            said.append(self.tr("Real against real: {0}").format(_number(bound.floor)))
        if bound.ceiling is not None:
            said.append(self.tr("Flat colours: {0}").format(_number(bound.ceiling)))
        return said


def _band(painter: QPainter, low: list[QPointF], high: list[QPointF], color: QColor) -> None:
    faint = QColor(color)
    faint.setAlphaF(0.25)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faint)
    painter.drawPolygon(QPolygonF([*low, *reversed(high)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _share(value: object) -> float:
    try:
        return min(max(float(str(value)), 0.0), 0.5)
    except ValueError:
        return MEMORY


def _number(value: float) -> str:
    return f"{value:.3g}"
