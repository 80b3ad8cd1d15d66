"""The wizard "Train your own": from a folder of pictures to a training, or to its place in line."""

from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engines.orders import Order
from studio.lanes.work import WorkLane
from studio.models.forecast import Forecast
from studio.models.plan import Plan
from studio.models.training import Training
from studio.models.wizard import STEPS, Step, Wizard
from studio.views.wizard.cards import Card, Cards
from studio.views.wizard.contents import ContentsPage
from studio.views.wizard.effort import EffortPage
from studio.views.wizard.learning import LearningPage
from studio.views.wizard.naming import NamingPage
from studio.views.wizard.parts import Page, plain
from studio.views.wizard.pictures import PicturesPage
from studio.views.words import kind_text, preset_title

STEPS_WIDE = 212  # logical pixels


class TrainingDialog(QDialog):
    """Assembles a `Plan` page by page; `accepted` after its order was started or waits."""

    def __init__(self, training: Training, work: WorkLane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training = training
        self.plan = Plan(work, self)
        self.wizard = Wizard(self.plan, self)
        self.forecast = Forecast(self)
        self._key = ""  # of what waits and is being changed
        self.setWindowTitle(self.tr("Train your own"))
        self.setAcceptDrops(True)
        self.steps = Cards(self.tr("Steps"), self)
        self.steps.setFixedWidth(STEPS_WIDE)
        self.steps.setFrameShape(QFrame.Shape.NoFrame)
        self.steps.setObjectName("steps")
        self.steps.chosen.connect(self._go)
        self.pictures = PicturesPage(self.plan, self)
        self.contents = ContentsPage(self.plan, work, self)
        self.learning = LearningPage(self.plan, self)
        self.effort = EffortPage(self.plan, training, self.forecast, self)
        self.naming = NamingPage(self.plan, self.forecast, self)
        self.pages: dict[Step, Page] = {
            "pictures": self.pictures,
            "contents": self.contents,
            "learning": self.learning,
            "effort": self.effort,
            "naming": self.naming,
        }
        self.stack = QStackedWidget(self)
        for page in self.pages.values():
            self.stack.addWidget(page)
        self._lay_out()
        self.plan.changed.connect(self.refresh)
        self.wizard.moved.connect(self._moved)
        self.forecast.changed.connect(self._forecast_came)
        training.queue.changed.connect(self.refresh)
        self.setMinimumSize(880, 520)  # narrower, names of classes are cut
        self.resize(980, 640)
        self.refresh()
        self.pictures.folder.setFocus()

    def _lay_out(self) -> None:
        side = QVBoxLayout()
        side.setContentsMargins(0, 8, 0, 0)
        side.addWidget(self.steps)
        side.addStretch(1)
        above = QHBoxLayout()
        above.addLayout(side)
        above.addWidget(self.stack, 1)
        whole = QVBoxLayout(self)
        whole.addLayout(above, 1)
        whole.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        self.reason = plain(self)
        self.close_ = self._button(self.tr("Cancel"), self.reject)
        self.back = self._button(self.tr("Back"), self.wizard.back)
        self.next = self._button(self.tr("Next"), self.wizard.next)
        self.queue = self._button(self.tr("Add to the queue"), self._enqueue)
        self.start = self._button(self.tr("Start training"), self._start)
        foot = QHBoxLayout()
        foot.addWidget(self.reason, 1)
        for button in (self.close_, self.back, self.next, self.queue, self.start):
            foot.addWidget(button)
        for keys, do in (("Alt+Left", self.wizard.back), ("Alt+Right", self.wizard.next)):
            QShortcut(QKeySequence(keys), self).activated.connect(do)
        return foot

    def _button(self, text: str, do: object) -> QPushButton:
        made = QPushButton(text, self)
        made.setAccessibleName(text)
        made.setAutoDefault(False)
        made.clicked.connect(do)
        return made

    # Showing ----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the plan as it is."""
        step = self.wizard.step
        self.steps.show_cards([self._card(each) for each in STEPS], step)
        self.stack.setCurrentWidget(self.pages[step])
        self.pages[step].refresh()
        last = self.wizard.last
        reason = self.plan.reason if last else self.wizard.reason(step)
        self.reason.setText(reason)
        self.back.setVisible(not self.wizard.first)
        self.next.setVisible(not last)
        self.next.setEnabled(not reason)
        self.next.setAccessibleDescription(reason)
        busy = self._busy
        self.queue.setVisible(last)
        self.start.setVisible(last)
        changes = bool(self._key)
        self.queue.setText(
            self.tr("Change it in the queue") if changes else self.tr("Add to the queue")
        )
        self.queue.setAccessibleName(self.queue.text())
        for button in (self.queue, self.start):
            button.setEnabled(not reason)
            button.setAccessibleDescription(reason)
        queue_first = last and (busy or changes)
        self.next.setDefault(not last)
        self.queue.setDefault(queue_first)
        self.start.setDefault(last and not queue_first)
        for button in (self.next, self.queue, self.start):  # The style is of what it was made as.
            button.style().unpolish(button)
            button.style().polish(button)
        if step in ("effort", "naming"):
            self.forecast.ask(self.plan.draft())

    @property
    def _busy(self) -> bool:
        """Whether something trains or waits already."""
        return self.training.busy or bool(self.training.queue.waiting)

    def _card(self, step: Step) -> Card:
        titles = {
            "pictures": self.tr("Pictures"),
            "contents": self.tr("What is in them"),
            "learning": self.tr("What it learns"),
            "effort": self.tr("How thoroughly"),
            "naming": self.tr("Name and terms"),
        }
        done = self.wizard.done(step)
        open_ = self.wizard.open(step) and step in self.wizard.seen
        waits = open_ and self.wizard.reason(step) and not self.plan.scanning
        number = str(STEPS.index(step) + 1)
        mark = "check" if done else "warning" if waits and self.plan.data.folder else number
        words = self._words(step) if self.wizard.open(step) else ""
        return Card(step, titles[step], words, mark=mark, enabled=self.wizard.open(step))

    def _words(self, step: Step) -> str:
        """What was said at a step, in few words."""
        plan, report = self.plan, self.plan.data.report
        if step == "pictures":
            return "" if report is None else kind_text(report.kind, report.pictures)
        if step == "contents":
            if report is not None and report.classes:
                return self.tr("{0} classes").format(len(plan.data.learnt_classes))
            if report is not None and report.attributes:
                return self.tr("{0} attributes").format(len(report.attributes))
            return ", ".join(plan.data.sorts)
        if step == "learning":
            return plan.recipe.title if plan.recipe is not None else ""
        if step == "effort":
            return preset_title(plan.preset) if plan.preset else ""
        return plan.title.strip()

    def _moved(self) -> None:
        self.refresh()
        page = self.pages[self.wizard.step]
        page.verticalScrollBar().setValue(0)
        if self.wizard.last:
            self.naming.take_focus()
        elif self.next.isEnabled():
            self.next.setFocus()

    def _forecast_came(self) -> None:
        self.effort.show_memory()
        self.naming.show_memory()

    # Doing ------------------------------------------------------------------------------------

    def _go(self, step: str) -> None:
        for each in STEPS:
            if each == step:
                self.wizard.go(each)

    def choose(self, folder: Path) -> None:
        """Look through this folder."""
        self._go(STEPS[0])
        self.pictures.choose(folder)

    def take(self, order: Order, key: str = "") -> None:
        """Plan the same once more, to be changed; `key` names what waits and is changed itself."""
        self._key = key
        self.setWindowTitle(
            self.tr("Change the training “{0}”").format(order.title)
            if key
            else self.tr("Train “{0}” once more").format(order.title)
        )
        self.plan.take(order)

    def choose_base(self, folder: Path) -> None:
        """Start from this model, as soon as it is known that the pictures do for it."""
        self.setWindowTitle(self.tr("Train a model further"))
        self.plan.wish_base(folder)

    def _start(self) -> None:
        if not self.plan.reason and self.training.start(self.plan.order()) is not None:
            if self._key:
                self.training.queue.remove(self._key)
            self.accept()

    def _enqueue(self) -> None:
        if not self.plan.reason and self.training.queue.add(self.plan.order(), self._key):
            self.training.queue.look()
            self.accept()

    def done(self, result: int) -> None:
        """Closing ends what is being looked for."""
        self.plan.data.cancel()
        self.contents.close_jobs()
        self.forecast.close()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        if (folder := dropped_folder(event)) is not None:
            event.acceptProposedAction()
            self.choose(folder)


def dropped_folder(event: QDropEvent) -> Path | None:
    """The folder that is dropped, or that holds the picture that is."""
    for url in event.mimeData().urls():
        if url.isLocalFile():
            path = Path(url.toLocalFile())
            return path if path.is_dir() else path.parent
    return None
