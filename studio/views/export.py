"""How a picture leaves: as it is, or at two or four times its size."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from engines.ports import Size
from studio.models.files import FACTORS, MOST_EXPORTED


class ExportDialog(QDialog):
    """Asks for the factor, and says what goes along inside the file."""

    def __init__(self, size: Size, licence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export the picture"))
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(QLabel(self.tr("Size of the PNG")))
        self._group = QButtonGroup(self)
        for factor in FACTORS:
            height, width = size[0] * factor, size[1] * factor
            text = self.tr("×{0}:  {1} × {2} pixels").format(factor, width, height)
            button = QRadioButton(text, self)
            button.setEnabled(max(height, width) <= MOST_EXPORTED)
            button.setChecked(factor == 1)
            self._group.addButton(button, factor)
            column.addWidget(button)
        note = QLabel(
            self.tr(
                "Larger sizes are resampled (Lanczos), not invented anew.\n"
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
