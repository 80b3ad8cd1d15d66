"""Loss curves as small charts, each on its own scale: raw faint, smoothed bold, bands where known.

A series `x` with `x_low` and `x_high` beside it is drawn with that band.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from studio.lanes.curve import Curve
from studio.views import theme
from studio.views.words import series_text

Floats = npt.NDArray[np.float64]
CHART = 96  # logical pixels high, with its title
GAP = 10
NARROWEST = 150
MEMORY = 0.06  # of the whole width that the smoothing looks back on


@dataclass(frozen=True)
class Line:
    """A series reduced to `n` points: its steps, the least, mean and greatest value at each, and
    the smoothed mean.
    """

    steps: Floats
    low: Floats
    mean: Floats
    high: Floats
    smooth: Floats

    @property
    def range(self) -> tuple[float, float]:
        """From where to where the chart goes; outliers at the start may leave it."""
        if len(self.mean) > 8:
            low, high = np.quantile(self.low, 0.02), np.quantile(self.high, 0.98)
        else:
            low, high = self.low.min(), self.high.max()
        low, high = min(low, self.smooth.min()), max(high, self.smooth[-1])
        pad = 0.06 * (high - low) or max(abs(high), 1e-9) * 0.1
        return float(low - pad), float(high + pad)


def reduce(curve: Curve, points: int) -> Line | None:
    """At most `points` points of a series; None where it has no finite value."""
    steps, values = np.array(curve.steps), np.array(curve.values)
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    if not len(values):
        return None
    if len(values) > points:
        starts = np.linspace(0, len(values), points, endpoint=False).astype(int)
        counts = np.diff(np.append(starts, len(values)))
        low = np.minimum.reduceat(values, starts)
        high = np.maximum.reduceat(values, starts)
        mean = np.add.reduceat(values, starts) / counts
        steps = steps[starts + counts - 1]
    else:
        low = mean = high = values
    return Line(steps, low, mean, high, _smoothed(mean))


def _smoothed(values: Floats) -> Floats:
    """Exponential mean that starts as a plain mean, so that the beginning does not lag."""
    smooth = np.empty_like(values)
    decay = 1 - 1 / max(1.0, MEMORY * len(values))
    total = weight = 0.0
    for i, value in enumerate(values):
        total, weight = decay * total + value, decay * weight + 1
        smooth[i] = total / weight
    return smooth


class Curves(QWidget):
    """Small charts of all series; hovering tells the value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Curves"))
        self.setMouseTracking(True)
        self._losses: Mapping[str, Curve] = {}
        self._figures: Mapping[str, Curve] = {}
        self._end = 1.0
        self._lines: dict[int, tuple[tuple[int, int], Line | None]] = {}

    def show_curves(self, figures: Mapping[str, Curve], losses: Mapping[str, Curve]) -> None:
        """Draw these as they are now, all from step 0 to the last step that any of them has."""
        if losses is not self._losses:
            self._lines.clear()
        self._figures, self._losses = figures, losses
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

    @property
    def charts(self) -> list[tuple[str, Curve]]:
        """What gets a chart: figures first; bands have none of their own."""
        figures = [(n, c) for n, c in self._figures.items() if not _is_band(n, self._figures)]
        return [*figures, *self._losses.items()]

    # Arrangement ------------------------------------------------------------------------------

    def _columns(self, width: int) -> int:
        return max(1, min(3, (width + GAP) // (NARROWEST + GAP)))

    def _settle(self) -> None:
        bottom = max((area.bottom() for area in self._areas()), default=CHART)
        self.setFixedHeight(round(bottom))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._settle()

    def _areas(self) -> list[QRectF]:
        """Where the charts are; the first figure has a row of its own."""
        columns = self._columns(self.width())
        width = (self.width() - GAP * (columns - 1)) / columns
        places = range(len(self.charts))
        if columns > 1 and any(not _is_band(name, self._figures) for name in self._figures):
            places = range(columns - 1, columns - 1 + len(self.charts))
        areas = [
            QRectF((i % columns) * (width + GAP), (i // columns) * (CHART + GAP), width, CHART)
            for i in places
        ]
        if areas and places[0]:
            areas[0] = QRectF(0, 0, self.width(), CHART)
        return areas

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
        for area, (name, curve) in zip(self._areas(), self.charts, strict=True):
            self._chart(painter, area, name, curve)
        painter.end()

    def _chart(self, painter: QPainter, area: QRectF, name: str, curve: Curve) -> None:
        look = theme.current()
        line = self._reduced(curve, max(16, int(area.width() / 2)))
        title = QRectF(area.left(), area.top(), area.width(), painter.fontMetrics().height() + 3)
        plot = QRectF(area.left(), title.bottom(), area.width(), area.bottom() - title.bottom())
        painter.fillRect(plot, QColor(look.field))
        painter.setPen(QColor(look.muted))
        latest = _number(line.smooth[-1]) if line is not None else "–"
        room = title.width() - painter.fontMetrics().horizontalAdvance(latest) - 8
        label = painter.fontMetrics().elidedText(
            series_text(name), Qt.TextElideMode.ElideRight, max(0, int(room))
        )
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft, label)
        painter.setPen(QColor(look.text))
        painter.drawText(title, Qt.AlignmentFlag.AlignRight, latest)
        if line is None:
            return
        painter.save()
        painter.setClipRect(plot)
        figure = name in self._figures
        bands = [self._figures.get(f"{name}{end}") for end in ("_low", "_high")] if figure else []
        reduced = [reduce(c, len(line.steps)) for c in bands if c is not None]
        low, high = line.range
        if len(reduced) == 2 and all(b is not None for b in reduced):
            low = min(low, *(float(b.mean.min()) for b in reduced if b is not None))
            high = max(high, *(float(np.quantile(b.mean, 0.9)) for b in reduced if b is not None))

        def points(steps: Floats, values: Floats) -> list[QPointF]:
            x = plot.left() + steps / self._end * plot.width()
            y = plot.bottom() - (values - low) / (high - low) * plot.height()
            y = np.clip(y, plot.top() - 1000, plot.bottom() + 1000)
            return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]

        accent = QColor(look.accent)
        if len(reduced) == 2 and reduced[0] is not None and reduced[1] is not None:
            _band(painter, points(reduced[0].steps, reduced[0].mean),
                  points(reduced[1].steps, reduced[1].mean), accent)  # fmt: skip
        elif line.low is not line.high:
            _band(painter, points(line.steps, line.low), points(line.steps, line.high), accent)
        shown = points(line.steps, line.mean if figure else line.smooth)
        painter.setPen(QPen(accent, 1.8))
        if len(shown) > 1:
            painter.drawPolyline(QPolygonF(shown))
        if figure or len(shown) == 1:
            painter.setBrush(accent)
            for point in shown if len(shown) < 40 else shown[-1:]:
                painter.drawEllipse(point, 2.0, 2.0)
        painter.restore()

    def _reduced(self, curve: Curve, points: int) -> Line | None:
        """As `reduce`, but anew only when the curve is half a per cent longer than it was."""
        length = len(curve.steps)
        key = (points, round(200 * math.log(length)) if length else 0)
        if id(curve) not in self._lines or self._lines[id(curve)][0] != key:
            self._lines[id(curve)] = (key, reduce(curve, points))
        return self._lines[id(curve)][1]

    # Telling values ---------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def told(self, place: QPointF) -> str:
        """What the chart at a place says there."""
        for area, (name, curve) in zip(self._areas(), self.charts, strict=True):
            if area.contains(place) and curve.steps:
                step = (place.x() - area.left()) / area.width() * self._end
                i = int(np.abs(np.array(curve.steps) - step).argmin())
                return self.tr("{0}: {1} at step {2}").format(
                    series_text(name), _number(curve.values[i]), f"{int(curve.steps[i]):,}"
                )
        return ""


def _band(painter: QPainter, low: list[QPointF], high: list[QPointF], color: QColor) -> None:
    faint = QColor(color)
    faint.setAlphaF(0.25)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(faint)
    painter.drawPolygon(QPolygonF([*low, *reversed(high)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _is_band(name: str, among: Mapping[str, Curve]) -> bool:
    base, _, end = name.rpartition("_")
    return end in ("low", "high") and base in among


def _number(value: float) -> str:
    return f"{value:.3g}"
