"""All conversions that are known: what is at work, and what waits, in its order."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.models.convert import LIVE, Conversions, Round
from studio.views.waitinglist import Row, WaitingList, Words


class Rounds(QWidget):
    """Hidden while there is only the one that is shown anyway. `chosen` with one to be shown."""

    chosen = Signal(object)  # Round

    def __init__(self, conversions: Conversions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conversions = conversions
        words = Words(
            name=self.tr("Conversions"),
            up=self.tr("Convert it earlier"),
            down=self.tr("Convert it later"),
            now=self.tr("Start it now, beside what is converted"),
            remove=self.tr("Take it out of the queue"),
        )
        self.title = QLabel(self)
        self.title.setObjectName("muted")
        self.list = WaitingList(words, self)
        self.title.setBuddy(self.list.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.list)
        self.list.chosen.connect(lambda key: self.chosen.emit(self._of(key)))
        self.list.moved.connect(lambda key, by: conversions.move(self._of(key), by))
        self.list.arranged.connect(self._arrange)
        self.list.started.connect(lambda key: conversions.start_now(self._of(key)))
        self.list.removed.connect(lambda key: conversions.cancel(self._of(key)))

    def refresh(self, shown: Round | None) -> None:
        """Show what is known, and choose what is shown."""
        queue = self.conversions.queue
        others = [each for each in self.conversions.rounds if each not in queue]
        live = [each for each in others if each.status in LIVE]
        rounds = [*live, *queue, *(each for each in others if each not in live)]
        self.setVisible(len(rounds) > 1 or rounds not in ([], [shown]))
        self.title.setText(self.tr("In the queue: {0}").format(len(queue)))
        self.title.setVisible(bool(queue))
        self.list.fill([self._row(each) for each in rounds], None if shown is None else _key(shown))

    def _row(self, each: Round) -> Row:
        known = {
            "working": self.tr("{0} %").format(round(each.state.share * 100)),
            "paused": self.tr("paused"),
            "resting": self.tr("resting while you paint"),
            "waiting": self.tr("waits"),
            "done": self.tr("done"),
            "failed": self.tr("ended with a fault"),
            "unfinished": self.tr("broken off"),
        }
        faults = self.tr("{0} not converted").format(each.state.failed) if each.state.failed else ""
        text = " · ".join(word for word in (each.title, known[each.status], faults) if word)
        more = self.tr("{0} into {1}").format(each.source, each.out)
        return Row(_key(each), text, more, each.status == "waiting")

    def _arrange(self, keys: list[str]) -> None:
        self.conversions.arrange([self._of(key) for key in keys])

    def _of(self, key: str) -> Round:
        return next(each for each in self.conversions.rounds if _key(each) == key)


def _key(each: Round) -> str:
    return str(each.job.home)
