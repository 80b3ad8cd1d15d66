"""The queue beside the list of trainings: what waits, and in which order it will be done."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engines.waiting import Waiting
from studio.models.training import Training
from studio.views.control import tool
from studio.views.icons import icon
from studio.views.waitinglist import Row, WaitingList, Words
from studio.views.wizard.parts import heading, muted
from studio.views.words import preset_title


class QueueView(QWidget):
    """Hidden while nothing waits. `change` with what waits and is to be changed."""

    change = Signal(object)

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training, self.queue = training, training.queue
        self.setAccessibleName(self.tr("Queue of trainings"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.title = heading("", self)
        self.hold = tool(self, "pause", self.tr("Hold the queue"))
        self.hold.setCheckable(True)
        self.hold.toggled.connect(self._hold)
        self.told = muted(self)
        self.list = self._make_list()
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.hold)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.told)
        column.addWidget(self.list)
        self.queue.changed.connect(self.refresh)
        training.listed.connect(self._tell)
        self.refresh()

    def _make_list(self) -> WaitingList:
        words = Words(
            name=self.tr("Trainings that wait"),
            up=self.tr("Train it earlier"),
            down=self.tr("Train it later"),
            now=self.tr("Start it now, beside what trains"),
            edit=self.tr("Change what waits …"),
            remove=self.tr("Take it out of the queue"),
        )
        made = WaitingList(words, self)
        made.moved.connect(self.queue.move)
        made.arranged.connect(self.queue.arrange)
        made.started.connect(self.queue.start_now)
        made.removed.connect(self.queue.remove)
        made.opened.connect(self._change)
        return made

    def refresh(self) -> None:
        """Show what waits."""
        waiting = self.queue.waiting
        self.setVisible(bool(waiting))
        self.list.fill([Row(entry.key, self._words(entry)) for entry in waiting])
        self.title.setText(self.tr("In the queue: {0}").format(len(waiting)))
        self.hold.blockSignals(True)
        self.hold.setChecked(self.queue.held)
        self.hold.blockSignals(False)
        self._tell()

    def _words(self, entry: Waiting) -> str:
        preset = preset_title(entry.order.preset) if entry.order.preset else ""
        return " · ".join(word for word in (entry.order.title, preset) if word)

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

    def _change(self, key: str) -> None:
        for entry in self.queue.waiting:
            if entry.key == key:
                self.change.emit(entry)

    def _hold(self, on: bool) -> None:
        self.queue.hold(on)
        if not on:
            self.queue.look()
