"""Moving, scaling, turning and flipping by numbers."""

from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.document.transform import Placement
from studio.models.tools import Tools
from studio.views.icons import icon

FAR = 20_000.0  # pixels
MOST = 10_000.0  # per cent


class Placing(QWidget):
    """The numbers of the piece in hand. Setting one lifts the selection or the layer."""

    def __init__(self, tools: Tools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        tr = self.tr
        self.dx = self._number(tr("Move right"), -FAR, FAR, tr(" px"), 0)
        self.dy = self._number(tr("Move down"), -FAR, FAR, tr(" px"), 0)
        self.sx = self._number(tr("Width"), -MOST, MOST, " %", 1)
        self.sy = self._number(tr("Height"), -MOST, MOST, " %", 1)
        self.angle = self._number(tr("Turn"), -180.0, 180.0, "°", 1)
        self.angle.setWrapping(True)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        for place, (name, spin) in enumerate(
            ((tr("X"), self.dx), (tr("Y"), self.dy), (tr("W"), self.sx), (tr("H"), self.sy))
        ):
            label = QLabel(name, self)
            label.setBuddy(spin)
            grid.addWidget(label, place // 2, place % 2 * 2)
            grid.addWidget(spin, place // 2, place % 2 * 2 + 1)
        turn = QLabel(tr("∠"), self)
        turn.setBuddy(self.angle)
        grid.addWidget(turn, 2, 0)
        grid.addWidget(self.angle, 2, 1)
        flips = QHBoxLayout()
        flips.setSpacing(2)
        for name, picture, across in (
            (tr("Flip left and right"), "flip-across", True),
            (tr("Flip up and down"), "flip-down", False),
        ):
            button = QToolButton(self)
            button.setAutoRaise(True)
            button.setIcon(icon(picture))
            button.setIconSize(QSize(18, 18))
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(lambda on=False, a=across: tools.place(lambda p: p.flipped(a)))
            flips.addWidget(button)
        flips.addStretch(1)
        grid.addLayout(flips, 2, 2, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.apply = QPushButton(tr("Apply"), self)
        self.apply.setToolTip(tr("Apply (Enter)"))
        self.apply.setAccessibleName(tr("Apply the transform"))
        self.apply.clicked.connect(tools.finish)
        self.undo = QPushButton(tr("Take back"), self)
        self.undo.setToolTip(tr("Take back (Escape)"))
        self.undo.setAccessibleName(tr("Take the transform back"))
        self.undo.clicked.connect(tools.cancel)
        ends = QHBoxLayout()
        ends.addWidget(self.apply)
        ends.addWidget(self.undo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(grid)
        column.addLayout(ends)
        tools.sketched.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show where the piece is."""
        if self.isHidden():
            return
        placement, busy = self.tools.mover.placement, self.tools.mover.busy
        for spin, value in (
            (self.dx, placement.dx),
            (self.dy, placement.dy),
            (self.sx, placement.sx * 100),
            (self.sy, placement.sy * 100),
            (self.angle, placement.angle),
        ):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)
        self.apply.setEnabled(busy)
        self.undo.setEnabled(busy)

    def _number(
        self, name: str, least: float, most: float, suffix: str, digits: int
    ) -> QDoubleSpinBox:
        spin = QDoubleSpinBox(self)
        spin.setRange(least, most)
        spin.setDecimals(digits)
        spin.setSuffix(suffix)
        spin.setAccessibleName(name)
        spin.setToolTip(name)
        spin.setKeyboardTracking(False)
        spin.setMinimumWidth(60)
        spin.valueChanged.connect(self._put)
        return spin

    def _put(self, value: float) -> None:
        spin = self.sender()
        field = next(n for n in ("dx", "dy", "sx", "sy", "angle") if vars(self)[n] is spin)
        if field in ("sx", "sy"):
            value = value / 100 or 0.001

        def change(placement: Placement) -> Placement:
            return replace(placement, **{field: value})

        self.tools.place(change)
        self.refresh()
