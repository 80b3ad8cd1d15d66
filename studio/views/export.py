"""How a picture leaves: as it is, or at two or four times its size."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engines.ports import Size
from studio.models.enlarging import Enlarging
from studio.models.files import FACTORS, MOST_EXPORTED
from studio.views.enlarging import ways_box


class ExportDialog(QDialog):
    """Asks for the factor, and says what goes along inside the file.

    `sizes` tells how large all that is seen is (True), and the model's picture (False).
    """

    def __init__(
        self,
        sizes: Mapping[bool, Size],
        licence: str,
        enlarging: Enlarging,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._sizes = sizes
        self.setWindowTitle(self.tr("Export the picture"))
        column = QVBoxLayout(self)
        column.setSpacing(10)
        self.what = QComboBox(self)
        self.what.setAccessibleName(self.tr("What to export"))
        for layered in sizes:
            text = self.tr("All layers, as seen") if layered else self.tr("The model's picture")
            self.what.addItem(text, layered)
        self.what.setVisible(len(sizes) > 1)
        column.addWidget(self.what)
        column.addWidget(QLabel(self.tr("Size of the PNG")))
        self._group = QButtonGroup(self)
        for factor in FACTORS:
            button = QRadioButton(self)
            button.setChecked(factor == 1)
            self._group.addButton(button, factor)
            column.addWidget(button)
        self.ways = ways_box(enlarging, self)
        self.ways.setVisible(self.ways.count() > 1)
        column.addWidget(self.ways)
        self._group.idToggled.connect(lambda factor, on: self.ways.setEnabled(self.factor > 1))
        self.ways.setEnabled(False)
        self.what.currentIndexChanged.connect(self._tell_sizes)
        self._tell_sizes()
        note = QLabel(
            self.tr(
                "Larger sizes are resampled (Lanczos) unless a model is to invent the detail.\n"
                "The file carries the layout and all settings, so that dropping it here opens\n"
                "them again, and a passport: made with a model, on these terms:\n{0}"
            ).format(licence or self.tr("its maker does not say; ask before you sell it"))
        )
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setObjectName("muted")
        note.setWordWrap(True)
        column.addWidget(note)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.tr("Export …"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    @property
    def factor(self) -> int:
        """How many times its size."""
        return self._group.checkedId()

    @property
    def way(self) -> str:
        """The model that makes it larger; empty where it is resampled."""
        return str(self.ways.currentData()) if self.factor > 1 else ""

    @property
    def layered(self) -> bool:
        """Whether all that is seen leaves, not the model's picture alone."""
        return bool(self.what.currentData())

    def _tell_sizes(self) -> None:
        size = self._sizes[self.layered]
        for factor in FACTORS:
            height, width = size[0] * factor, size[1] * factor
            text = self.tr("×{0}:  {1} × {2} pixels").format(factor, width, height)
            button = self._group.button(factor)
            button.setText(text)
            button.setEnabled(max(height, width) <= MOST_EXPORTED)
