"""The classes of a document: add, name, colour, lock, order and delete them; palettes of one's own.

All holds at once and is undone like painting; what cannot be done is told below the list.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.models.classes import alike
from studio.models.palette import Palette
from studio.models.palettes import write_classes
from studio.views import dialogs
from studio.views.chips import CHIP, chip, share_text
from studio.views.coloured import import_picture
from studio.views.control import worded

NUMBER = Qt.ItemDataRole.UserRole


class PaletteDialog(QDialog):
    """The list of the classes with a form for the chosen one."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.palette_, self.session = palette, palette.session
        self.setWindowTitle(self.tr("Classes and palettes"))
        self.resize(620, 560)
        self._busy = False
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Classes"))
        self.list.setIconSize(CHIP)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("Message"))
        right = QVBoxLayout()
        right.addLayout(self._form())
        right.addSpacing(8)
        for button in self._buttons():
            right.addWidget(button)
        right.addStretch(1)
        middle = QHBoxLayout()
        middle.addWidget(self.list, 3)
        middle.addLayout(right, 2)
        column = QVBoxLayout(self)
        column.addLayout(self._own_palettes())
        column.addLayout(middle, 1)
        column.addWidget(self.told)
        column.addLayout(self._bottom())
        self.list.currentRowChanged.connect(self._show_class)
        self.list.model().rowsMoved.connect(self._dragged)
        palette.shares.count()
        self.session.scene_changed.connect(self.rebuild)
        palette.solo_changed.connect(self.rebuild)
        self.rebuild()
        self.choose(palette.tools.class_id)

    # Putting together ---------------------------------------------------------------------------

    def _own_palettes(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.own = QComboBox(self)
        self.own.setAccessibleName(self.tr("My palettes"))
        label = QLabel(self.tr("My &palettes"), self)
        label.setBuddy(self.own)
        self.wear = self._button(self.tr("&Use"), lambda: self.palette_.wear(self._own))
        self.keep = self._button(self.tr("&Save as …"), self._keep)
        self.forget = self._button(self.tr("Delete pal&ette"), self._forget)
        row.addWidget(label)
        row.addWidget(self.own, 1)
        for button in (self.wear, self.keep, self.forget):
            row.addWidget(button)
        self._fill_own()
        return row

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        self.name = QLineEdit(self)
        self.name.setAccessibleName(self.tr("Name of the class"))
        self.color = QLineEdit(self)
        self.color.setAccessibleName(self.tr("Colour of the class"))
        self.color.setPlaceholderText("#rrggbb")
        self.pick = self._button("…", self._pick_color, self.tr("Choose a colour"))
        colors = QHBoxLayout()
        colors.addWidget(self.color, 1)
        colors.addWidget(self.pick)
        self.locked = QCheckBox(self.tr("&Locked: cannot be painted over"), self)
        self.alone = QCheckBox(self.tr("Show &only this class"), self)
        self.covers = QLabel(self)
        form.addRow(self.tr("&Name"), self.name)
        label = QLabel(self.tr("&Colour"), self)
        label.setBuddy(self.color)
        form.addRow(label, colors)
        form.addRow(self.tr("Covers"), self.covers)
        form.addRow(self.locked)
        form.addRow(self.alone)
        self.name.editingFinished.connect(self._rename)
        self.color.editingFinished.connect(lambda: self._recolor(self.color.text()))
        self.locked.clicked.connect(self._lock)
        self.alone.clicked.connect(self._show_alone)
        return form

    def _buttons(self) -> list[QPushButton]:
        self.earlier = self._button(self.tr("Move &up"), partial(self._move, -1))
        self.later = self._button(self.tr("Move &down"), partial(self._move, 1))
        self.add = self._button(self.tr("&Add a class"), self._add)
        self.delete = self._button(self.tr("De&lete this class …"), self._delete)
        return [self.earlier, self.later, self.add, self.delete]

    def _bottom(self) -> QHBoxLayout:
        row = QHBoxLayout()
        imports = QPushButton(self.tr("&Import"), self)
        menu = QMenu(imports)
        menu.addAction(self.tr("A list of classes, classes.&json …"), self._import_list)
        menu.addAction(self.tr("A coloured &picture …"), self._import_picture)
        imports.setMenu(menu)
        imports.setAutoDefault(False)
        export = self._button(self.tr("E&xport classes.json …"), self._export)
        close = self._button(self.tr("Close"), self.accept)
        row.addWidget(imports)
        row.addWidget(export)
        row.addStretch(1)
        row.addWidget(close)
        return row

    def _button(self, text: str, do: Callable[[], object], name: str = "") -> QPushButton:
        button = QPushButton(text, self)
        button.setAccessibleName(name or text.replace("&", "").rstrip(" …"))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._try(do))
        return button

    # The list -----------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Show the classes as they are now."""
        number, palette = self._number, self.palette_
        self._busy = True
        self.list.clear()
        for place in self.session.shown_classes():
            entry = palette.scene.palette[place]
            share = share_text(palette.shares.share(place))
            marks = [share] if share else []
            marks += [self.tr("locked")] if palette.is_protected(place) else []
            text = worded(entry.name) + (f"   ({', '.join(marks)})" if marks else "")
            item = QListWidgetItem(chip(palette.scene.pattern_of(place), entry.color), text)
            item.setData(NUMBER, place)
            item.setSizeHint(QSize(0, 30))
            self.list.addItem(item)
        self._busy = False
        self.choose(number if number is not None else 0)

    def choose(self, number: int) -> None:
        """Show a class in the form."""
        rows = [self.list.item(row).data(NUMBER) for row in range(self.list.count())]
        row = rows.index(number) if number in rows else min(0, len(rows) - 1)
        self.list.setCurrentRow(row)
        self._show_class(row)

    @property
    def _number(self) -> int | None:
        row = self.list.currentRow()
        return None if row < 0 else int(self.list.item(row).data(NUMBER))

    def _show_class(self, row: int) -> None:
        number = self._number
        if self._busy or number is None or number >= len(self.palette_.scene.palette):
            return
        entry = self.palette_.scene.palette[number]
        self.name.setText(entry.name)
        self.color.setText(entry.color)
        self.covers.setText(share_text(self.palette_.shares.share(number)) or self.tr("nothing"))
        self.locked.setChecked(self.palette_.is_protected(number))
        self.alone.setChecked(self.palette_.solo == number)
        self.earlier.setEnabled(row > 0)
        self.later.setEnabled(row < self.list.count() - 1)
        self.delete.setEnabled(self.list.count() > 1)

    def _try(self, do: Callable[[], object]) -> None:
        """Do it, or say why not."""
        self.told.setText("")
        try:
            do()
        except UserError as error:
            self.told.setText(str(error))

    # One class ----------------------------------------------------------------------------------

    def _rename(self) -> None:
        number = self._number
        if number is None or self.name.text() == self.palette_.scene.palette[number].name:
            return
        self._try(lambda: self.palette_.rename(number, self.name.text()))
        self._show_class(self.list.currentRow())

    def _recolor(self, color: str) -> None:
        number = self._number
        if number is None or color == self.palette_.scene.palette[number].color:
            return
        self._try(lambda: self.palette_.recolor(number, color))
        self.session.settle()
        twins = alike(self.palette_.scene, number)
        if twins and not self.told.text():
            text = self.tr("{0} has the same colour; other programs cannot tell the two apart.")
            self.told.setText(text.format(worded(twins[0])))
        self._show_class(self.list.currentRow())

    def _pick_color(self) -> None:
        title = self.tr("Colour of the class")
        found = QColorDialog.getColor(QColor(self.color.text()), self, title)
        if found.isValid():
            self._recolor(found.name())

    def _lock(self, on: bool) -> None:
        number = self._number
        if number is not None:
            self.palette_.protect(number, on)

    def _show_alone(self, on: bool) -> None:
        self.palette_.show_only(self._number if on else None)

    def _move(self, step: int) -> None:
        number = self._number
        if number is not None:
            self.palette_.move(number, self.list.currentRow() + step)

    def _dragged(self) -> None:
        if not self._busy:
            rows = range(self.list.count())
            self.palette_.reorder([int(self.list.item(row).data(NUMBER)) for row in rows])

    def _add(self) -> None:
        self.choose(self.palette_.add())
        self.name.setFocus()
        self.name.selectAll()

    def _delete(self) -> None:
        number = self._number
        if number is not None:
            delete_class(self.palette_, number, self)

    # Palettes and files -------------------------------------------------------------------------

    @property
    def _own(self) -> str:
        return self.own.currentText()

    def _fill_own(self, name: str = "") -> None:
        names = self.palette_.palettes.names()
        self.own.clear()
        self.own.addItems(names)
        self.own.setCurrentText(name or self.own.currentText())
        for widget in (self.own, self.wear, self.forget):
            widget.setEnabled(bool(names))

    def _keep(self) -> None:
        name, sure = QInputDialog.getText(
            self, self.tr("Save the palette"), self.tr("Name"), text=self._own
        )
        if not sure:
            return
        store = self.palette_.palettes
        if " ".join(name.split()) in store.names() and not dialogs.ask_sure(
            self,
            self.tr("Replace the palette {0}?").format(name),
            self.tr("Its classes are gone then."),
            self.tr("Replace"),
        ):
            return
        self._fill_own(store.save(name, self.palette_.shown))

    def _forget(self) -> None:
        if dialogs.ask_sure(
            self,
            self.tr("Delete the palette {0}?").format(self._own),
            self.tr("Documents keep their classes."),
            self.tr("Delete"),
        ):
            self.palette_.palettes.delete(self._own)
            self._fill_own()

    def _import_list(self) -> None:
        kinds = self.tr("Lists of classes (*.json)")
        path = dialogs.ask_open(self, self.tr("Import classes"), kinds, "classes")
        if path is not None:
            self._try(lambda: self.palette_.read(path))

    def _import_picture(self) -> None:
        self.told.setText("")
        import_picture(self.palette_, self, self.told.setText, self.told.setText)

    def _export(self) -> None:
        kinds, name = self.tr("Lists of classes (*.json)"), "classes.json"
        path = dialogs.ask_save(self, self.tr("Export classes"), kinds, "classes", name)
        if path is not None:
            write_classes(path, self.palette_.shown)
            self.told.setText(self.tr("{0} is written.").format(path.name))


def delete_class(palette: Palette, number: int, parent: QWidget) -> None:
    """Delete a class, having asked what becomes of its pixels where it has any; UserError."""
    palette.shares.count()
    into: int | None = None
    if palette.shares.share(number) > 0:
        others = [n for n in palette.session.shown_classes() if n != number]
        choices = [parent.tr("unpainted"), *(worded(palette.scene.palette[n].name) for n in others)]
        name = worded(palette.scene.palette[number].name)
        question = parent.tr("{0} covers {1} of the layout. Its pixels become").format(
            name, share_text(palette.shares.share(number))
        )
        title = parent.tr("Delete {0}").format(name)
        chosen, sure = QInputDialog.getItem(parent, title, question, choices, 0, False)
        if not sure:
            return
        place = choices.index(chosen)
        into = others[place - 1] if place else None
    palette.delete(number, into)
