"""Converting a folder or a video: asked for, and how it goes."""

from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engines.errors import UserError
from studio.models.convert import LIVE, Conversions, Round
from studio.models.library import Entry
from studio.models.session import Session
from studio.views.convert_all import Rounds
from studio.views.convert_asking import Asking
from studio.views.words import span_text

RUNNING = ("working", "resting")  # and could be paused


class Going(QWidget):
    """How one conversion goes, and what can be done about it."""

    def __init__(self, conversions: Conversions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.conversions = conversions
        self.round: Round | None = None
        self.title = QLabel(self)
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setAccessibleName(self.tr("Conversion"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(self.tr("Progress of the conversion"))
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setAccessibleName(self.tr("State of the conversion"))
        self.faults = QPlainTextEdit(self)
        self.faults.setReadOnly(True)
        self.faults.setMaximumHeight(160)
        self.faults.setAccessibleName(self.tr("What could not be converted"))
        self.faults.setToolTip(self.tr("The rest is done"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        for widget in (self.title, self.bar, self.told, self.faults):
            column.addWidget(widget)
        column.addStretch(1)

    def show_round(self, each: Round) -> None:
        """Show how it stands."""
        news = self.round is not each
        self.round = each
        state = each.state
        self.title.setText(self.tr("{0} into {1}").format(each.title, each.out))
        self.bar.setValue(round(state.share * 1000))
        self.bar.setVisible(each.status != "waiting")
        self.told.setText(self._words(each))
        self.told.setObjectName("danger" if each.status == "failed" else "muted")
        self.told.style().polish(self.told)
        over = each.status not in (*LIVE, "waiting")
        if news or over:
            told = self.conversions.faults(each) if over else []
            self.faults.setPlainText("\n".join(told))
            self.faults.setVisible(bool(told))

    def _words(self, each: Round) -> str:
        state, status = each.state, each.status
        if status == "waiting":
            return self._turn(each)
        if status == "done":
            return self.tr("{0} of {1} are in {2}.").format(state.done, state.total, each.out)
        if status == "failed":
            return state.sentence
        if status == "unfinished":
            return self.tr("It was broken off; what is done is kept, and it can go on.")
        if not state.total:
            return self.tr("Looking what there is …")
        counted = self.tr("{0} of {1}").format(state.done + state.failed, state.total)
        words = [counted, state.name]
        if status == "paused":
            words.append(self.tr("paused"))
        elif status == "resting":
            words.append(self.tr("resting while you paint"))
        elif state.left is not None:
            words.append(self.tr("{0} left").format(span_text(state.left)))
        return " · ".join(word for word in words if word)

    def _turn(self, each: Round) -> str:
        queue = self.conversions.queue
        before = queue[queue.index(each) - 1 :][:1] if each in queue[1:] else self.conversions.live
        if not before:
            return self.tr("It waits, and begins in a moment.")
        text = self.tr("It waits, and begins by itself when {0} has ended, the studio closed too.")
        return text.format(before[0].title)


class ConvertDialog(QDialog):
    """Asks, or shows a conversion; it stands beside the window: painting goes on, and closing it
    ends nothing.
    """

    def __init__(
        self,
        conversions: Conversions,
        session: Session,
        source: Path | None = None,
        entry: Entry | None = None,
        shown: Round | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.conversions, self.session = conversions, session
        self.setWindowTitle(self.tr("Convert a folder or video"))
        self.setMinimumWidth(540)
        self.setAcceptDrops(True)
        self.asking = Asking(session, source, entry)
        self.going = Going(conversions, self)
        self.start = self._button(self.tr("Convert"), self.tr("Begin to convert"))
        self.start.setAutoDefault(True)
        self.start.setDefault(True)
        self.pause = self._button(self.tr("Pause"), self.tr("Pause, or go on, with all kept"))
        self.cancel = self._button(
            self.tr("Cancel"), self.tr("End it for good; what is finished stays")
        )
        self.other = self._button(self.tr("Another …"), self.tr("Convert something else as well"))
        self.shut = self._button(self.tr("Close"), self.tr("Close this; a conversion goes on"))
        self.all = Rounds(conversions, self)
        buttons = QHBoxLayout()
        buttons.addWidget(self.other)
        buttons.addStretch(1)
        for button in (self.cancel, self.pause, self.shut, self.start):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addWidget(self.asking)
        column.addWidget(self.going)
        column.addWidget(self.all)
        column.addLayout(buttons)
        self.start.clicked.connect(self._start)
        self.pause.clicked.connect(self._pause)
        self.cancel.clicked.connect(self._cancel)
        self.other.clicked.connect(lambda: self._show(None))
        self.shut.clicked.connect(self.close)
        self.all.chosen.connect(self._show)
        conversions.changed.connect(self._changed)
        conversions.ended.connect(self._changed)
        conversions.listed.connect(self._listed)
        self._show(shown)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        return button

    @property
    def round(self) -> Round | None:
        """The conversion that is shown, None while it is asked for one."""
        return self.going.round if self.going.isVisibleTo(self) else None

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self.adjustSize()  # Only now it is known how lines break.

    def _show(self, each: Round | None) -> None:
        asks = each is None
        self.asking.setVisible(asks)
        self.going.setVisible(not asks)
        for button in (self.pause, self.cancel, self.other):
            button.setVisible(not asks)
        self.start.setVisible(asks)
        if each is not None:
            self.going.show_round(each)
            over = each.status == "done"
            self.pause.setText(self._word(each))
            self.pause.setVisible(not over or bool(each.state.failed))
            self.cancel.setVisible(not over)
        self._refresh(each)
        self.adjustSize()

    def _refresh(self, each: Round | None) -> None:
        """Show the others, and whether one more would wait for them."""
        self.all.refresh(each)
        waits = bool(self.conversions.live or self.conversions.queue)
        self.start.setText(self.tr("Add to the queue") if waits else self.tr("Convert"))

    def _word(self, each: Round) -> str:
        """What can be done about it."""
        if each.status == "waiting":
            return self.tr("Start now")
        if each.status in RUNNING:
            return self.tr("Pause")
        return self.tr("Try again") if each.status == "done" else self.tr("Go on")

    def _changed(self, each: Round) -> None:
        if self.round is each:
            self._show(each)
        else:
            self._listed()

    def _listed(self) -> None:
        """Others came, went, or moved on; what is shown may have been taken out."""
        shown = self.round
        if shown is not None and shown not in self.conversions.rounds:
            rest = [*self.conversions.live, *self.conversions.queue]
            self._show(rest[0] if rest else None)
        elif shown is not None:
            self._show(shown)
        else:
            self._refresh(None)

    def _start(self) -> None:
        try:
            plan = self.asking.plan()
            each = self.conversions.start(plan)
        except UserError as error:
            self.asking.say(str(error), bad=True)
            return
        QSettings().setValue("places/converted", str(plan.out.parent))
        self._show(each)
        self.pause.setFocus(Qt.FocusReason.OtherFocusReason)

    def _pause(self) -> None:
        each = self.round
        if each is None:
            return
        if each.status == "waiting":
            self.conversions.start_now(each)
        elif each.status in RUNNING:
            self.conversions.pause(each)
        else:
            self.conversions.resume(each)

    def _cancel(self) -> None:
        each = self.round
        if each is not None:
            self.conversions.cancel(each)
            self.close()
