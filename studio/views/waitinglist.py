"""A list of what waits its turn: moved with buttons, keys or by dragging, and taken out."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.views.control import tool

MOST_SEEN = 4  # rows before it scrolls
KEY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Row:
    """A row of the list; what does not wait can neither be moved nor taken out. `more` is said in
    the tool tip.
    """

    key: str
    text: str
    more: str = ""
    waits: bool = True


@dataclass(frozen=True)
class Words:
    """What the list and its buttons are called; without `edit` there is no such button."""

    name: str
    up: str
    down: str
    now: str
    remove: str
    edit: str = ""


class WaitingList(QWidget):
    """Rows, and what can be done with the chosen one; all signals carry keys."""

    chosen = Signal(str)
    moved = Signal(str, int)
    arranged = Signal(object)  # list[str]
    started = Signal(str)
    opened = Signal(str)
    removed = Signal(str)

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._filling = False
        self.list = QListWidget(self)
        self.list.setAccessibleName(words.name)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        # After the move has ended: the list is filled anew then.
        self.list.model().rowsMoved.connect(self._dragged, Qt.ConnectionType.QueuedConnection)
        self.list.currentRowChanged.connect(lambda row: self._choose())
        self.list.itemActivated.connect(lambda item: self._do(self.opened))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.list)
        column.addLayout(self._make_buttons(words))

    def _make_buttons(self, words: Words) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)

        def button(name: str, label: str) -> QToolButton:
            made = tool(self, name, label)
            row.addWidget(made)
            return made

        self.up, self.down = button("chevron-up", words.up), button("chevron-down", words.down)
        self.now = button("play", words.now)
        if words.edit:
            self.edit = button("settings", words.edit)
            self.edit.clicked.connect(lambda: self._do(self.opened))
        self.remove = button("trash", words.remove)
        row.addStretch(1)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.now.clicked.connect(lambda: self._do(self.started))
        self.remove.clicked.connect(lambda: self._do(self.removed))
        for keys, do in (
            ("Alt+Up", lambda: self._move(-1)),
            ("Alt+Down", lambda: self._move(1)),
            ("Delete", lambda: self._do(self.removed)),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(do)
        return row

    @property
    def row(self) -> Row | None:
        """The chosen one."""
        chosen = [item.data(KEY) for item in self.list.selectedItems()]
        return next((row for row in self._rows if row.key in chosen), None)

    def fill(self, rows: Sequence[Row], choose: str | None = "") -> None:
        """Show these; the one of that key is chosen, else the one that was, else the first. None
        for none.
        """
        key = choose or (self.row.key if self.row is not None else "")
        keys = [row.key for row in rows]
        self._filling = True
        if keys != [self.list.item(n).data(KEY) for n in range(self.list.count())]:
            self.list.clear()
            for each in keys:
                QListWidgetItem(self.list).setData(KEY, each)
        self._rows = tuple(rows)
        for number, row in enumerate(rows):
            item = self.list.item(number)
            item.setText(row.text)
            item.setToolTip(row.more or row.text)
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags | Qt.ItemFlag.ItemIsDragEnabled if row.waits else flags)
        first = -1 if choose is None else 0
        self.list.setCurrentRow(keys.index(key) if choose is not None and key in keys else first)
        high = self.list.sizeHintForRow(0) if rows else 0
        self.list.setFixedHeight(min(MOST_SEEN, max(1, len(rows))) * high + 10)
        self._filling = False
        self._offer()

    def _offer(self) -> None:
        """Enable what makes sense for the chosen one."""
        waits = [row.key for row in self._rows if row.waits]
        key = self.row.key if self.row is not None and self.row.waits else None
        self.up.setEnabled(key is not None and key != waits[0])
        self.down.setEnabled(key is not None and key != waits[-1])
        for button in self.findChildren(QToolButton):
            if button not in (self.up, self.down):
                button.setEnabled(key is not None)

    def _choose(self) -> None:
        self._offer()
        if not self._filling and self.row is not None:
            self.chosen.emit(self.row.key)

    def _do(self, signal: SignalInstance) -> None:
        if self.row is not None and self.row.waits:
            signal.emit(self.row.key)

    def _move(self, by: int) -> None:
        if self.row is not None and self.row.waits:
            self.moved.emit(self.row.key, by)

    def _dragged(self) -> None:
        """Tell the order that the list was dragged into."""
        if not self._filling:
            items = [self.list.item(row) for row in range(self.list.count())]
            waits = {row.key for row in self._rows if row.waits}
            keys = [item.data(KEY) for item in items]
            self.arranged.emit([key for key in keys if key in waits])
