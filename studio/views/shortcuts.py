"""The keys of all commands, to be changed: search, record, see and settle conflicts."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.models.finder import Findable, score
from studio.models.shortcuts import RESERVED, canonical
from studio.views import dialogs, theme
from studio.views.actions import Actions, Command

NAME = Qt.ItemDataRole.UserRole


class ShortcutsDialog(QDialog):
    """Lists every command by its menu. What is changed holds at once and is kept."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.commands, self.shortcuts = actions, actions.shortcuts
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(640, 620)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._groups: dict[str, QTreeWidgetItem] = {}
        self._adding = False
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search for a command, or for keys such as Ctrl+K"))
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget(self)
        self.tree.setAccessibleName(self.tr("Commands"))
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.tree.setColumnWidth(0, 380)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("What the keys do"))
        self.edit = QKeySequenceEdit(self)
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName(self.tr("Press the new keys"))
        self.set_button = self._button(self.tr("&Change …"), lambda: self._record(False))
        self.add_button = self._button(self.tr("&Add another …"), lambda: self._record(True))
        self.clear_button = self._button(self.tr("&No keys"), lambda: self._give(()))
        self.reset_button = self._button(self.tr("&Reset"), self._reset)
        self.take_button = self._button(self.tr("&Take them"), self._take)
        self.leave_button = self._button(self.tr("&Leave them there"), self._stop)
        row = QHBoxLayout()
        for widget in (self.set_button, self.add_button, self.clear_button, self.reset_button):
            row.addWidget(widget)
        row.addStretch(1)
        recording = QHBoxLayout()
        recording.addWidget(self.edit, 1)
        recording.addWidget(self.take_button)
        recording.addWidget(self.leave_button)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addWidget(self.told)
        column.addLayout(recording)
        column.addLayout(self._bottom())
        self.search.textChanged.connect(lambda text: self._filter())
        self.tree.currentItemChanged.connect(lambda now, before: self._stop())
        self.tree.itemActivated.connect(lambda item, place: self._record(False))
        self.edit.keySequenceChanged.connect(self._recorded)
        self.shortcuts.changed.connect(self._show)
        self._fill()

    # The list -----------------------------------------------------------------------------------

    def _fill(self) -> None:
        groups = self._groups
        for title in (*self.commands.menus(), self.tr("Others")):
            groups[title] = QTreeWidgetItem(self.tree, [title])
            groups[title].setFlags(Qt.ItemFlag.ItemIsEnabled)
            groups[title].setFirstColumnSpanned(True)
            font = groups[title].font(0)
            font.setBold(True)
            groups[title].setFont(0, font)
        for name, command in self.commands.commands.items():
            group = command.place[0] if command.place else self.tr("Others")
            text = " › ".join((*command.place[1:], command.title))
            item = QTreeWidgetItem(groups[group], [text])
            item.setData(0, NAME, name)
            self._items[name] = item
            self._show(name)
        self.tree.expandAll()
        self._filter()
        self._stop()

    def _show(self, name: str) -> None:
        item, changed = self._items[name], self.shortcuts.is_changed(name)
        item.setText(1, self._told(self.shortcuts[name]))
        font = item.font(1)
        font.setBold(changed)
        item.setFont(1, font)
        look = theme.current()
        item.setForeground(1, QBrush(QColor(look.accent if changed else look.text)))
        usual = self._told(self.shortcuts.usual(name)) or self.tr("none")
        item.setToolTip(1, self.tr("Usually: {0}").format(usual))

    def _filter(self) -> None:
        text = self.search.text().strip()
        for name, item in self._items.items():
            command = self.commands.commands[name]
            found = Findable(name, command.title, bool, " ".join(command.place), "", command.words)
            keys = {_native(key).casefold() for key in self.shortcuts[name]}
            item.setHidden(not (text.casefold() in keys or score(text, found) > 0.2))
        for group in self._groups.values():
            inner = [i for i in self._items.values() if i.parent() is group]
            group.setHidden(all(item.isHidden() for item in inner))
        self._choose_first()

    def _choose_first(self) -> None:
        current = self.tree.currentItem()
        if current is None or current.isHidden():
            shown = next((item for item in self._items.values() if not item.isHidden()), None)
            if shown is not None:
                self.tree.setCurrentItem(shown)

    @property
    def current(self) -> Command | None:
        """The chosen command."""
        item = self.tree.currentItem()
        name = None if item is None or item.isHidden() else item.data(0, NAME)
        return None if name is None else self.commands.commands[str(name)]

    # Recording ----------------------------------------------------------------------------------

    def _stop(self) -> None:
        """Record nothing; say what the chosen command has."""
        command = self.current
        for button in (self.set_button, self.add_button, self.clear_button, self.reset_button):
            button.setEnabled(command is not None)
        if command is not None:
            self.clear_button.setEnabled(bool(self.shortcuts[command.name]))
            self.reset_button.setEnabled(self.shortcuts.is_changed(command.name))
        self.edit.hide()
        self._offer(False)
        self.told.setText("")

    def _offer(self, on: bool) -> None:
        self.take_button.setVisible(on)
        self.leave_button.setVisible(on)

    def _record(self, adding: bool) -> None:
        command = self.current
        if command is None:
            return
        self._adding = adding
        self._offer(False)
        self.told.setText(self.tr("Press the new keys for “{0}”.").format(command.title))
        self.edit.blockSignals(True)
        self.edit.clear()
        self.edit.blockSignals(False)
        self.edit.show()
        self.edit.setFocus()

    def _recorded(self, sequence: QKeySequence) -> None:
        command = self.current
        if command is None or sequence.isEmpty():
            return
        try:
            key = canonical(sequence.toString(QKeySequence.SequenceFormat.PortableText))
        except ValueError:
            return
        menu = self.commands.menu_opened_by(key)
        if key == "Esc":
            self._stop()
            self.tree.setFocus()
        elif menu:
            text = self.tr("{0} opens the menu {1} and stays with it. Press others.")
            self._again(text.format(_native(key), menu))
        elif key in RESERVED:
            text = self.tr("{0} has a fixed meaning and stays free of commands. Press others.")
            self._again(text.format(_native(key)))
        elif owners := self.shortcuts.owners([key], command.name):
            other = self.commands.commands[owners[key]].title
            text = self.tr("{0} belongs to “{1}”. Take it away there?").format(_native(key), other)
            self.told.setText(text)
            self._offer(True)
            self.take_button.setFocus()
        else:
            self._take()

    def _again(self, text: str) -> None:
        self._record(self._adding)
        self.told.setText(text)

    def _take(self) -> None:
        """The recorded keys are the command's, and no other's."""
        command, sequence = self.current, self.edit.keySequence()
        if command is None or sequence.isEmpty():
            return
        key = canonical(sequence.toString(QKeySequence.SequenceFormat.PortableText))
        self._give((*self.shortcuts[command.name], key) if self._adding else (key,))

    def _give(self, keys: tuple[str, ...]) -> None:
        command = self.current
        if command is None:
            return
        self.shortcuts.give(command.name, keys)
        self._stop()
        self.tree.setFocus()
        shown = self._told(keys)
        if keys:
            self.told.setText(self.tr("“{0}” has {1} now.").format(command.title, shown))
        else:
            self.told.setText(self.tr("“{0}” has no keys now.").format(command.title))

    # All of them --------------------------------------------------------------------------------

    def _reset(self) -> None:
        command = self.current
        if command is None:
            return
        usual = self.shortcuts.usual(command.name)
        losing = self.shortcuts.owners(usual, command.name)
        titles = [self.commands.commands[name].title for name in losing.values()]
        self._give(usual)
        if titles:
            text = self.tr("“{0}” has its usual keys again; they were taken from {1}.")
            self.told.setText(text.format(command.title, ", ".join(f"“{t}”" for t in titles)))

    def _reset_all(self) -> None:
        if dialogs.ask_sure(
            self,
            self.tr("Give every command its usual keys?"),
            self.tr("What you chose is lost unless you exported it."),
            self.tr("Reset all"),
        ):
            self.shortcuts.reset_all()
            self._stop()

    def _import(self) -> None:
        kinds = self.tr("Shortcuts (*.json)")
        path = dialogs.ask_open(self, self.tr("Import shortcuts"), kinds, "shortcuts")
        if path is None:
            return
        try:
            unknown = self.shortcuts.load(path)
        except UserError as error:
            self.told.setText(str(error))
            return
        self._stop()
        text = self.tr("The shortcuts of {0} hold now.").format(path.name)
        if unknown:
            text += " " + self.tr("Left out, as no command is called so: {0}.").format(unknown)
        self.told.setText(text)

    def _export(self) -> None:
        kinds, name = self.tr("Shortcuts (*.json)"), "pentimento-shortcuts.json"
        path = dialogs.ask_save(self, self.tr("Export shortcuts"), kinds, "shortcuts", name)
        if path is None:
            return
        try:
            self.shortcuts.save(path)
            self.told.setText(self.tr("{0} is written.").format(path.name))
        except UserError as error:
            self.told.setText(str(error))

    def _bottom(self) -> QHBoxLayout:
        row = QHBoxLayout()
        more = QPushButton(self.tr("&More"), self)
        menu = QMenu(more)
        menu.addAction(self.tr("&Import …"), self._import)
        menu.addAction(self.tr("&Export …"), self._export)
        menu.addSeparator()
        menu.addAction(self.tr("&Reset all …"), self._reset_all)
        more.setMenu(menu)
        more.setAutoDefault(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.accept)
        for button in buttons.buttons():  # Enter in the search must not close the dialog.
            assert isinstance(button, QPushButton)
            button.setAutoDefault(False)
            button.setDefault(False)
        row.addWidget(more)
        row.addStretch(1)
        row.addWidget(buttons)
        return row

    def _told(self, keys: tuple[str, ...]) -> str:
        return self.tr(" or ").join(_native(key) for key in keys)

    def _button(self, text: str, do: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAccessibleName(text.replace("&", "").rstrip(" …"))
        button.setAutoDefault(False)
        button.clicked.connect(do)
        return button


def change_shortcuts(window: QWidget, actions: Actions) -> None:
    """Open the dialog over a window."""
    dialog = ShortcutsDialog(actions, window)
    dialog.exec()
    dialog.deleteLater()


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
