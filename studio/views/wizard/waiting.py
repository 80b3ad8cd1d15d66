"""The queue beside the list of trainings: what waits, and in which order it will be done."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engines.waiting import Waiting
from studio.models.training import Training
from studio.views.control import tool
from studio.views.icons import icon
from studio.views.wizard.parts import heading, muted
from studio.views.words import preset_title

MOST_SEEN = 4  # rows before it scrolls


class QueueView(QWidget):
    """Hidden while nothing waits. `change` with what waits and is to be changed."""

    change = Signal(object)

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training, self.queue = training, training.queue
        self.setAccessibleName(self.tr("Queue of trainings"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._filling = False
        self.title = heading("", self)
        self.hold = tool(self, "pause", self.tr("Hold the queue"))
        self.hold.setCheckable(True)
        self.hold.toggled.connect(self._hold)
        self.told = muted(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Trainings that wait"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        # After the move has ended: the list is filled anew then.
        self.list.model().rowsMoved.connect(self._dragged, Qt.ConnectionType.QueuedConnection)
        self.list.currentRowChanged.connect(lambda row: self._offer())
        self.list.itemActivated.connect(lambda item: self._change())
        self._make_buttons()
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.hold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.told)
        column.addWidget(self.list)
        column.addLayout(self._buttons)
        self.queue.changed.connect(self.refresh)
        training.listed.connect(self._tell)
        self.refresh()

    def _make_buttons(self) -> None:
        self.up = tool(self, "chevron-up", self.tr("Train it earlier"))
        self.down = tool(self, "chevron-down", self.tr("Train it later"))
        self.now = tool(self, "play", self.tr("Start it now, beside what trains"))
        self.edit = tool(self, "settings", self.tr("Change what waits …"))
        self.remove = tool(self, "trash", self.tr("Take it out of the queue"))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2)
        for button in (self.up, self.down, self.now, self.edit, self.remove):
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.now.clicked.connect(lambda: self._with(self.queue.start_now))
        self.edit.clicked.connect(self._change)
        self.remove.clicked.connect(lambda: self._with(self.queue.remove))
        for keys, do in (
            ("Alt+Up", lambda: self._move(-1)),
            ("Alt+Down", lambda: self._move(1)),
            ("Delete", lambda: self._with(self.queue.remove)),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(do)

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what waits."""
        waiting = self.queue.waiting
        self.setVisible(bool(waiting))
        chosen = self._entry()
        self._filling = True
        self.list.clear()
        for entry in waiting:
            item = QListWidgetItem(self.list)
            words = " · ".join(w for w in (entry.order.title, self._words(entry)) if w)
            item.setText(words)
            item.setToolTip(words)
            item.setData(Qt.ItemDataRole.UserRole, entry.key)
        keys = [entry.key for entry in waiting]
        self.list.setCurrentRow(keys.index(chosen.key) if chosen and chosen.key in keys else 0)
        row = self.list.sizeHintForRow(0) if waiting else 0
        self.list.setFixedHeight(min(MOST_SEEN, max(1, len(waiting))) * row + 10)
        self._filling = False
        self.title.setText(self.tr("In the queue: {0}").format(len(waiting)))
        self.hold.blockSignals(True)
        self.hold.setChecked(self.queue.held)
        self.hold.blockSignals(False)
        self._tell()
        self._offer()

    def _words(self, entry: Waiting) -> str:
        return preset_title(entry.order.preset) if entry.order.preset else ""

    def _tell(self) -> None:
        if self.queue.held:
            self.told.setText(self.tr("Held: none starts by itself."))
        else:
            self.told.setText(
                self.tr("The next one starts when nothing trains, with the studio closed too.")
            )
        name = self.tr("Let the queue go on") if self.queue.held else self.tr("Hold the queue")
        self.hold.setAccessibleName(name)
        self.hold.setToolTip(name)
        self.hold.setIcon(icon("play" if self.queue.held else "pause"))

    def _offer(self) -> None:
        """Enable what makes sense for the chosen one."""
        row, count = self.list.currentRow(), self.list.count()
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < count - 1)
        for button in (self.now, self.edit, self.remove):
            button.setEnabled(row >= 0)

    # Doing ------------------------------------------------------------------------------------

    def _entry(self) -> Waiting | None:
        item = self.list.currentItem()
        if item is None:
            return None
        key = item.data(Qt.ItemDataRole.UserRole)
        return next((entry for entry in self.queue.waiting if entry.key == key), None)

    def _with(self, do: Callable[[str], None]) -> None:
        if (entry := self._entry()) is not None:
            do(entry.key)

    def _move(self, by: int) -> None:
        if (entry := self._entry()) is not None:
            self.queue.move(entry.key, by)

    def _change(self) -> None:
        if (entry := self._entry()) is not None:
            self.change.emit(entry)

    def _hold(self, on: bool) -> None:
        self.queue.hold(on)
        if not on:
            self.queue.look()

    def _dragged(self) -> None:
        """Take over the order that the list was dragged into."""
        if not self._filling:
            items = [self.list.item(row) for row in range(self.list.count())]
            self.queue.arrange([item.data(Qt.ItemDataRole.UserRole) for item in items])
