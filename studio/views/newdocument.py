"""A new document: how large, and blank or like the one that is open."""

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QWidget,
)

from engines.ports import Size
from studio.document.document import MOST_SIDE
from studio.views.icons import icon

SMALLEST = 32
SIZE, LIKE = "new/size", "new/like"  # what is remembered


class NewDialog(QDialog):
    """Asks for width and height in pixels of the layout, and what to begin with."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New document"))
        self._open: Size | None = None
        presets = {
            self.tr("Square"): (512, 512),
            self.tr("Landscape 3:2"): (768, 512),
            self.tr("Wide 16:9"): (1024, 576),
            self.tr("Portrait 2:3"): (512, 768),
            self.tr("Postcard at 300 dpi"): (1748, 1240),
            self.tr("A4 at 150 dpi"): (1240, 1754),
            self.tr("Large square"): (2048, 2048),
            self.tr("4K"): (3840, 2160),
        }
        self.template = QComboBox(self)
        self.template.setAccessibleName(self.tr("Begin with"))
        self.template.addItem(self.tr("A blank layout"))
        self.template.addItem(self.tr("The layers of the open document, empty"))
        self.preset = QComboBox(self)
        self.preset.setAccessibleName(self.tr("Size preset"))
        for name, (width, height) in presets.items():
            self.preset.addItem(f"{name} — {width} × {height}", (width, height))
        self.preset.addItem(self.tr("Own size"))
        self.width_box, self.height_box = self._box(), self._box()
        self.width_box.setAccessibleName(self.tr("Width in pixels"))
        self.height_box.setAccessibleName(self.tr("Height in pixels"))
        self.swap = QToolButton(self)
        self.swap.setIcon(icon("swap"))
        self.swap.setAccessibleName(self.tr("Swap width and height"))
        self.swap.setToolTip(self.tr("Swap width and height"))
        self.hint = QLabel(self.tr("Classes, model and its settings stay those in use."), self)
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        grid = QGridLayout(self)
        for row, (text, field) in enumerate(
            (
                (self.tr("&Begin with"), self.template),
                (self.tr("&Preset"), self.preset),
                (self.tr("&Width"), self.width_box),
                (self.tr("&Height"), self.height_box),
            )
        ):
            label = QLabel(text, self)
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1, 1, 2 if row < 2 else 1)
        grid.addWidget(self.swap, 2, 2, 2, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.hint, 4, 0, 1, 3)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.tr("&Create"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        grid.addWidget(buttons, 5, 0, 1, 3)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.preset.activated.connect(self._take_preset)
        self.swap.clicked.connect(self._swap)
        self.template.activated.connect(self._take_template)
        for box in (self.width_box, self.height_box):
            box.valueChanged.connect(self._match)
        self.preset.setFocus()
        self.show_size(_remembered() or (512, 512))

    @property
    def size_chosen(self) -> Size:
        """(height, width)."""
        return self.height_box.value(), self.width_box.value()

    @property
    def like(self) -> bool:
        """Whether it begins with the layers of the open document."""
        return self.template.currentIndex() == 1

    def show_size(self, size: Size) -> None:
        """Propose (height, width)."""
        self.height_box.setValue(size[0])
        self.width_box.setValue(size[1])
        self._match()

    def show_open(self, size: Size) -> None:
        """A document of this size is open; one like it has that, unless another is chosen."""
        self._open = size
        if QSettings().value(LIKE) == "yes":
            self.template.setCurrentIndex(1)
            self.show_size(size)

    def remember(self) -> None:
        """Propose the same the next time."""
        height, width = self.size_chosen
        QSettings().setValue(SIZE, f"{width} {height}")
        QSettings().setValue(LIKE, "yes" if self.like else "no")

    def _take_preset(self, place: int) -> None:
        chosen = self.preset.itemData(place)
        if chosen is None:
            self.width_box.setFocus()
            self.width_box.selectAll()
        else:
            self.show_size((chosen[1], chosen[0]))

    def _take_template(self, place: int) -> None:
        if place == 1 and self._open is not None:
            self.show_size(self._open)

    def _swap(self) -> None:
        height, width = self.size_chosen
        self.show_size((width, height))

    def _match(self) -> None:
        """Show the preset that these sides are."""
        sides = self.width_box.value(), self.height_box.value()
        every = [self.preset.itemData(place) for place in range(self.preset.count() - 1)]
        place = next((n for n, known in enumerate(every) if tuple(known) == sides), len(every))
        self.preset.setCurrentIndex(place)

    def _box(self) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(SMALLEST, MOST_SIDE)
        box.setSuffix(self.tr(" px"))
        return box


def _remembered() -> Size | None:
    """The (height, width) of the last time; None where there was none."""
    words = str(QSettings().value(SIZE, "")).split()
    if len(words) != 2 or not all(word.isascii() and word.isdecimal() for word in words):
        return None
    width, height = (int(word[:6]) for word in words)
    fits = all(SMALLEST <= side <= MOST_SIDE for side in (width, height))
    return (height, width) if fits else None
