"""How large the page is to be: scaled, or with another room around it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QWidget,
)

from engines.ports import Size
from studio.document.document import MOST_SIDE

ANCHOR = 34  # pixels a side of an anchor's button


class SizeDialog(QDialog):
    """Asks for width and height in pixels; `anchored` also where the old page lies on the new."""

    def __init__(self, size: Size, anchored: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setWindowTitle(self.tr("Resize canvas") if anchored else self.tr("Resize document"))
        self.width_box = self._box(size[1], self.tr("Width in pixels"))
        self.height_box = self._box(size[0], self.tr("Height in pixels"))
        self.even = QCheckBox(self.tr("Keep the proportions"), self)
        self.even.setChecked(not anchored)
        form = QFormLayout(self)
        form.addRow(self.tr("Width"), self.width_box)
        form.addRow(self.tr("Height"), self.height_box)
        form.addRow("", self.even)
        self.anchors = QButtonGroup(self)
        if anchored:
            form.addRow(self.tr("The page lies"), self._grid())
        text = (
            self.tr("Layers keep their pixels; what is beyond the edge is cut off.")
            if anchored
            else self.tr("Layouts keep hard edges; pictures are filtered.")
        )
        hint = QLabel(text, self)
        hint.setObjectName("muted")
        hint.setWordWrap(True)
        form.addRow(hint)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.tr("Resize"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        form.addRow(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.width_box.valueChanged.connect(self._width_changed)
        self.height_box.valueChanged.connect(self._height_changed)

    @property
    def size_chosen(self) -> Size:
        """(height, width)."""
        return self.height_box.value(), self.width_box.value()

    @property
    def anchor(self) -> tuple[float, float]:
        """Shares of width and height: (0, 0) the upper left, (0.5, 0.5) the middle."""
        place = self.anchors.checkedId()
        return (place % 3) / 2, (place // 3) / 2

    def _grid(self) -> QWidget:
        frame = QWidget(self)
        grid = QGridLayout(frame)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        names = (
            self.tr("Upper left"),
            self.tr("Above"),
            self.tr("Upper right"),
            self.tr("Left"),
            self.tr("Middle"),
            self.tr("Right"),
            self.tr("Lower left"),
            self.tr("Below"),
            self.tr("Lower right"),
        )
        for place, (name, arrow) in enumerate(zip(names, "↖↑↗←•→↙↓↘", strict=True)):
            button = QToolButton(frame)
            button.setText(arrow)
            button.setCheckable(True)
            button.setFixedSize(ANCHOR, ANCHOR)
            button.setAccessibleName(name)
            button.setToolTip(name)
            self.anchors.addButton(button, place)
            grid.addWidget(button, place // 3, place % 3, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(3, 1)
        self.anchors.button(4).setChecked(True)
        return frame

    def _width_changed(self, width: int) -> None:
        if self.even.isChecked():
            self._follow(self.height_box, round(width * self._size[0] / self._size[1]))

    def _height_changed(self, height: int) -> None:
        if self.even.isChecked():
            self._follow(self.width_box, round(height * self._size[1] / self._size[0]))

    def _follow(self, box: QSpinBox, value: int) -> None:
        box.blockSignals(True)
        box.setValue(value)
        box.blockSignals(False)

    def _box(self, value: int, name: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(1, MOST_SIDE)
        box.setValue(value)
        box.setSuffix(" px")
        box.setAccessibleName(name)
        return box
