"""The window that paints slowly in a style: the picture as it goes, what is asked, how it goes."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.document.scene import Picture
from studio.lanes.reader import Reader
from studio.models.images import to_image
from studio.models.pictures import Dropped, named, reading
from studio.models.slowstyle import Given, SlowStyle, Source
from studio.views import dialogs
from studio.views.control import tool
from studio.views.notice import Notice
from studio.views.slowchoices import SlowChoices
from studio.views.wallpane import Look, Pane
from studio.views.words import span_text

_SIDE_PANEL = 268  # logical pixels


class SlowWindow(QDialog):
    """One painting, beside the main window; closing it ends nothing."""

    def __init__(self, slow: SlowStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slow = slow
        self._idle: Given | None = None  # what would be painted, while nothing is
        self._chosen = False  # Something else is to be painted than what was.
        self.setWindowTitle(self.tr("Paint slowly in a style"))
        self.setWindowFlags(Qt.WindowType.Window)
        self.setAcceptDrops(True)
        self.notice = Notice(self)
        self.reader = Reader(self)
        self.reader.problem.connect(self.notice.complain)
        self.choices = SlowChoices(slow, self)
        self.choices.taken.connect(self._take)
        self.choices.refused.connect(self.notice.complain)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._shown(), 1)
        row.addWidget(self._panel())
        slow.changed.connect(self.refresh)
        slow.pictured.connect(self._show_picture)
        slow.problem.connect(self.notice.complain)
        slow.session.replaced.connect(lambda: self.settle() if self.isVisible() else None)
        self.settle()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(1000, 720)

    # Putting together ---------------------------------------------------------------------------

    def _shown(self) -> QVBoxLayout:
        self.look = Look(self)
        self.pane = Pane(self.look, self)
        self.pane.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.pane.setAccessibleName(self.tr("The painting"))
        self.pane.setToolTip(self.tr("The wheel zooms; drop a picture here to paint that one"))
        self.compare = tool(self, "split", self.tr("Compare with what it began as"))
        self.compare.setCheckable(True)
        self.compare.toggled.connect(lambda on: self._show_picture())
        self.fit = tool(self, "fit", self.tr("Fit the picture (0)"))
        self.fit.clicked.connect(self.look.fit)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 6, 8, 6)
        bar.setSpacing(2)
        bar.addWidget(self.compare)
        bar.addWidget(self.fit)
        bar.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addLayout(bar)
        column.addWidget(self.pane, 1)
        return column

    def _panel(self) -> QWidget:
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.choices)
        whole = QVBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        whole.addLayout(self._going())
        panel = QWidget(self)
        panel.setFixedWidth(_SIDE_PANEL)
        panel.setLayout(whole)
        return panel

    def _going(self) -> QVBoxLayout:
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName(self.tr("Progress of the painting"))
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setAccessibleName(self.tr("State of the painting"))
        self.losses = QLabel(self)
        self.losses.setObjectName("muted")
        self.losses.setAccessibleName(self.tr("Losses"))
        self.losses.setToolTip(
            self.tr("How far it is from the style, which falls, and from the picture; 0 is none")
        )
        self.start = self._button(self.tr("Paint"), self.tr("Begin to paint"), self._start)
        self.start.setDefault(True)
        self.pause = self._button(self.tr("Pause"), self.tr("Pause, or go on"), self._pause)
        end = self.tr("End it; the picture as it is stays")
        self.stop = self._button(self.tr("Stop"), end, self.slow.stop)
        lay = self.tr("Put it over the others; can be undone")
        self.keep = self._button(self.tr("Keep as layer"), lay, self._keep)
        both = QHBoxLayout()
        both.addWidget(self.pause)
        both.addWidget(self.stop)
        column = QVBoxLayout()
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(6)
        column.addWidget(self.told)
        column.addWidget(self.bar)
        column.addSpacing(2)
        column.addWidget(self.losses)
        column.addLayout(both)
        column.addWidget(self.start)
        column.addWidget(self.keep)
        return column

    def _button(self, text: str, tip: str, do: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        button.clicked.connect(do)
        return button

    # What is chosen -----------------------------------------------------------------------------

    def settle(self) -> None:
        """Show what there is to paint now."""
        if not self.slow.running:
            self.slow.settle()
            self._look_again()

    def _take(self, source: Source, dropped: Picture | None = None) -> None:
        self.slow.take(source, dropped)
        self._chosen = True
        self._look_again()

    def _look_again(self) -> None:
        self._idle = self.slow.taken(self.slow.source)
        self.refresh()
        self._show_picture()

    def _start(self) -> None:
        if not self.slow.kept and not dialogs.ask_sure(
            self,
            self.tr("Paint anew?"),
            self.tr("The painting is not kept as a layer; it would be gone."),
            self.tr("Paint anew"),
        ):
            return
        self.notice.hide()
        self._chosen = False
        self.slow.start()

    def _pause(self) -> None:
        if self.slow.pausing:
            self.slow.resume()
        else:
            self.slow.pause()

    def _keep(self) -> None:
        self.slow.keep()
        self.notice.tell(self.tr("The painting is a layer now."))

    # What is shown ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is chosen, and how it stands."""
        slow, progress = self.slow, self.slow.progress
        running = slow.running
        self.choices.show_given(self._idle)
        missing = "" if running else slow.why_not(self._idle)
        self.told.setText(state_text(slow) or missing)
        self.told.setObjectName("danger" if slow.state == "failed" else "")
        self.told.style().polish(self.told)
        self.bar.setVisible(running or progress.done > 0)
        # A bar without an end moves by itself until the first step is done.
        self.bar.setRange(0, 0 if slow.state == "starting" else max(progress.steps, 1))
        self.bar.setValue(progress.done)
        found = progress.losses
        self.losses.setVisible(bool(found))
        if found:
            text = self.tr("Losses: style {0}, picture {1}")
            self.losses.setText(text.format(f"{found['style']:.3f}", f"{found['content']:.3f}"))
        for button in (self.pause, self.stop):
            button.setVisible(running)
        self.pause.setText(self.tr("Go on") if slow.pausing else self.tr("Pause"))
        self.start.setVisible(not running)
        self.start.setEnabled(not missing)
        self.start.setText(self.tr("Paint") if slow.picture is None else self.tr("Paint anew"))
        self.keep.setVisible(slow.picture is not None)
        self.keep.setEnabled(not slow.kept)
        self.compare.setEnabled(slow.picture is not None)

    def _show_picture(self) -> None:
        slow = self.slow
        fresh = slow.picture is None or (self._chosen and slow.kept)
        given = self._idle if fresh and not slow.running else slow.given
        if given is None:
            self.pane.show_images(None)
        elif fresh or slow.picture is None:
            self.pane.show_images(to_image(given.pixels))
        elif self.compare.isChecked():
            names = (self.tr("Before"), self.tr("Painted"))
            self.pane.show_images(to_image(given.pixels), to_image(slow.picture), names)
        else:
            self.pane.show_images(to_image(slow.picture))

    # Hands --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key = event.key()
        if key == Qt.Key.Key_0:
            self.look.fit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.look.zoom_at(0.8 if key == Qt.Key.Key_Minus else 1.25, self.look.centre)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if Dropped.possible(event.mimeData()) and not self.slow.running:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        data = event.mimeData()
        event.acceptProposedAction()
        self.reader.read(reading(data), self._dropped, named(data))

    def _dropped(self, found: Dropped) -> None:
        if found.picture is None:
            self.notice.complain(found.problem)
        elif not self.slow.running:
            self.notice.hide()
            self._take(Source.DROPPED, found.picture)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        super().changeEvent(event)
        turned = event.type() == QEvent.Type.ActivationChange and self.isActiveWindow()
        if turned and not self.slow.running:
            self._look_again()  # The canvas may have changed while this was behind it.


def state_text(slow: SlowStyle) -> str:
    """How it stands, in words; "" where nothing was begun."""
    progress = slow.progress
    counted = slow.tr("Step {0} of {1}").format(progress.done, progress.steps)
    if slow.pausing and slow.state != "paused":
        return slow.tr("{0} · pausing …").format(counted)
    if slow.state == "painting" and progress.left is not None:
        return slow.tr("{0} · {1} left").format(counted, span_text(progress.left))
    return {
        "idle": "",
        "starting": slow.tr("Getting ready …"),
        "painting": counted,
        "paused": slow.tr("{0} · paused").format(counted),
        "resting": slow.tr("{0} · resting while you paint").format(counted),
        "done": slow.tr("Painted in {0} steps.").format(progress.steps),
        "ended": slow.tr("Stopped at step {0} of {1}.").format(progress.done, progress.steps),
        "failed": slow.sentence,
    }[slow.state]
