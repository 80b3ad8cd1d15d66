"""What was found in a coloured picture: classes to be named, and a layout to take or leave."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engines.data.spec import PaletteClass
from engines.errors import UserError
from engines.ports import Size
from studio.lanes.reader import Reader
from studio.models.coloured import Coloured, read_coloured
from studio.models.palette import Palette
from studio.views import dialogs
from studio.views.chips import CHIP, chip, share_text

Say = Callable[[str], object]


def import_picture(palette: Palette, parent: QWidget, complain: Say, tell: Say) -> None:
    """Ask for a coloured picture and take its classes, and its layout; a large one may take long,
    and nobody waits for it.
    """
    path = dialogs.ask_picture(parent, parent.tr("a layout in colours"))
    if path is None:
        return
    reader = Reader(parent)
    wait = parent.tr("Reading {0} …")
    reader.waits.connect(lambda name: name and tell(wait.format(name)))
    reader.problem.connect(complain)

    def then(found: Coloured | str) -> None:
        if isinstance(found, str):
            complain(found)
        else:
            _offer(palette, found, path.name, parent, complain, tell)
        reader.deleteLater()

    reader.read(partial(_look, path, palette.scene.palette), then, path.name)


def _look(path: Path, known: tuple[PaletteClass, ...]) -> Coloured | str:
    """What is in a picture, or the sentence that says why nothing is; on any thread."""
    try:
        return read_coloured(path, known)
    except UserError as error:
        return str(error)


def _offer(
    palette: Palette, found: Coloured, name: str, parent: QWidget, complain: Say, tell: Say
) -> None:
    dialog = ColouredDialog(found, name, palette.session.document.size, parent)
    try:
        if dialog.exec():
            palette.take_coloured(dialog.found, dialog.layout_wanted, dialog.exact)
            tell(parent.tr("The classes of {0} are taken.").format(name))
        else:
            tell(parent.tr("Nothing of {0} was taken.").format(name))
    except UserError as error:
        complain(str(error))
    finally:
        dialog.deleteLater()


class ColouredDialog(QDialog):
    """Shows the classes of a picture; `found` has the names that were given."""

    def __init__(
        self, found: Coloured, name: str, size: Size, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._found = found
        self._items: list[QTableWidgetItem] = []
        self.setWindowTitle(self.tr("Classes of {0}").format(name))
        self.resize(460, 460)
        self.table = QTableWidget(len(found.classes), 2, self)
        self.table.setAccessibleName(self.tr("Classes found"))
        self.table.setHorizontalHeaderLabels([self.tr("Name"), self.tr("Covers")])
        self.table.verticalHeader().hide()
        self.table.setTabKeyNavigation(False)  # Tab walks on to what comes after it.
        self.table.setIconSize(CHIP)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for row, (entry, share) in enumerate(zip(found.classes, found.shares, strict=True)):
            item = QTableWidgetItem(chip(row, entry.color), entry.name)
            item.setToolTip(entry.color)
            self.table.setItem(row, 0, item)
            self._items.append(item)
            covers = QTableWidgetItem(share_text(share))
            covers.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.table.setItem(row, 1, covers)
        self.told = QLabel(self._summary(found), self)
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("What was found"))
        self._layout = QCheckBox(self.tr("Take the &layout as well as the classes"), self)
        self._layout.setChecked(True)
        if found.ids.shape != size:
            self._layout.setText(self.tr("Open its &layout as a new document as well"))
        self._exact = QCheckBox(self.tr("Leave pixels of &other colours unpainted"), self)
        self._exact.setVisible(found.strays > 0)
        self._layout.toggled.connect(self._exact.setEnabled)
        buttons = QDialogButtonBox(self)
        buttons.addButton(self.tr("&Take them"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.told)
        column.addWidget(self.table, 1)
        column.addWidget(self._layout)
        column.addWidget(self._exact)
        column.addWidget(buttons)

    @property
    def found(self) -> Coloured:
        """What was found, under the names that were given."""
        return self._found.named(self._names)

    @property
    def layout_wanted(self) -> bool:
        """Whether the layout is wanted, not only its classes."""
        return self._layout.isChecked()

    @property
    def exact(self) -> bool:
        """Whether pixels of other colours are to be left unpainted."""
        return self._exact.isChecked()

    @property
    def _names(self) -> list[str]:
        return [" ".join(item.text().split()) for item in self._items]

    def _accept(self) -> None:
        """Take them unless two have one name, which would make them one class."""
        names = self._names
        if "" in names or len({name.casefold() for name in names}) < len(names):
            self.told.setText(self.tr("Every class needs a name of its own; change one."))
            return
        self.accept()

    def _summary(self, found: Coloured) -> str:
        text = self.tr("{0} colours fill areas and are classes; double-click to name them.")
        text = text.format(len(found.classes))
        if found.strays:
            share = share_text(found.strays / found.ids.size)
            strays = f"{found.strays:,}".replace(",", " ")
            text += "\n" + self.tr(
                "Warning: {0} pixels ({1}) have other colours and take the nearest class."
            ).format(strays, share)
        return text
