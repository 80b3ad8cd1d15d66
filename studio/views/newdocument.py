"""A new document: how large."""

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QWidget

from engines.ports import Size
from studio.document.document import MOST_SIDE
from studio.models.starts import SIZES


class NewDialog(QDialog):
    """Asks for width and height in pixels of the layout."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New document"))
        self.preset = QComboBox(self)
        self.preset.setAccessibleName(self.tr("Size preset"))
        for width, height in SIZES:
            self.preset.addItem(f"{width} × {height}", (width, height))
        self.width_box, self.height_box = self._box(SIZES[0][0]), self._box(SIZES[0][1])
        self.width_box.setAccessibleName(self.tr("Width in pixels"))
        self.height_box.setAccessibleName(self.tr("Height in pixels"))
        form = QFormLayout(self)
        form.addRow(self.tr("Preset"), self.preset)
        form.addRow(self.tr("Width"), self.width_box)
        form.addRow(self.tr("Height"), self.height_box)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.tr("Create"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        form.addRow(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.preset.activated.connect(self._take_preset)

    @property
    def size_chosen(self) -> Size:
        """(height, width)."""
        return self.height_box.value(), self.width_box.value()

    def _take_preset(self, place: int) -> None:
        width, height = self.preset.itemData(place)
        self.width_box.setValue(width)
        self.height_box.setValue(height)

    def _box(self, value: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(32, MOST_SIDE)
        box.setValue(value)
        box.setSuffix(" px")
        return box
