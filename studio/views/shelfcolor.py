"""The button of the shelf that chooses a colour to look for."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QGridLayout,
    QMenu,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from studio.models.shelf import Color
from studio.views import theme
from studio.views.control import tool
from studio.views.icons import icon

_CHIP = 24
# Colours to look for, with their names.
CHIPS: tuple[tuple[str, Color], ...] = (
    ("Red", (205, 45, 45)),
    ("Orange", (235, 130, 35)),
    ("Yellow", (245, 205, 60)),
    ("Green", (75, 150, 70)),
    ("Turquoise", (40, 165, 160)),
    ("Blue", (45, 90, 185)),
    ("Violet", (120, 75, 165)),
    ("Pink", (235, 140, 170)),
    ("Brown", (120, 75, 45)),
    ("Black", (20, 20, 22)),
    ("Grey", (130, 130, 130)),
    ("White", (245, 245, 242)),
)


class ColorButton(QToolButton):
    """Chooses a colour to look for, or none."""

    chosen = Signal(object)  # (red, green, blue), or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setAccessibleName(self.tr("Look for a colour"))
        self.setToolTip(self.tr("Look for a colour: the styles that have most of it come first"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_ = QMenu(self)
        chips = QWidget(self.menu_)
        grid = QGridLayout(chips)
        grid.setSpacing(4)
        for number, (name, color) in enumerate(CHIPS):
            chip = tool(chips, "check", self.tr(name))
            chip.setIcon(QIcon(_chip(color)))
            chip.setIconSize(QSize(_CHIP, _CHIP))
            chip.clicked.connect(lambda on=False, color=color: self._choose(color))
            grid.addWidget(chip, number // 4, number % 4)
        action = QWidgetAction(self.menu_)
        action.setDefaultWidget(chips)
        self.menu_.addAction(action)
        self.menu_.addAction(self.tr("Another colour …")).triggered.connect(self._ask)
        self.menu_.addAction(self.tr("Any colour")).triggered.connect(lambda: self._choose(None))
        self.setMenu(self.menu_)
        self._choose(None, tell=False)

    def _ask(self) -> None:
        found = QColorDialog.getColor(QColor(*CHIPS[0][1]), self, self.tr("Look for a colour"))
        if found.isValid():
            self._choose((found.red(), found.green(), found.blue()))

    def _choose(self, color: Color | None, tell: bool = True) -> None:
        self.menu_.close()
        self.setIcon(icon("picker") if color is None else QIcon(_chip(color)))
        text = self.tr("any") if color is None else "#{:02x}{:02x}{:02x}".format(*color)
        self.setAccessibleDescription(text)
        if tell:
            self.chosen.emit(color)


def _chip(color: Color) -> QPixmap:
    pixmap = QPixmap(_CHIP, _CHIP)
    pixmap.fill(QColor(theme.current().outline))
    painter = QPainter(pixmap)
    painter.fillRect(1, 1, _CHIP - 2, _CHIP - 2, QColor(*color))
    painter.end()
    return pixmap
