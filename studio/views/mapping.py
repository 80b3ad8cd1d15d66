"""Which of the model's classes each class of the document is painted as: a table to change."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.models.mapping import NOTHING, Row, lacking
from studio.models.palette import Palette
from studio.views import theme
from studio.views.chips import CHIP, chip, share_text
from studio.views.control import worded
from studio.views.icons import icon


class MappingHint(QPushButton):
    """Shows itself while the document uses classes that the model does not know by name."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.palette_ = palette
        self.setIcon(icon("warning", "warning"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: show_mapping(palette, self.window()))
        palette.shares.changed.connect(self.refresh)
        palette.session.model_opened.connect(self.refresh)
        palette.session.scene_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say which classes they are, or go."""
        unknown = lacking(self.palette_.mapped_classes)
        self.setVisible(bool(unknown))
        if not unknown:
            return
        if len(unknown) == 1:
            text = self.tr("Unknown to the model: {0}").format(worded(unknown[0].name))
        else:
            text = self.tr("Unknown to the model: {0} classes").format(len(unknown))
        self.setText(text)
        self.setAccessibleName(text)
        said = [_said(self, row) for row in unknown[:12]]
        self.setToolTip("\n".join([*said, self.tr("Click to choose.")]))


class MappingDialog(QDialog):
    """A row for each class in use. What is chosen holds at once, and is undone like all else."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.palette_ = palette
        self.setWindowTitle(self.tr("Classes for the model"))
        self.resize(560, 480)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.table = QTableWidget(0, 3, self)
        self.table.setAccessibleName(self.tr("Classes in use"))
        self.table.setHorizontalHeaderLabels(
            [self.tr("In the document"), self.tr("Covers"), self.tr("The model paints it as")]
        )
        self.table.verticalHeader().hide()
        self.table.setTabKeyNavigation(False)  # Tab walks on to what comes after it.
        self.table.setIconSize(CHIP)
        self.table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # The lists in it have the keyboard.
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(2, 260)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        self.by_name = buttons.addButton(
            self.tr("All by their &names"), QDialogButtonBox.ButtonRole.ResetRole
        )
        self.by_name.setAccessibleName(self.tr("All by their names"))
        self.by_name.clicked.connect(self._reset)
        for button in buttons.buttons():  # Enter in a list of the table must press none of them.
            assert isinstance(button, QPushButton)
            button.setAutoDefault(False)
            button.setDefault(False)
        buttons.rejected.connect(self.accept)
        column = QVBoxLayout(self)
        column.addWidget(self.told)
        column.addWidget(self.table, 1)
        column.addWidget(buttons)
        self._rows: list[Row] = []
        self._choices: list[QComboBox] = []
        palette.shares.count()
        palette.session.scene_changed.connect(self.rebuild)
        self.rebuild()

    def rebuild(self) -> None:
        """Show the table anew where it changed."""
        rows, port = self.palette_.mapped_classes, self.palette_.session.layout_port
        if port is None:
            self.told.setText(self.tr("This model takes no layout, so it needs no classes."))
        elif not rows:
            self.told.setText(self.tr("Nothing is painted yet, so there is nothing to match."))
        elif unknown := lacking(rows):
            text = self.tr(
                "{0} of {1} classes are not among the model's own; the likest stand in for them."
            )
            self.told.setText(text.format(len(unknown), len(rows)))
        else:
            self.told.setText(self.tr("The model knows every class in use."))
        names = port.classes if port else ()
        if [(r.name, r.guess) for r in rows] != [(r.name, r.guess) for r in self._rows]:
            self._fill(rows, names)
        self._rows = rows
        for row, choices in zip(rows, self._choices, strict=True):
            self._show(row, choices, names)
        self.by_name.setEnabled(any(row.chosen for row in rows))

    def _fill(self, rows: list[Row], names: tuple[str, ...]) -> None:
        scene, shares = self.palette_.scene, self.palette_.shares
        self.table.setRowCount(len(rows))
        self._choices = []
        for place, row in enumerate(rows):
            title = QTableWidgetItem(worded(row.name))
            title.setIcon(chip(scene.pattern_of(row.number), scene.palette[row.number].color))
            self.table.setItem(place, 0, title)
            share = QTableWidgetItem(share_text(shares.share(row.number)))
            share.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(place, 1, share)
            self._choices.append(self._offer(row, names))
            self.table.setCellWidget(place, 2, self._choices[-1])
            self.table.setRowHeight(place, 34)

    def _offer(self, row: Row, names: tuple[str, ...]) -> QComboBox:
        choices = QComboBox(self)
        choices.setAccessibleName(self.tr("{0} is painted as").format(worded(row.name)))
        guess = worded(row.guess) if row.guess else self.tr("nothing is like it")
        choices.addItem(self.tr("By its name: {0}").format(guess), None)
        choices.addItem(self.tr("Nothing, the model decides"), NOTHING)
        for known in names:
            choices.addItem(worded(known), known)
        choices.activated.connect(partial(self._chosen, row.name, choices))
        return choices

    def _show(self, row: Row, choices: QComboBox, names: tuple[str, ...]) -> None:
        place = 0
        if row.chosen:
            place = 1 if row.target == NOTHING else 2 + names.index(row.target)
        choices.setCurrentIndex(place)
        unknown, look = bool(lacking([row])), theme.current()
        title = self.table.item(self._choices.index(choices), 0)
        assert title is not None
        title.setForeground(QBrush(QColor(look.warning if unknown else look.text)))
        why = self.tr("The model does not know this class by its name.")
        title.setToolTip(why if unknown else "")

    def _chosen(self, name: str, choices: QComboBox, place: int) -> None:
        self.palette_.map_to(name, choices.itemData(place))

    def _reset(self) -> None:
        for row in self._rows:
            if row.chosen:
                self.palette_.map_to(row.name, None)


def show_mapping(palette: Palette, parent: QWidget) -> None:
    """Open the table over a window."""
    dialog = MappingDialog(palette, parent)
    dialog.exec()
    dialog.deleteLater()


def _said(widget: QWidget, row: Row) -> str:
    if row.target == NOTHING:
        return widget.tr("{0} is left to the model").format(worded(row.name))
    return widget.tr("{0} is painted as {1}").format(worded(row.name), worded(row.target))
