"""Two runs beside one another: their pictures, their figures, and what they do not share."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from studio.document.document import Pixels
from studio.lanes.runs import Follow
from studio.models.gallery_runs import differences, figures_of, picture_of
from studio.models.training import Training
from studio.views.compare import Pair, way_buttons
from studio.views.run_detail import percent
from studio.views.run_pictures import read_picture
from studio.views.wizard.parts import put, table
from studio.views.words import interval_text, series_text, status_text

Row = tuple[str, str, str]


class RunCompareDialog(QDialog):
    """A and B, with names; the table has what differs."""

    def __init__(
        self, one: Follow, other: Follow, training: Training, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare two trainings"))
        self.pair = Pair(_pixels(one), _pixels(other), self)
        titles = [f"{letter}:  {run.title}" for letter, run in (("A", one), ("B", other))]
        self.table = table(self, self.tr("What differs"), ["", *titles])
        self._fill(self._rows(one, other, training))
        below = QWidget(self)
        column = QVBoxLayout(below)
        column.setContentsMargins(8, 0, 8, 8)
        column.addWidget(self.table)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.addWidget(self.pair)
        split.addWidget(below)
        split.setSizes([420, 260])
        split.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._ways())
        whole.addWidget(split, 1)
        self.resize(900, 720)

    def _ways(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 8, 8, 4)
        hold = self.tr("One at a time; hold Space to swap")
        for button in way_buttons(self, hold, self.pair.show_as).values():
            row.addWidget(button)
        told = QLabel(self.tr("Painted by each of them last"), self)
        told.setObjectName("muted")
        row.addStretch(1)
        row.addWidget(told)
        return row

    def _rows(self, one: Follow, other: Follow, training: Training) -> list[Row]:
        states = [status_text(training.status(run), percent(run)) for run in (one, other)]
        steps = [f"{run.step:,}" for run in (one, other)]
        rows = [(self.tr("State"), *states), (self.tr("Steps"), *steps)]
        mine, theirs = (
            {f.name: interval_text(f.value, f.low, f.high) for f in figures_of(run)}
            for run in (one, other)
        )
        for name in dict.fromkeys((*mine, *theirs)):
            values = [each.get(name, "–") for each in (mine, theirs)]
            rows.append((series_text(name).split(":")[0], *values))
        if one.recipe != other.recipe:
            rows.append((self.tr("System"), one.recipe, other.recipe))
        for name, a, b in differences(one, other):
            rows.append((series_text(name), a, b))
        return [(str(a), str(b), str(c)) for a, b, c in rows]

    def _fill(self, rows: list[Row]) -> None:
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                put(self.table, number, column, text)
        self.table.resizeRowsToContents()


def _pixels(run: Follow) -> Pixels:
    """Its picture, uint8 (H, W, 3): of a sheet, the first four that it made; grey where it has
    none.
    """
    path, sheet = picture_of(run) or (None, False)
    pixmap = read_picture(path)
    if pixmap.isNull():
        return np.full((96, 128, 3), 127, np.uint8)
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
    side = image.height() // 2
    if not sheet or image.width() < 4 * side:
        return pixels
    made = [pixels[side : 2 * side, i * side : (i + 1) * side] for i in range(4)]
    return np.vstack([np.hstack(made[:2]), np.hstack(made[2:])])
