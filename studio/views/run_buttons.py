"""What can be done with a run: each button enabled where it makes sense, else with its reason."""

from pathlib import Path

from PySide6.QtCore import QSize, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QIcon, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from studio.lanes.runs import ENDED, Follow, Status
from studio.models.training import Training
from studio.views.dialogs import ask_sure
from studio.views.icons import icon

COLUMNS = 12  # of the grid, shared by two, three or four buttons
WIDE, ROOMY = 420, 520  # logical pixels that have room for four; with signs


class RunButtons(QWidget):
    """`duplicate_asked` and `tune_asked` carry the run."""

    duplicate_asked = Signal(object)
    tune_asked = Signal(object)

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.training = training
        self.run: Follow | None = None
        self._signs: dict[QPushButton, str] = {}
        make = self._button
        self.pause = make("pause", self.tr("Pause"), self._pause)
        self.keep = make("check", self.tr("Stop and keep"), self._keep)
        self.use = make("model", self.tr("Use model"), self._use)
        self.duplicate = make("duplicate", self.tr("Duplicate …"), self._duplicate)
        self.tune = make("train", self.tr("Fine-tune …"), self._tune)
        self.folder = make("folder", self.tr("Open folder"), self._open)
        self.cancel = make("trash", self.tr("Cancel"), self._cancel)
        self.duplicate.setToolTip(self.tr("Begin the same anew, with changes"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(6)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self._steer = (self.pause, self.keep, self.use)
        self._others = (self.duplicate, self.tune, self.folder, self.cancel)
        self._wide: bool | None = None
        self._arrange(0)

    def _arrange(self, width: int) -> None:
        """What steers it first, in two rows or in five."""
        wide = width >= WIDE
        for button in self._others:  # Words say more than signs where there is room for one.
            button.setIcon(icon(self._signs[button]) if width >= ROOMY else QIcon())
        if wide == self._wide:
            return
        self._wide = wide
        narrow = (*((button,) for button in self._steer), self._others[:2], self._others[2:])
        for number, row in enumerate((self._steer, self._others) if wide else narrow):
            span = COLUMNS // len(row)
            for place, button in enumerate(row):
                self._grid.addWidget(button, number, place * span, 1, span)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Narrow enough to be arranged otherwise."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange(event.size().width())

    def _button(self, name: str, label: str, do: object) -> QPushButton:
        button = QPushButton(icon(name), label, self)
        self._signs[button] = name
        button.setAccessibleName(label)
        button.clicked.connect(do)
        return button

    # What is offered ----------------------------------------------------------------------------

    def show_run(self, run: Follow, status: Status) -> None:
        """Offer what makes sense with a run that stands so."""
        self.run = run
        far = run.far
        runs = status in ("preparing", "training")
        short = status == "done" and run.step < run.total
        rests = status in ("paused", "stopped", "failed", "unproved", "silent") or short
        _word(self.pause, self.tr("Resume") if rests else self.tr("Pause"))
        self.pause.setIcon(icon("play" if rests else "pause"))
        away, held = "", ""
        if far is not None:
            if rests and status != "paused":
                away = self.tr("It trained on another computer; go on with it there.")
            if not far.writable:
                held = self.tr("The folder cannot be written from here, so it is only watched.")
        ended = self.tr("It has ended.")
        _allow(self.pause, runs or rests, away or held, ended)
        beginning = self.tr("There is nothing to keep yet.")
        _allow(
            self.keep,
            status in ("training", "paused"),
            held,
            beginning if status == "preparing" else ended,
        )
        _word(self.cancel, self._cancel_word(run, status))
        busy = self.tr("It is at work on the model; wait a moment.")
        _allow(self.cancel, far is not None or status not in ("exporting", "stopping"), "", busy)
        self._offer_model(run, status)

    def _cancel_word(self, run: Follow, status: Status) -> str:
        if run.far is not None:
            return self.tr("Unfollow …")
        return self.tr("Remove …") if status in ENDED else self.tr("Cancel …")

    def _offer_model(self, run: Follow, status: Status) -> None:
        installing = run.path in self.training.installing
        if status == "unproved":
            none = self.tr("The model did not stand its proof, so there is nothing to use.")
        else:
            none = self.tr("The model comes at the end, or with “Stop and keep”.")
        _word(self.use, self.tr("Adding …") if installing else self.tr("Use model"))
        _allow(self.use, run.bundle is not None and not installing, "", none)
        self.use.setDefault(self.use.isEnabled())
        why = none if run.bundle is None else self.training.why_not_tune(run)
        _allow(self.tune, not why, "", why)
        if not why:
            self.tune.setToolTip(self.tr("Let this model learn from other pictures"))
        unknown = self.tr("This run does not say how it was ordered.")
        _allow(self.duplicate, bool(run.order or run.config), "", unknown)
        if self.duplicate.isEnabled():
            self.duplicate.setToolTip(self.tr("Begin the same anew, with changes"))

    # What is done -------------------------------------------------------------------------------

    def _pause(self) -> None:
        if self.run is not None:
            if self.training.status(self.run) in ("preparing", "training"):
                self.training.pause(self.run)
            else:
                self.training.resume(self.run)

    def _keep(self) -> None:
        if self.run is not None:
            self.training.keep(self.run)

    def _use(self) -> None:
        if self.run is not None:
            self.training.use(self.run)

    def _duplicate(self) -> None:
        self.duplicate_asked.emit(self.run)

    def _tune(self) -> None:
        self.tune_asked.emit(self.run)

    def _cancel(self) -> None:
        run = self.run
        if run is None:
            return
        if run.far is not None:
            source = self.training.following.folder_of(run.far)
            if ask_sure(
                self,
                self.tr("Unfollow {0}?").format(source),
                self.tr("Nothing there is deleted, and what trains goes on."),
                self.tr("Unfollow"),
            ):
                self.training.forget(source)
        elif ask_sure(
            self,
            self.tr("Remove the training “{0}”?").format(run.title),
            self.tr(
                "It ends, and all that it has learned is deleted. A model that you use already "
                "stays, and so do your pictures."
            ),
            self.tr("Remove"),
        ):
            self.training.cancel(run)

    def _open(self) -> None:
        if self.run is not None:
            _show_folder(self.run.place)


def _show_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _word(button: QPushButton, text: str) -> None:
    button.setText(text)
    button.setAccessibleName(text)


def _allow(button: QPushButton, sensible: bool, hindered: str, why_not: str) -> None:
    """Enable a button that makes sense and that nothing hinders; else tell the reason."""
    reason = (hindered if sensible else why_not) or ""
    button.setEnabled(sensible and not hindered)
    button.setToolTip("" if button.isEnabled() else reason)
    button.setAccessibleDescription("" if button.isEnabled() else reason)
